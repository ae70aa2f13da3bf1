"""Whether the plan, or the company's own limit, still lets the AI answer by itself.

Where nothing is capped this costs nothing. Far from a cap a process remembers how much is left,
for as long as all workers together could not use it up. Near it every answer asks leave, one
company's answers one after the other, and what is under way counts: the cap is not passed.
"""

import time
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from agents.models import AnswerClaim, ReplyDraft, Run
from agents.services.answered import answered_since, answers_between
from tenants import context
from tenants.billing.months import Month, today_of, zone_of
from tenants.figures.models import Figure
from tenants.figures.sources import Day
from tenants.workspace.models import Profile

# More answers than can be under way at once, and than workers send within a second.
NEAR = 200
A_SECOND = 200
LONGEST, SHORTEST = 60.0, 0.5
COUNTED = ("ai_answers", "ai_conversations")


@dataclass(frozen=True, slots=True)
class Room:
    """What was left of the nearest cap at a time (``time.monotonic``)."""

    left: int
    at: float

    @property
    def is_near(self) -> bool:
        return self.left <= NEAR

    @property
    def is_fresh(self) -> bool:
        lasts = min(max((self.left - NEAR) / A_SECOND, SHORTEST), LONGEST)
        return time.monotonic() - self.at < lasts


_rooms: dict[str, tuple[dict[str, int], Room]] = {}


def caps_of_answers(profile: Profile) -> dict[str, int]:
    """What the profile says of answers and conversations; empty for most companies."""
    caps = profile.allowance.get("caps") or {}
    return {code: int(Decimal(caps[code])) for code in COUNTED if code in caps}


def is_used_up(profile: Profile) -> bool:
    """Whether nothing was left a moment ago: then no vendor is asked on the company's account."""
    caps = caps_of_answers(profile)
    return bool(caps) and _room(caps).left <= 0


def may_answer(*, profile: Profile, run: Run) -> bool:
    """Whether the run's reply may leave without a person's word."""
    caps = caps_of_answers(profile)
    return not caps or not _room(caps).is_near or _claim(run, caps)


def forget_rooms() -> None:
    """Count anew."""
    _rooms.clear()


def _room(caps: dict[str, int]) -> Room:
    schema = context.schema()
    known = _rooms.get(schema)
    if known is not None and known[0] == caps and known[1].is_fresh:
        return known[1]
    used = _used()
    room = Room(min(cap - used[code] for code, cap in caps.items()), time.monotonic())
    _rooms[schema] = (caps, room)
    return room


@transaction.atomic
def _claim(run: Run, caps: dict[str, int]) -> bool:
    with context.connection.cursor() as cursor:
        lock = context.scoped("answer-claims")
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [lock])
    if AnswerClaim.objects.filter(run=run).exists():  # taken up again after a crash
        return True
    # In this order: what is sent in between is rather counted twice than not at all.
    coming = _coming(run)
    used = _used()
    wanted = {"ai_answers": len(coming) + 1, "ai_conversations": 0}
    new = {run.conversation_id, *coming}
    new -= _answered(new)
    if run.conversation_id in new:  # otherwise this answer adds none
        wanted["ai_conversations"] = len(new)
    if any(wanted[code] and used[code] + wanted[code] > cap for code, cap in caps.items()):
        return False
    AnswerClaim.objects.create(run=run)
    return True


def _used() -> dict[str, int]:
    """This month's answers and conversations: days that are counted, and the last two anew."""
    company = context.current_company()
    month, zone = Month.now(company), zone_of(company)
    since = max(month.first, today_of(company) - timedelta(days=1))
    earlier = Figure.objects.filter(kind__in=COUNTED, day__gte=month.first, day__lt=since)
    counts = dict.fromkeys(COUNTED, 0)
    counts |= dict(earlier.order_by().values_list("kind").annotate(Sum("n")))
    for count in answers_between(Day.of(since, zone), until=month.ends_at(company)):
        counts[count.kind] += count.n
    return counts


def _coming(run: Run) -> list[int]:
    """Conversations that answers are on their way to, but for this run's own."""
    claimed = AnswerClaim.objects.filter(run__status__in=Run.OPEN).exclude(run=run)
    scheduled = ReplyDraft.objects.filter(state=ReplyDraft.State.SCHEDULED).exclude(run=run)
    return [
        *claimed.values_list("run__conversation_id", flat=True),
        *scheduled.values_list("conversation_id", flat=True),
    ]


def _answered(conversations: set[int]) -> set[int]:
    """Those that the AI answered this month."""
    company = context.current_company()
    start = Day.of(Month.now(company).first, zone_of(company)).start
    return answered_since(start, conversations=conversations)
