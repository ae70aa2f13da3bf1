"""The rows that every message writes, by statements that are made once.

Django's own ``save`` makes its SQL anew each time; for these rows that took longer than
PostgreSQL needs to write them.
"""

from collections.abc import Iterable
from functools import lru_cache

from channels_app.models import Contact, ContactIdentity, Conversation, InboundEvent, Message
from channels_app.services.ringing import ring
from tenants.prepared import PreparedInsert, PreparedPair, PreparedUpdate
from tenants.statements import Statement, Write
from tenants.transactions import UNHURRIED

# Statuses, edits and reactions that came before the message they are about. Asked by the very
# statement that gives a message its name at the network: one round trip instead of two.
WHO_WAITS = """ARRAY(
    SELECT early.id::text FROM channels_app_inboundevent AS early
    WHERE early.connection_id = channels_app_message.connection_id
      AND early.status = 'waiting' AND early.awaits = channels_app_message.external_key
)"""

# Whether a network vouches to somebody else for the same number or address.
HAS_A_TWIN = """EXISTS(
    SELECT 1 FROM channels_app_contactidentity AS twin
    WHERE twin.proven_phone = channels_app_contactidentity.proven_phone
      AND NOT (twin.proven_phone = '')
) OR EXISTS(
    SELECT 1 FROM channels_app_contactidentity AS twin
    WHERE twin.proven_email = channels_app_contactidentity.proven_email
      AND NOT (twin.proven_email = '')
)"""

NEW_IDENTITIES = PreparedInsert(ContactIdentity, "ON CONFLICT DO NOTHING", HAS_A_TWIN)
NEW_PERSON = PreparedPair(PreparedInsert(Contact), NEW_IDENTITIES, "contact")
_NEW_CONVERSATION = PreparedInsert(Conversation)
# Read again if a crash of PostgreSQL undoes it: the raw event was on the disk before its 200.
FINISHED_EVENT = PreparedUpdate(
    InboundEvent,
    ["status", "outcome", "reason", "awaits", "processed_at"],
    returning=UNHURRIED,
)
_NEW_MESSAGE = PreparedInsert(
    Message,
    "ON CONFLICT (connection_id, external_key) WHERE NOT (external_key = '') DO NOTHING",
    WHO_WAITS,
)
_FIRST_MESSAGE = PreparedPair(_NEW_CONVERSATION, _NEW_MESSAGE, "conversation")
_HERE = Statement(
    "SELECT 1 FROM channels_app_message WHERE connection_id = %s AND external_key = %s"
)


class TakenMeanwhile(Exception):
    """Another worker stored a message of this name a moment ago; the next try will find it."""


def save_new_message(message: Message) -> bool:
    """Insert it and ring what came before it; False where one of its name is here already."""
    told = _NEW_MESSAGE.told(message)
    if told is None:
        return False
    ring_waiting(told[0])
    return True


def save_first_message(message: Message) -> None:
    """Insert it with its conversation. Raises TakenMeanwhile, which undoes both."""
    told = _FIRST_MESSAGE.told(message.conversation, message)
    if told is None:
        raise TakenMeanwhile(f"{message.external_key} of connection {message.connection_id}")
    ring_waiting(told[0])


def ring_waiting(event_ids: Iterable[str]) -> None:
    """What came too early can be read now; ``event_ids`` are found by ``WHO_WAITS``."""
    for event_id in event_ids:
        ring("ingest_event", event_id)


def is_here(*, connection_id: int, external_key: str) -> bool:
    """Whether there is a message of this name, in whatever conversation."""
    return _HERE.first([connection_id, external_key]) is not None


def update_conversation(conversation: Conversation, fields: tuple[str, ...]) -> None:
    """Write these fields and no others."""
    _changing(fields).row(conversation)


def changed_conversation(conversation: Conversation, fields: tuple[str, ...]) -> Write:
    """As ``update_conversation``, to be written together with something else."""
    return _changing(fields).later(conversation)


@lru_cache(maxsize=32)  # one for each thing that happens to conversations
def _changing(fields: tuple[str, ...]) -> PreparedUpdate[Conversation]:
    return PreparedUpdate(Conversation, fields)
