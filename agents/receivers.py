"""What the floors below tell the agent."""

from typing import Any

from django.dispatch import receiver

from agents import services
from agents.offline.personal import without_personal
from channels_app.models import Message
from channels_app.services import explains_silence
from channels_app.signals import message_received
from knowledge.services import hides_personal

explains_silence(services.explain_silence)
hides_personal(without_personal)


@receiver(message_received, sender=Message)
def think_about_it(message: Message, change: str = "new", **kwargs: Any) -> None:
    """A contact wrote, or still waits where a person gave the conversation back.

    Edits and deletions make no run, an open one reads the thread as it is.
    """
    if message.conversation.draft_turn is not None:
        services.overtake(conversation=message.conversation)
    if change == "new":
        services.open_or_extend(message=message)
    elif change == "handed_back":
        services.take_up_again(message=message)
    else:  # edited or deleted: it is not quoted any more
        services.forget_summary(conversation=message.conversation)
