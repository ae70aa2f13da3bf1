"""Giving out what needs a person: in turn, to nobody more than they can carry.

The rows say what is to be given (open, with people, nobody's). One worker a company gives out at
a time, so that two of them cannot fill the same place; whatever has no place waits for the next
round: the sweeper's, or the one that is rung when somebody comes back.
"""

from datetime import UTC, datetime

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from channels_app.models import Conversation, Seat
from channels_app.services.conversations import assign
from channels_app.services.locking import locked
from channels_app.services.people import hold
from channels_app.services.seats import Colleague, desk
from channels_app.services.winding import house
from tenants.accounts.roles import Role
from tenants.workspace.models import Profile
from tenants.workspace.services import profile

AT_ONCE = 200
NEVER = datetime.min.replace(tzinfo=UTC)
SYSTEM = "system"
TO_GIVE = Q(
    status=Conversation.Status.OPEN,
    controller=Conversation.Controller.HUMAN,
    assignee=None,
    is_led_elsewhere=False,
    contact__is_blocked=False,
    connection__is_sample=False,  # they wait for nobody, and take nobody's place
)
ABSENT = (
    Q(assignee__seat__away_since__isnull=False)
    | Q(assignee__is_active=False)
    | Q(assignee__role=Role.VIEWER)
)


def give_out() -> int:
    """Give every conversation that is nobody's to whoever's turn it is; how many were given.

    Safe to call at any time, from several workers at once.
    """
    ours = profile()
    if not ours.gives_out:
        return 0
    if ours.takes_from_absent:
        _take_from_absent()
    waiting = Conversation.objects.filter(TO_GIVE).order_by(
        F("waiting_since").asc(nulls_last=True), "pk"
    )
    count = 0
    for key in list(waiting.values_list("pk", flat=True)[:AT_ONCE]):
        given = _give(key, ours)
        if given is None:
            break
        count += given
    return count


@transaction.atomic
def _give(key: int, ours: Profile) -> bool | None:
    """None where nobody has room. Each in a transaction of its own: whoever acts in a conversation
    holds it, and then the audit log; so does this, and never two conversations."""
    hold("giving-out")  # what the others gave is committed, and counted
    free = [each for each in desk(ours) if each.room and _may_get(each, ours)]
    if not free:
        return None
    row = locked(key)
    if row.assignee_id or row.is_with_ai or row.status != Conversation.Status.OPEN:
        return False  # somebody took it, or the AI has it again, since we looked
    chosen = min(free, key=lambda each: (each.seat.given_at or NEVER, each.user.pk))
    Seat.objects.bulk_create(
        [Seat(user=chosen.user, given_at=timezone.now())],
        update_conflicts=True,
        unique_fields=["user"],
        update_fields=["given_at"],
    )
    assign(conversation=row, assignee=chosen.user, actor=SYSTEM)
    return True


def _may_get(colleague: Colleague, ours: Profile) -> bool:
    """Who is at their desk; of the others nobody outside the opening hours, and nobody at all
    where the company wants it so."""
    if colleague.is_away or not colleague.seat.takes_turns:
        return False
    if colleague.is_here:
        return True
    return not ours.gives_to_present and house().hours.is_open(timezone.now())


def _take_from_absent() -> None:
    """Where somebody waits with a colleague who is away, or works here no more, it is nobody's."""
    waits = Conversation.objects.waiting_for_human().filter(ABSENT).order_by("waiting_since")
    for key in list(waits.values_list("pk", flat=True)[:AT_ONCE]):
        _take(key)


@transaction.atomic
def _take(key: int) -> None:
    """Unless somebody who is there took it, or they came back, since we looked."""
    row = locked(key)
    if Conversation.objects.waiting_for_human().filter(ABSENT, pk=key).exists():
        assign(conversation=row, assignee=None, actor=SYSTEM)
