"""What webhooks show on every page: that one does not get through."""

from datetime import timedelta

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tenants.cards import Banner, offer
from tenants.outgoing.models import Endpoint
from tenants.outgoing.services.wanted import wanted

TROUBLED_AFTER = timedelta(hours=1)
State = Endpoint.State


@offer("banner", order=40, permission="outgoing.change_endpoint")
def webhooks_in_trouble() -> Banner | None:
    """One was switched off, or has taken nothing for an hour."""
    if not wanted():  # who has none asks nothing of the database
        return None
    troubled = Q(state=State.ACTIVE, failing_since__lt=timezone.now() - TROUBLED_AFTER)
    rows = list(
        Endpoint.objects.filter(Q(state=State.DISABLED) | troubled)
        .order_by("pk")
        .values_list("pk", "name", "state")[:20]
    )
    if not rows:
        return None
    off = [row for row in rows if row[2] == State.DISABLED]
    pk, name, _state = (off or rows)[0]
    if len(rows) > 1:
        text = ngettext("%(n)d webhook takes nothing.", "%(n)d webhooks take nothing.", len(rows))
        return Banner(text % {"n": len(rows)}, reverse("outgoing:endpoints"), _("See which"), "bad")
    link = reverse("outgoing:endpoint", args=[pk])
    if off:
        said = _("The webhook “%(name)s” was switched off.") % {"name": name}
        return Banner(said, link, _("See why"), "bad")
    said = _("The webhook “%(name)s” has taken nothing for over an hour.") % {"name": name}
    return Banner(said, link, _("See why"))
