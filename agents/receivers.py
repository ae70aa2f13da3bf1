"""What the floors below tell the agent."""

from typing import Any

from django.dispatch import receiver

from agents import services
from channels_app.models import Message
from channels_app.services import explains_silence
from channels_app.signals import message_received

explains_silence(services.explain_silence)


@receiver(message_received, sender=Message)
def think_about_it(message: Message, change: str = "new", **kwargs: Any) -> None:
    """A contact wrote; edits and deletions make no run, an open one reads the thread as it is."""
    if message.conversation.draft_turn is not None:
        services.overtake(conversation=message.conversation)
    if change == "new":
        services.open_or_extend(message=message)
