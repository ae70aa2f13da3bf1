"""Filters that a person keeps under a name."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from leads.models import SavedView
from tenants.accounts.models import User

MOST = 30


@transaction.atomic
def keep_view(*, user: User, name: str, query: str) -> SavedView:
    """Keep them; an earlier view of that name is overwritten."""
    name = " ".join(name.split())[:60]
    kept = SavedView.objects.filter(user=user)
    if not name:
        raise ValidationError({"name": _("Give the view a name.")})
    if kept.count() >= MOST and not kept.filter(name=name).exists():
        raise ValidationError({"name": _("You have too many views. Remove one first.")})
    made, _is_new = SavedView.objects.update_or_create(
        user=user, name=name, defaults={"query": query}
    )
    return made
