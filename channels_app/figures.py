"""What is counted of messages and conversations: volume, response and resolution, by whom."""

from collections.abc import Iterable

from channels_app.media.services import stored_bytes
from channels_app.models import ChannelConnection
from tenants.figures.histogram import IN_SQL
from tenants.figures.sources import (
    Count,
    Day,
    Level,
    OnceAMonth,
    Source,
    count_with,
    gathered,
    rows,
)

# Who said it, as figures name people. An echo is a colleague in the network's own app.
AGENT = """CASE WHEN m.user_id IS NOT NULL THEN 'user:' || m.user_id
                WHEN m.author = 'contact' THEN '' ELSE m.author END"""


@count_with
class Conversations(Source):
    """Messages in and out, first answers, what was never answered, and conversations closed."""

    name = "conversations"
    kinds = (
        "messages_in",
        "messages_out",
        "messages_failed",
        "conversations",
        "responses",
        "unanswered",
        "resolved",
    )
    table = "channels_app_message"
    # A new message counts on its own day; words of ours also on the day on which their turn began.
    days_touched = """
        SELECT DISTINCT (m.provider_time AT TIME ZONE %(zone)s)::date
        FROM channels_app_message m WHERE m.id > %(since)s
        UNION
        SELECT DISTINCT (turn.began AT TIME ZONE %(zone)s)::date
        FROM channels_app_message m
        CROSS JOIN LATERAL (
            SELECT MIN(i.provider_time) AS began FROM channels_app_message i
            WHERE i.conversation_id = m.conversation_id AND i.direction = 'in'
              AND i.provider_time <= m.provider_time
              AND i.provider_time > COALESCE((
                  SELECT MAX(o.provider_time) FROM channels_app_message o
                  WHERE o.conversation_id = m.conversation_id AND o.direction = 'out'
                    AND o.author <> 'system'
                    AND o.id <> m.id AND o.provider_time <= m.provider_time AND o.state <> 'failed'
              ), '-infinity')
        ) turn
        WHERE m.id > %(since)s AND m.direction = 'out' AND turn.began IS NOT NULL
    """

    def count(self, day: Day) -> Iterable[Count]:
        for statement in (_MESSAGES, _OPENED, _TURNS, _RESOLVED):
            yield from gathered(rows(statement, day.window))


_MESSAGES = f"""
SELECT CASE WHEN m.direction = 'in' THEN 'messages_in'
            WHEN m.state = 'failed' THEN 'messages_failed' ELSE 'messages_out' END,
       c.platform, {AGENT}, NULL::int, COUNT(*), 0
FROM channels_app_message m JOIN channels_app_channelconnection c ON c.id = m.connection_id
WHERE m.provider_time >= %(start)s AND m.provider_time < %(end)s AND m.direction <> 'note'
  AND NOT c.is_sandbox
GROUP BY 1, 2, 3
"""  # noqa: S608 (our own text)

_OPENED = """
SELECT 'conversations', c.platform, '', NULL::int, COUNT(*), 0
FROM channels_app_conversation v JOIN channels_app_channelconnection c ON c.id = v.connection_id
WHERE v.created_at >= %(start)s AND v.created_at < %(end)s AND NOT c.is_sandbox
GROUP BY 2
"""

# A turn begins with words that follow none of theirs, and ends with our next ones. It counts on
# the day on which it begins. What a person let go without an answer is no unanswered turn.
# What says that nobody is there is no answer.
_TURNS = f"""
WITH turns AS (
    SELECT c.platform, v.status, m.conversation_id, m.provider_time,
           answer.provider_time - m.provider_time AS took, answer.agent
    FROM channels_app_message m
    JOIN channels_app_conversation v ON v.id = m.conversation_id
    JOIN channels_app_channelconnection c ON c.id = m.connection_id
    LEFT JOIN LATERAL (
        SELECT b.direction FROM channels_app_message b
        WHERE b.conversation_id = m.conversation_id AND b.direction <> 'note'
          AND b.author <> 'system'
          AND b.state <> 'failed'
          AND (b.provider_time, b.sequence, b.id) < (m.provider_time, m.sequence, m.id)
        ORDER BY b.provider_time DESC, b.sequence DESC, b.id DESC LIMIT 1
    ) before ON true
    LEFT JOIN LATERAL (
        SELECT a.provider_time, {AGENT.replace("m.", "a.")} AS agent FROM channels_app_message a
        WHERE a.conversation_id = m.conversation_id AND a.direction = 'out'
          AND a.author <> 'system'
          AND a.state <> 'failed'
          AND (a.provider_time, a.sequence, a.id) > (m.provider_time, m.sequence, m.id)
        ORDER BY a.provider_time, a.sequence, a.id LIMIT 1
    ) answer ON true
    WHERE m.provider_time >= %(start)s AND m.provider_time < %(end)s
      AND m.direction = 'in' AND before.direction IS DISTINCT FROM 'in' AND NOT c.is_sandbox
)
SELECT 'responses', platform, agent, {IN_SQL.format(seconds="EXTRACT(EPOCH FROM took)")},
       COUNT(*), SUM(EXTRACT(EPOCH FROM took))
FROM turns WHERE took IS NOT NULL GROUP BY 2, 3, 4
UNION ALL
SELECT 'unanswered', platform, '', NULL::int, COUNT(*), 0
FROM turns WHERE took IS NULL AND status = 'open' GROUP BY 2
"""  # noqa: S608 (our own text)

# The audit log keeps each closing; it took from the first words after the one before.
_RESOLVED = f"""
WITH closings AS (
    SELECT c.platform, CASE WHEN e.actor LIKE 'user:%%' THEN e.actor ELSE '' END AS agent,
           EXTRACT(EPOCH FROM e.at - opened.at) AS took
    FROM audit_auditentry e
    JOIN channels_app_conversation v ON 'conversation:' || v.id = e.subject
    JOIN channels_app_channelconnection c ON c.id = v.connection_id
    CROSS JOIN LATERAL (
        SELECT MIN(m.provider_time) AS at FROM channels_app_message m
        WHERE m.conversation_id = v.id AND m.direction = 'in' AND m.provider_time <= e.at
          AND m.provider_time > COALESCE((
              SELECT MAX(p.at) FROM audit_auditentry p
              WHERE p.action = e.action AND p.subject = e.subject AND p.at < e.at
          ), '-infinity')
    ) opened
    WHERE e.action = 'conversation.closed' AND e.at >= %(start)s AND e.at < %(end)s
      AND NOT c.is_sandbox
)
SELECT 'resolved', platform, agent, {IN_SQL.format(seconds="took")}, COUNT(*), SUM(took)
FROM closings WHERE took IS NOT NULL GROUP BY 2, 3, 4
"""  # noqa: S608 (our own text)


@count_with
class Writers(OnceAMonth):
    """People who wrote to us, each once a calendar month."""

    name = "writers"
    kinds = ("contacts",)
    table = "channels_app_message"
    days_touched = """
        SELECT DISTINCT (m.provider_time AT TIME ZONE %(zone)s)::date
        FROM channels_app_message m WHERE m.id > %(since)s AND m.direction = 'in'
    """

    def count(self, day: Day) -> Iterable[Count]:
        return gathered(rows(_WRITERS, day.window))


# Whoever writes on two networks on their first day is counted on one of them.
_WRITERS = """
SELECT 'contacts', w.platform, '', NULL::int, COUNT(*), 0
FROM (
    SELECT v.contact_id, MIN(c.platform) AS platform
    FROM channels_app_message m
    JOIN channels_app_conversation v ON v.id = m.conversation_id
    JOIN channels_app_channelconnection c ON c.id = m.connection_id
    WHERE m.provider_time >= %(start)s AND m.provider_time < %(end)s AND m.direction = 'in'
      AND NOT c.is_sandbox
    GROUP BY v.contact_id
) w
WHERE NOT EXISTS (
    SELECT FROM channels_app_conversation v
    JOIN channels_app_message m ON m.conversation_id = v.id
    WHERE v.contact_id = w.contact_id AND m.direction = 'in'
      AND m.provider_time >= %(month)s AND m.provider_time < %(start)s
)
GROUP BY 2
"""


@count_with
class Breaches(Source):
    """Promises that were not kept, on the day on which they should have been."""

    name = "breaches"
    kinds = ("promises_broken",)
    table = "channels_app_breach"
    days_touched = """
        SELECT DISTINCT (b.due_at AT TIME ZONE %(zone)s)::date
        FROM channels_app_breach b WHERE b.id > %(since)s
    """

    def count(self, day: Day) -> Iterable[Count]:
        return gathered(rows(_BROKEN, day.window))


_BROKEN = """
SELECT 'promises_broken', c.platform, COALESCE('user:' || b.assignee_id, ''), NULL::int,
       COUNT(*), 0
FROM channels_app_breach b
JOIN channels_app_conversation v ON v.id = b.conversation_id
JOIN channels_app_channelconnection c ON c.id = v.connection_id
WHERE b.due_at >= %(start)s AND b.due_at < %(end)s AND NOT c.is_sandbox
GROUP BY 2, 3
"""


@count_with
class Holdings(Level):
    """What is kept and connected: bytes of files, and channels."""

    name = "holdings"
    kinds = ("storage", "channels")

    def measure(self) -> Iterable[Count]:
        yield Count("storage", n=stored_bytes())
        active = ChannelConnection.objects.filter(is_active=True, is_sandbox=False)
        yield Count("channels", n=active.count())
