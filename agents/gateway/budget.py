"""What a company lets models cost, and what we do as that is used up.

The ladder: cheaper models, then less to read, then no vendor at all (the offline engine, curated
answers, a person). A hard cap is asked in one statement before each call, which sets aside the
most the call can cost: however many threads ask at once, the cap is not passed.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_UP, Decimal
from enum import IntEnum

from agents.prices import Tokens, price_at_most
from agents.providers.base import Question
from tenants import context

# A hard cap without a soft one begins to save here.
SAVES_FROM = Decimal("0.8")
# A token has rarely fewer bytes: an estimate that is too high is given back.
BYTES_A_TOKEN = 3
STEP = Decimal("0.000001")  # as rows of spending have it
TURN_TOKENS = 8  # that a vendor adds for a turn's role


class Rung(IntEnum):
    """How much is spared."""

    FULL = 0
    CHEAPER = 1
    SMALLER = 2
    OFFLINE = 3


@dataclass(frozen=True, slots=True)
class Caps:
    """US dollars by UTC day and calendar month; None is no cap."""

    daily_soft: Decimal | None = None
    daily_hard: Decimal | None = None
    monthly_soft: Decimal | None = None
    monthly_hard: Decimal | None = None

    def __bool__(self) -> bool:
        return any(cap is not None for cap in self._all)

    @property
    def is_hard(self) -> bool:
        return self.daily_hard is not None or self.monthly_hard is not None

    @property
    def _all(self) -> tuple[Decimal | None, ...]:
        return self.daily_soft, self.daily_hard, self.monthly_soft, self.monthly_hard

    def rung(self, spent: "Spent") -> Rung:
        """The lower of what the day and the month leave."""
        return max(
            _rung(spent.day, self.daily_soft, self.daily_hard),
            _rung(spent.month, self.monthly_soft, self.monthly_hard),
        )


def _rung(spent: Decimal, soft: Decimal | None, hard: Decimal | None) -> Rung:
    if hard is not None and spent >= hard:
        return Rung.OFFLINE
    if hard is not None:
        soft = hard * SAVES_FROM if soft is None else soft
        if spent >= (soft + hard) / 2:
            return Rung.SMALLER
    return Rung.CHEAPER if soft is not None and spent >= soft else Rung.FULL


@dataclass(frozen=True, slots=True)
class Spent:
    """Today and this month, calls under way included."""

    day: Decimal
    month: Decimal


_SPENT = """
SELECT greatest(used.today, coalesce((SELECT amount FROM agents_spendingday
                                      WHERE day = %(today)s), 0)), used.before
FROM (SELECT coalesce(sum(amount) FILTER (WHERE day = %(today)s), 0) AS today,
             coalesce(sum(amount) FILTER (WHERE day < %(today)s), 0) AS before
      FROM workspace_usageday WHERE kind = 'cost' AND day >= %(first)s) AS used
"""
# The row is locked before its amount is compared: of two calls the second sees the first.
_RESERVE = """
WITH used AS MATERIALIZED (
    SELECT coalesce(sum(amount) FILTER (WHERE day = %(today)s), 0) AS today,
           coalesce(sum(amount) FILTER (WHERE day < %(today)s), 0) AS before
    FROM workspace_usageday WHERE kind = 'cost' AND day >= %(first)s
)
INSERT INTO agents_spendingday AS known (day, amount)
SELECT %(today)s, used.today + %(cost)s FROM used
WHERE used.today + %(cost)s <= least(%(daily)s::numeric, %(monthly)s::numeric - used.before)
ON CONFLICT (day) DO UPDATE SET amount = greatest(known.amount + %(cost)s, EXCLUDED.amount)
WHERE greatest(known.amount + %(cost)s, EXCLUDED.amount)
      <= least(%(daily)s::numeric, %(monthly)s::numeric - (SELECT before FROM used))
RETURNING day
"""
_SETTLE = "UPDATE agents_spendingday SET amount = amount - %s WHERE day = %s"


def spent_so_far() -> Spent:
    """What the company's models have cost today and this month."""
    with context.connection.cursor() as cursor:
        cursor.execute(_SPENT, _days())
        today, before = cursor.fetchone()
    return Spent(day=today, month=before + today)


def rung_of(caps: Caps | None) -> Rung:
    """Where the company stands; costs nothing where it has no caps."""
    return caps.rung(spent_so_far()) if caps else Rung.FULL


@dataclass(frozen=True, slots=True)
class Reservation:
    """Money set aside for one call."""

    day: date
    amount: Decimal

    def settle(self, cost: Decimal) -> None:
        """Give back what the call did not cost."""
        if cost != self.amount:
            with context.connection.cursor() as cursor:
                cursor.execute(_SETTLE, [self.amount - cost, self.day])


def reserve(caps: Caps, amount: Decimal) -> Reservation | None:
    """Set money aside for a call; None where a hard cap leaves too little."""
    limits = {"daily": caps.daily_hard, "monthly": caps.monthly_hard}
    with context.connection.cursor() as cursor:
        cursor.execute(_RESERVE, {**_days(), **limits, "cost": amount})
        row = cursor.fetchone()
    return Reservation(row[0], amount) if row else None


def most_it_can_cost(question: Question, route: str) -> Decimal:
    """If the prompt is as long as it may be in tokens, and the answer as long as it may get."""
    texts = [question.whole_system, *(turn.content for turn in question.messages)]
    for turn in question.messages:
        texts += [each.text for each in turn.results]
        texts += [str(each.arguments) for each in turn.calls]
    texts += [f"{tool.description}{tool.arguments.model_json_schema()}" for tool in question.tools]
    tokens = sum(len(text.encode()) for text in texts) // BYTES_A_TOKEN
    if question.schema is not None:
        tokens += len(str(question.schema.model_json_schema())) // BYTES_A_TOKEN
    tokens += TURN_TOKENS * (len(texts) + 1)
    # A prompt that the vendor keeps is dearer the first time.
    most = price_at_most(route, Tokens(tokens, question.max_tokens, written=tokens))
    return most.quantize(STEP, rounding=ROUND_UP)


def _days() -> dict[str, date]:
    today = datetime.now(UTC).date()
    return {"today": today, "first": today.replace(day=1)}
