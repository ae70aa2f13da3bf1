"""What is counted of the agent: what it did by itself, how people felt, and what it cost."""

from collections.abc import Iterable

from agents.services.answered import answers_between
from tenants.figures.sources import Count, Day, OnceAMonth, Source, count_with, gathered, rows


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
    table = "agents_run"
    days_touched = """
        SELECT DISTINCT (r.created_at AT TIME ZONE %(zone)s)::date
        FROM agents_run r WHERE r.id > %(since)s
    """

    def count(self, day: Day) -> Iterable[Count]:
        for statement in (_RUNS, _SENTIMENT, _CALLS):
            yield from gathered(rows(statement, day.window))


_CHANNEL = """
JOIN channels_app_conversation v ON v.id = r.conversation_id
JOIN channels_app_channelconnection c ON c.id = v.connection_id
WHERE r.created_at >= %(start)s AND r.created_at < %(end)s AND NOT c.is_sandbox
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


@count_with
class Answers(OnceAMonth):
    """What the AI answered by itself, and how many conversations it did so in.

    What it says to hand over is no answer, and what a person approved is that person's.
    """

    name = "answers"
    kinds = ("ai_answers", "ai_conversations")
    table = "channels_app_message"
    days_touched = """
        SELECT DISTINCT (m.provider_time AT TIME ZONE %(zone)s)::date
        FROM channels_app_message m WHERE m.id > %(since)s AND m.author = 'ai'
    """

    def count(self, day: Day) -> Iterable[Count]:
        return answers_between(day, until=day.end)
