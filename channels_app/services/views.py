"""Lists that people keep: what they show, who sees them."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from channels_app.models import Conversation, InboxView, Label
from tenants.accounts.models import User
from tenants.live import publish

MOST = 20  # of one person, and of everybody


def views_of(user: User) -> list[InboxView]:
    """Their own and everybody's, by name."""
    return list(InboxView.objects.filter(Q(owner=user) | Q(owner=None)).order_by("name", "pk"))


def rule_of_view(view: InboxView, user: User) -> Q:
    """What the view shows to this person; its counter counts by the same rule."""
    rule = Q(status=view.status)
    if view.whose == InboxView.Whose.MINE:
        rule &= Q(assignee=user)
    elif view.whose == InboxView.Whose.NOBODY:
        rule &= Q(assignee=None)
    if view.platform:
        rule &= Q(connection__platform=view.platform)
    if view.label_id:
        rule &= Q(labels=view.label_id)
    if view.is_waiting:
        rule &= Q(waiting_since__isnull=False)
    return rule


@transaction.atomic
def keep_view(
    *,
    user: User,
    name: str,
    is_shared: bool = False,
    status: str = Conversation.Status.OPEN,
    whose: str = "",
    platform: str = "",
    label: Label | None = None,
    is_waiting: bool = False,
) -> InboxView:
    """Keep a list under a name; raises ValidationError where there are enough of them."""
    owner = None if is_shared else user
    if InboxView.objects.filter(owner=owner).count() >= MOST:
        raise ValidationError(_("These are enough views; remove one first."))
    view = InboxView.objects.create(
        owner=owner,
        name=name,
        status=status,
        whose=whose,
        platform=platform,
        label=label,
        is_waiting=is_waiting,
    )
    publish("counters", view=view.pk)
    return view


def remove_view(*, view: InboxView) -> None:
    publish("counters", view=view.pk)
    view.delete()
