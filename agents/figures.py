"""What is counted of the agent: what it did by itself, how people felt, and what it cost."""

from collections.abc import Iterable
from datetime import date

from tenants.figures.sources import Count, Day, Source, count_with, gathered, rows


@count_with
class Thoughts(Source):
    """Runs by their outcome, the sentiment they read, and their cost in US dollars."""

    name = "thoughts"
    kinds = (
        "runs",
        "runs_sent",
        "runs_handed_over",
        "runs_drafted",
        "runs_silent",
        "sentiment",
        "model_calls",
    )

    def count(self, day: Day) -> Iterable[Count]:
        window = {"start": day.start, "end": day.end}
        for statement in (_RUNS, _SENTIMENT, _CALLS):
            yield from gathered(rows(statement, window))

    def touched(self, since: int, zone: str) -> tuple[set[date], int]:
        found = rows(_TOUCHED, {"since": since, "zone": zone})
        ((last,),) = rows("SELECT COALESCE(MAX(id), 0) FROM agents_run", {})
        return {day for (day,) in found}, int(last)


_CHANNEL = """
JOIN channels_app_conversation v ON v.id = r.conversation_id
JOIN channels_app_channelconnection c ON c.id = v.connection_id
WHERE r.created_at >= %(start)s AND r.created_at < %(end)s
"""
_RUNS = f"""
SELECT kind, c.platform, '', NULL::int, COUNT(*), SUM(r.cost)
FROM agents_run r
CROSS JOIN LATERAL (VALUES ('runs'), ('runs_' || NULLIF(r.outcome, ''))) AS kinds (kind)
{_CHANNEL} AND r.status = 'done' AND kind IS NOT NULL
GROUP BY 1, 2
"""  # noqa: S608 (our own text)
_SENTIMENT = f"""
SELECT 'sentiment', c.platform, '', NULL::int, COUNT(*), SUM(r.sentiment)
FROM agents_run r {_CHANNEL} AND r.sentiment IS NOT NULL
GROUP BY 2
"""  # noqa: S608 (our own text)
_CALLS = """
SELECT 'model_calls', '', k.provider, NULL::int, COUNT(*), SUM(k.cost)
FROM agents_modelcall k
WHERE k.created_at >= %(start)s AND k.created_at < %(end)s
GROUP BY 3
"""
_TOUCHED = """
SELECT DISTINCT (r.created_at AT TIME ZONE %(zone)s)::date FROM agents_run r WHERE r.id > %(since)s
"""
