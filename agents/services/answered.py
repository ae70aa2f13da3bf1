"""What the AI answered by itself: what it says to hand over is none, nor what a person approved."""

from datetime import datetime

from tenants.figures.sources import Count, Day, gathered, rows


def answers_between(day: Day, *, until: datetime) -> list[Count]:
    """From this day's beginning on; conversations that were not answered earlier in its month."""
    return gathered(rows(_ANSWERS, {**day.window, "end": until}))


def answered_since(start: datetime, *, conversations: set[int]) -> set[int]:
    """Those of the conversations in which it did."""
    found = rows(_ANSWERED, {"conversations": list(conversations), "start": start})
    return {pk for (pk,) in found}


# A message that is an answer of the AI: bills and the caps of plans count alike.
IS_ANSWER = """m.author = 'ai' AND m.user_id IS NULL AND m.state <> 'failed'
    AND r.outcome <> 'handed_over'"""
_ANSWERS = f"""
WITH answers AS (
    SELECT c.platform, m.conversation_id
    FROM channels_app_message m
    JOIN agents_run r ON r.id = m.run_id
    JOIN channels_app_channelconnection c ON c.id = m.connection_id
    WHERE m.provider_time >= %(start)s AND m.provider_time < %(end)s AND {IS_ANSWER}
      AND NOT c.is_sandbox
)
SELECT 'ai_answers', platform, 'ai', NULL::int, COUNT(*), 0 FROM answers GROUP BY 2
UNION ALL
SELECT 'ai_conversations', platform, 'ai', NULL::int, COUNT(DISTINCT a.conversation_id), 0
FROM answers a
WHERE NOT EXISTS (
    SELECT FROM channels_app_message m JOIN agents_run r ON r.id = m.run_id
    WHERE m.conversation_id = a.conversation_id AND {IS_ANSWER}
      AND m.provider_time >= %(month)s AND m.provider_time < %(start)s
)
GROUP BY 2
"""  # noqa: S608 (our own text)

_ANSWERED = f"""
SELECT DISTINCT m.conversation_id
FROM channels_app_message m JOIN agents_run r ON r.id = m.run_id
WHERE m.conversation_id = ANY (%(conversations)s) AND m.provider_time >= %(start)s AND {IS_ANSWER}
"""  # noqa: S608 (our own text)
