"""Figures put together for people: totals, and the same by day, by channel, by person."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any, Self

from django.db.models import Min
from django.utils import timezone

from tenants.figures.histogram import added, percentile
from tenants.figures.models import Figure, Watermark
from tenants.figures.sources import rows

BY = ("day", "channel", "agent", "crm")
# Whose ``channel`` is a CRM and no network.
OF_CRMS = ("crm_lag",)
LONGEST = 366  # days


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both included, in the company's time zone."""

    since: date
    until: date

    @classmethod
    def last(cls, days: int, *, today: date | None = None) -> Self:
        until = today or timezone.localdate()
        return cls(until - timedelta(days=days - 1), until)

    @property
    def days(self) -> list[date]:
        return [self.since + timedelta(days=n) for n in range((self.until - self.since).days + 1)]


@dataclass(frozen=True, slots=True)
class Measures:
    """What is told of a period, or of one part of it. Shares are from 0 to 1; None: of nothing.

    Seconds are from a contact's first words of a turn to our first answer (responses), and from
    their first words to the closing (resolution); the CRM's lag is from a lead's change until the
    CRM had it. Sentiment is from -1 to 1, cost in US dollars.
    """

    messages_in: int
    messages_out: int
    messages_failed: int
    conversations: int
    resolved: int
    responses: int
    unanswered: int
    promises_broken: int
    first_response_median_seconds: float | None
    first_response_p90_seconds: float | None
    resolution_median_seconds: float | None
    ai_share: float | None
    runs: int
    escalation_rate: float | None
    sentiment: float | None
    leads: int
    leads_hot: int
    leads_won: int
    conversion: float | None
    ai_cost: float
    cost_per_answer: float | None
    crm_changes: int
    crm_lag_median_seconds: float | None
    crm_lag_p90_seconds: float | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


NAMES = tuple(each.name for each in fields(Measures))


@dataclass(frozen=True, slots=True)
class Report:
    """A period, whole and in parts. ``counted_at`` is how fresh it is."""

    period: Period
    by: str
    totals: Measures
    parts: list[tuple[str, Measures]]
    counted_at: datetime | None


def report(period: Period, *, by: str = "day") -> Report:
    """The period, and its parts in order; days on which nothing happened are among them."""
    found = _sums(period, by)
    whole: dict[str, _Sum] = {}
    for part in found.values():
        for kind, one in part.items():
            whole[kind] = whole.get(kind, _NOTHING).plus(one)
    keys = [day.isoformat() for day in period.days] if by == "day" else sorted(found)
    parts = [(key, _measures(found.get(key, {}))) for key in keys if by == "day" or key]
    freshest = Watermark.objects.aggregate(at=Min("counted_at"))["at"]
    return Report(period, by, _measures(whole), parts, freshest)


@dataclass(frozen=True, slots=True)
class _Sum:
    n: int = 0
    by_ai: int = 0
    total: float = 0.0
    buckets: Mapping[int, int] | None = None

    def plus(self, other: "_Sum") -> "_Sum":
        buckets = added([self.buckets or {}, other.buckets or {}])
        return _Sum(self.n + other.n, self.by_ai + other.by_ai, self.total + other.total, buckets)


_NOTHING = _Sum()


def _sums(period: Period, by: str) -> dict[str, dict[str, _Sum]]:
    """Part -> kind -> its sum; by one statement over a few thousand rows at most."""
    if by not in BY:
        raise ValueError(f"Figures are told by {', '.join(BY)}, not by {by}.")
    found: dict[str, dict[str, _Sum]] = {}
    for part, kind, n, by_ai, total, buckets in rows(
        _SUMS.format(by=_COLUMNS.get(by, by), whose=_WHOSE.get(by, "")),
        {"since": period.since, "until": period.until, "of_crms": list(OF_CRMS)},
    ):
        found.setdefault(part, {})[kind] = _Sum(
            n, by_ai, total, added([json.loads(buckets or "{}")])
        )
    return found


_COLUMNS = {"crm": "channel"}
_WHOSE = {
    "channel": "AND kind <> ALL (%(of_crms)s)",
    "crm": "AND kind = ANY (%(of_crms)s)",
}
_SUMS = """
WITH counted AS (
    SELECT {by}::text AS part, kind, agent, n, total, buckets FROM figures_figure
    WHERE day BETWEEN %(since)s AND %(until)s {whose}
), histogram AS (
    SELECT part, kind, jsonb_object_agg(bucket, held) AS buckets FROM (
        SELECT part, kind, b.key AS bucket, SUM(b.value::bigint) AS held
        FROM counted CROSS JOIN LATERAL jsonb_each_text(buckets) b GROUP BY 1, 2, 3
    ) each GROUP BY 1, 2
), sums AS (
    SELECT part, kind, SUM(n)::bigint AS n,
           COALESCE(SUM(n) FILTER (WHERE agent = 'ai'), 0)::bigint AS by_ai, SUM(total) AS total
    FROM counted GROUP BY part, kind
)
SELECT part, kind, n, by_ai, total, buckets FROM sums LEFT JOIN histogram USING (part, kind)
"""


def _measures(sums: Mapping[str, _Sum]) -> Measures:
    def of(kind: str) -> _Sum:
        return sums.get(kind, _NOTHING)

    runs, responses, answered = of("runs"), of("responses"), of("runs_sent")
    lag = of("crm_lag")
    return Measures(
        messages_in=of("messages_in").n,
        messages_out=of("messages_out").n,
        messages_failed=of("messages_failed").n,
        conversations=of("conversations").n,
        resolved=of("resolved").n,
        responses=responses.n,
        unanswered=of("unanswered").n,
        promises_broken=of("promises_broken").n,
        first_response_median_seconds=percentile(responses.buckets or {}, 0.5),
        first_response_p90_seconds=percentile(responses.buckets or {}, 0.9),
        resolution_median_seconds=percentile(of("resolved").buckets or {}, 0.5),
        ai_share=_share(of("messages_out").by_ai, of("messages_out").n),
        runs=runs.n,
        escalation_rate=_share(of("runs_handed_over").n, runs.n),
        sentiment=_share(of("sentiment").total, of("sentiment").n),
        leads=of("leads").n,
        leads_hot=of("leads_hot").n,
        leads_won=of("leads_won").n,
        conversion=_share(of("leads_won").n, of("leads").n),
        ai_cost=round(runs.total, 6),
        cost_per_answer=_share(runs.total, answered.n),
        crm_changes=lag.n,
        crm_lag_median_seconds=percentile(lag.buckets or {}, 0.5),
        crm_lag_p90_seconds=percentile(lag.buckets or {}, 0.9),
    )


def _share(part: float, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def single_figures(period: Period) -> list[tuple[Any, ...]]:
    """Every row of the period, for a table: day, kind, channel, agent, n, total."""
    found = Figure.objects.filter(day__range=(period.since, period.until))
    return list(found.values_list("day", "kind", "channel", "agent", "n", "total"))
