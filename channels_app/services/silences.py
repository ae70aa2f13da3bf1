"""Who has been left alone for too long and has no incident yet: one statement."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from channels_app.models import Conversation, Incident
from tenants import context

MOST = 500  # of each kind a round; the next round finds the rest
RECENTLY = timedelta(days=7)
Kind = Incident.Kind

# Answers that we gave up or that do not leave, where ours is the last word of the thread. One
# that has never been tried and is not due waits for its time, not for a worker.
_UNDELIVERED = """
  SELECT '{cause}', m.conversation_id, m.connection_id, c.controller, m.received_at, 1::bigint,
    m.id, NULL::uuid, m.error_code
  FROM channels_app_message m JOIN channels_app_conversation c ON c.id = m.conversation_id
  WHERE {which} AND m.direction = 'out' AND c.status = 'open' AND NOT c.is_led_elsewhere
    AND c.unreachable_at IS NULL AND c.last_inbound_at IS NOT NULL
    AND NOT EXISTS (
      SELECT FROM channels_app_message n
      WHERE n.conversation_id = m.conversation_id AND n.id > m.id AND n.direction <> 'note'
    )
    AND NOT EXISTS (
      SELECT FROM channels_app_incident i
      WHERE i.conversation_id = c.id AND i.resolved_at IS NULL AND i.kind = 'undelivered'
    )
  ORDER BY m.id DESC LIMIT %(most)s
"""
_UNREAD = """
  SELECT '{cause}', NULL::bigint, e.connection_id, '', min(e.received_at), count(*),
    NULL::bigint, min(e.id::text)::uuid, ''
  FROM channels_app_inboundevent e
  WHERE {which} AND NOT EXISTS (
    SELECT FROM channels_app_incident i
    WHERE i.connection_id = e.connection_id AND i.conversation_id IS NULL
      AND i.resolved_at IS NULL
  )
  GROUP BY e.connection_id
"""
_PARTS = [
    """
  SELECT 'silent', c.id, c.connection_id, c.controller, c.waiting_since, 1::bigint,
    NULL::bigint, NULL::uuid, c.escalation_reason
  FROM channels_app_conversation c JOIN channels_app_contact p ON p.id = c.contact_id
  JOIN channels_app_channelconnection n ON n.id = c.connection_id AND NOT n.is_sample
  WHERE c.waiting_since <= %(either)s AND c.status = 'open'
    AND c.waiting_since <= CASE c.controller WHEN 'ai' THEN %(silence)s ELSE %(person)s END
    AND NOT c.is_led_elsewhere AND NOT p.is_blocked
    AND NOT EXISTS (
      SELECT FROM channels_app_incident i
      WHERE i.conversation_id = c.id AND i.resolved_at IS NULL
        AND i.kind IN ('unanswered', 'waiting')
    )
  ORDER BY c.waiting_since LIMIT %(most)s
""",
    _UNDELIVERED.format(
        cause="failed",
        which="m.state = 'failed' AND m.discarded_at IS NULL AND m.error_code <> 'taken_over'"
        " AND m.state_at BETWEEN %(recently)s AND %(silence)s",
    ),
    _UNDELIVERED.format(
        cause="stuck",
        which="m.state IN ('queued', 'sending', 'unknown') AND m.received_at <= %(silence)s"
        " AND (m.attempts > 0 OR m.next_attempt_at IS NULL OR m.next_attempt_at <= %(now)s)",
    ),
    _UNREAD.format(
        cause="events_stuck",
        which="e.status = 'pending' AND e.received_at <= %(silence)s",
    ),
    _UNREAD.format(
        cause="events_rejected",
        which="e.status = 'rejected' AND e.outcome <> 'unrouted'"
        " AND coalesce(e.processed_at, e.received_at) BETWEEN %(recently)s AND %(silence)s",
    ),
    _UNREAD.format(
        cause="events_unseen",
        which="e.status = 'unsupported' AND e.outcome = 'unseen'"
        " AND coalesce(e.processed_at, e.received_at) BETWEEN %(recently)s AND %(silence)s",
    ),
]
FIND = " UNION ALL ".join(f"({part})" for part in _PARTS)


@dataclass(slots=True)
class Silence:
    """One that was found, before anybody was asked why."""

    found: str
    conversation_id: int | None
    connection_id: int
    controller: str
    since: datetime
    count: int
    message_id: int | None
    event_id: UUID | None
    said: str  # why a person was fetched; the network's code

    @property
    def kind(self) -> str:
        if self.found == "silent":
            return Kind.UNANSWERED if self.is_with_ai else Kind.WAITING
        return Kind.UNREAD if self.conversation_id is None else Kind.UNDELIVERED

    @property
    def is_with_ai(self) -> bool:
        return self.found == "silent" and self.controller == Conversation.Controller.AI

    @property
    def cause(self) -> str:
        if self.found == "silent":
            return "unknown" if self.is_with_ai else "person_silent"
        return self.found if self.found != "failed" else (self.said or "failed")

    @property
    def detail(self) -> str:
        return self.said if self.found == "silent" else ""

    @property
    def needs_worker(self) -> bool:
        """Whether it is a worker who should have done something by now."""
        return self.found in {"stuck", "events_stuck"} or self.is_with_ai


def find_silences(*, now: datetime, silence: timedelta, person: timedelta) -> list[Silence]:
    """Everything unanswered for ``silence``, or for ``person`` where a person leads."""
    values: dict[str, Any] = {
        "now": now,
        "silence": now - silence,
        "person": now - person,
        "either": now - min(silence, person),
        "recently": now - RECENTLY,
        "most": MOST,
    }
    with context.connection.cursor() as cursor:
        cursor.execute(FIND, values)
        rows = [Silence(*row) for row in cursor.fetchall()]
    return _one_a_channel(rows)


def _one_a_channel(rows: list[Silence]) -> list[Silence]:
    """What waits unread and what could not be read are one silence of a channel."""
    kept: dict[tuple[str, int], Silence] = {}
    for row in rows:
        key = (row.kind, row.conversation_id or -row.connection_id)
        known = kept.setdefault(key, row)
        if known is not row and row.kind == Kind.UNREAD:
            known.count += row.count
            known.since = min(known.since, row.since)
    return list(kept.values())
