"""What leads hears from the floor below."""

from typing import Any

from django.dispatch import receiver

from channels_app.models import Message
from channels_app.services import follow_merges
from channels_app.signals import message_received
from leads.services import forget_message, merging

REASONS = {"edited": "The message was edited", "deleted": "The message was unsent"}


@receiver(message_received)
def forget_changed_words(
    sender: type[Message], message: Message, change: str, **kwargs: Any
) -> None:
    """Words that were changed or taken back no longer count; an edit is understood anew."""
    if change in REASONS:
        forget_message(message=message, reason=REASONS[change])


follow_merges("leads", order=10, merged=merging.merged, parted=merging.parted)
