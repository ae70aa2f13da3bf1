"""A reply of the AI that waits for a person: what lists and counters know of it."""

from channels_app.models import Conversation
from channels_app.services.outgoing import StaleTurn
from tenants import context

# The fence and the mark in one statement: it holds the row as a send would.
_AWAIT = """
UPDATE channels_app_conversation SET draft_turn = %(turn)s
WHERE id = %(conversation)s AND turn_version = %(turn)s AND controller = 'ai' AND status = 'open'
"""


def await_approval(*, conversation: Conversation, seen_turn: int) -> None:
    """Mark that a reply to this turn waits; raises StaleTurn where somebody has spoken since.

    Call it within a transaction: the conversation stays locked until that ends.
    """
    with context.connection.cursor() as cursor:
        cursor.execute(_AWAIT, {"conversation": conversation.pk, "turn": seen_turn})
        if not cursor.rowcount:
            raise StaleTurn(f"Conversation {conversation.pk} is not at turn {seen_turn} any more.")
    conversation.draft_turn = seen_turn


def end_approval(*, conversation: Conversation) -> None:
    """Nothing waits any more."""
    Conversation.objects.filter(pk=conversation.pk, draft_turn__isnull=False).update(
        draft_turn=None
    )
    conversation.draft_turn = None
