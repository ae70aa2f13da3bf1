"""What a contact had said when the AI thought about it."""

from agents.models import Run
from channels_app.models import Message

MOST = 10  # messages: a burst is rarely longer


def words_of(run: Run) -> str:
    """The messages that the run was about, a line each; what was taken back is not said."""
    said = Message.objects.filter(
        conversation=run.conversation_id,
        direction=Message.Direction.IN,
        deleted_at=None,
        pk__gte=run.first_message_id or 0,
        pk__lte=run.last_message_id or 0,
    ).order_by("pk")
    return "\n".join(message.text for message in said[:MOST])
