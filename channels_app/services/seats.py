"""Who sits at the desk: there or away, taking turns or not, and how much each can carry."""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import redis
from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from channels_app.models import Conversation, DeskHabits, Seat
from channels_app.services.ringing import ring
from tenants import context
from tenants.accounts.models import User
from tenants.accounts.roles import Role
from tenants.audit.services import record
from tenants.live import publish
from tenants.redis import client
from tenants.workspace.models import Profile

HERE = 300.0  # seconds since a page of theirs last asked for something
WORKERS = (Role.ADMIN, Role.AGENT)
SEEN = ("desk", "seen")


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who works in the inbox, as they stand at this moment."""

    user: User
    seat: Seat
    is_here: bool
    carries: int  # open conversations
    capacity: int

    @property
    def is_away(self) -> bool:
        return self.seat.is_away

    @property
    def room(self) -> int:
        return max(self.capacity - self.carries, 0)


def note_presence(user: User) -> None:
    """A page of theirs asks for something. Without Redis nobody is known to be there."""
    now, key = time.time(), context.scoped(*SEEN)
    try:
        with client().pipeline(transaction=False) as journey:
            journey.zadd(key, {str(user.pk): now})
            journey.expire(key, int(HERE) + 1)
            journey.execute()
    except redis.RedisError:
        return


def those_here() -> set[int]:
    """Whose pages asked for something a moment ago."""
    key = context.scoped(*SEEN)
    try:
        found = client().zrangebyscore(key, time.time() - HERE, "+inf")
    except redis.RedisError:
        return set()
    return set(map(int, found))  # type: ignore[arg-type]


def is_anybody_there() -> bool:
    """Whether somebody who could answer is at their desk."""
    here = those_here()
    if not here:
        return False
    return _workers().filter(pk__in=here).exclude(seat__away_since__isnull=False).exists()


def desk(ours: Profile) -> list[Colleague]:
    """Everybody who works in the inbox, by name: three questions, however many they are."""
    here = those_here()
    people = list(_workers().select_related("seat").order_by("name", "email"))
    carried = _carried(each.pk for each in people)
    return [
        Colleague(
            user=each,
            seat=seat,
            is_here=each.pk in here,
            carries=carried[each.pk],
            capacity=ours.capacity if seat.capacity is None else seat.capacity,
        )
        for each in people
        for seat in [_seat(each)]
    ]


def seat_of(user: User) -> Seat:
    """As it was set, or as it is for everybody."""
    return Seat.objects.filter(user=user).first() or Seat(user=user)


def own_desk(user: User) -> tuple[DeskHabits, Seat]:
    """Somebody's habits and seat, in one question."""
    row = User.objects.select_related("habits", "seat").get(pk=user.pk)
    habits = row.habits if hasattr(row, "habits") else DeskHabits(user=user)
    return habits, _seat(row)


@transaction.atomic
def set_away(*, user: User, is_away: bool, actor: str = "") -> Seat:
    """They go, or come back. What waits with who goes is given to others where the company wants
    that; who comes back gets what nobody had room for."""
    seat = _kept(user)
    if seat.is_away is is_away:
        return seat
    seat.away_since = timezone.now() if is_away else None
    seat.save(update_fields=["away_since"])
    publish("presence", user=user.pk, away=is_away)
    ring("give_out")
    deed = "left" if is_away else "came_back"
    record(action=f"seat.{deed}", subject=f"user:{user.pk}", actor=actor or user.actor)
    return seat


@transaction.atomic
def change_seat(
    *, user: User, actor: str, takes_turns: bool | None = None, capacity: int | None = -1
) -> Seat:
    """Whether they take turns, and how many open conversations they carry (None: as all do;
    -1: as it was). Raises ValidationError."""
    seat = _kept(user)
    if takes_turns is not None:
        seat.takes_turns = takes_turns
    if capacity != -1:
        seat.capacity = capacity
    seat.full_clean()
    seat.save(update_fields=["takes_turns", "capacity"])
    ring("give_out")
    record(action="seat.changed", subject=f"user:{user.pk}", actor=actor)
    return seat


def _workers() -> QuerySet[User]:
    return User.objects.filter(is_active=True, role__in=WORKERS)


def _seat(user: User) -> Seat:
    return user.seat if hasattr(user, "seat") else Seat(user=user)


def _kept(user: User) -> Seat:
    """Their row, locked; made where there is none."""
    Seat.objects.bulk_create([Seat(user=user)], ignore_conflicts=True)
    return Seat.objects.select_for_update(of=("self",)).select_related("user").get(user=user)


def _carried(users: Iterable[int]) -> Counter[int]:
    rows = Conversation.objects.open().filter(assignee__in=list(users)).order_by()
    return Counter(dict(rows.values_list("assignee").annotate(Count("pk"))))
