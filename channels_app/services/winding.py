"""Setting a conversation's timers, within the statement that changes it anyway.

A company that has promised nothing pays nothing: what is promised is remembered by each process,
and read at most every few seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from channels_app.clocks import ANY_TIME, Clock, State, Terms, wound
from channels_app.models import Conversation, Promise
from channels_app.services.locking import locked
from tenants.hours import Hours
from tenants.moments import Memory
from tenants.workspace.models import Profile
from tenants.workspace.services import opening_hours, profile

CLOCK_FIELDS = ("clock", "due_at", "due_for", "alarm_at")
AT_ONCE = 500
Status = Conversation.Status


@dataclass(frozen=True, slots=True)
class House:
    """How this company treats who waits: its hours, what it promises, who takes care of it."""

    hours: Hours = ANY_TIME
    by_channel: Mapping[int, Terms] = field(default_factory=dict)
    elsewhere: Terms | None = None  # on channels without a promise of their own
    says_away: bool = False
    gives_out: bool = False

    def terms_on(self, connection_id: int) -> Terms | None:
        return self.by_channel.get(connection_id, self.elsewhere)

    @property
    def promises(self) -> bool:
        return bool(self.by_channel) or self.elsewhere is not None

    @property
    def tends(self) -> bool:
        """Whether anything is done by itself where a person is needed."""
        return self.says_away or self.gives_out


def _read() -> House:
    ours = profile()
    hours = opening_hours(ours)
    terms = {each.connection_id: _terms(each, hours) for each in _promises(ours)}
    return House(
        hours=hours,
        by_channel={key: made for key, made in terms.items() if key is not None},
        elsewhere=terms.get(None),
        says_away=ours.says_away,
        gives_out=ours.gives_out,
    )


house = Memory(_read)


def _promises(ours: Profile) -> list[Promise]:
    return list(Promise.objects.all()) if ours.promises else []


def _terms(promise: Promise, hours: Hours) -> Terms:
    return Terms(
        first=promise.first_minutes,
        next=promise.next_minutes,
        resolve=promise.resolve_minutes,
        hours=hours if promise.in_hours else ANY_TIME,
    )


def wind(row: Conversation) -> tuple[str, ...]:
    """Set the timers of a conversation that is about to be written; which fields to write."""
    terms = house().terms_on(row.connection_id)
    if terms is None and not row.clock:
        return ()
    clock = Clock() if terms is None else wound(Clock.of_json(row.clock), _state(row), terms)
    show(row, clock)
    return CLOCK_FIELDS


def show(row: Conversation, clock: Clock) -> None:
    """Write a clock into the row's columns."""
    dues = clock.dues
    row.clock = clock.as_json()
    row.due_at, row.due_for = dues[0] if dues else (None, "")
    row.alarm_at = clock.alarm_at


def _state(row: Conversation) -> State:
    return State(
        now=timezone.now(),
        waiting_since=row.waiting_since,
        is_closed=row.status == Status.CLOSED,
        stands_still=(
            row.status == Status.SNOOZED or row.is_led_elsewhere or row.contact.is_blocked
        ),
    )


@transaction.atomic
def wind_by_key(pk: int) -> None:
    """The same for one that was changed behind its row's back."""
    row = locked(pk)
    if fields := wind(row):
        row.save(update_fields=fields)


# Another process may set timers by what was promised before for as long as it remembers that.
LAG = timedelta(seconds=2 * Memory.seconds)


def wind_all_anew() -> int:
    """Set every timer by what is promised now, where that was not done since it changed.

    Safe to call at any time: only when all of them are set it is written down that they are.
    """
    ours = Profile.current()
    since, done = ours.promised_at, ours.timers_set_at
    if since is None or (done is not None and done >= since + LAG):
        return 0
    house.forget()
    started, count, after = timezone.now(), 0, 0
    while keys := _to_wind(after):
        for key in keys:
            _wind_anew(key)
        count, after = count + len(keys), keys[-1]
    Profile.objects.filter(pk=ours.pk).update(timers_set_at=started)
    return count


def _to_wind(after: int) -> list[int]:
    """Those with a timer, and those that may get one; the next few by their keys."""
    rows = Conversation.objects.exclude(status=Status.CLOSED).filter(pk__gt=after)
    touched = rows.filter(Q(waiting_since__isnull=False) | ~Q(clock={}))
    return list(touched.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])


@transaction.atomic
def _wind_anew(pk: int) -> None:
    row = locked(pk)
    known = Clock.of_json(row.clock)
    # What was noted stays noted, and what is dealt with began when it began.
    show(row, Clock(opened=known.opened, waits=known.waits, late=known.late))
    if row.clock or house().terms_on(row.connection_id) is not None:
        wind(row)
    row.save(update_fields=CLOCK_FIELDS)
