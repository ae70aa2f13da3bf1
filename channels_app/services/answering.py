"""Public comments: what is answered, in public or in private, and keeping one out of sight."""

from dataclasses import dataclass, replace

from django.db import transaction
from django.utils import timezone

from channels_app import policy
from channels_app.capabilities import Capabilities
from channels_app.models import Conversation, Message
from channels_app.services.statuses import UNKNOWN_DELIVERY
from tenants import context
from tenants.audit.services import record
from tenants.live import publish
from tenants.plugins.errors import Rejected


@dataclass(frozen=True, slots=True)
class Answer:
    """How a message answers: which one (the last, if it says nothing), and whether privately.

    ``own`` is the answer itself where it is a row already.
    """

    message: Message | None = None
    privately: bool = False
    own: int | None = None


NO_ANSWER = Answer()


def comment_to_answer(conversation: Conversation, answer: Answer) -> Message | None:
    """The comment that is answered; None in private conversations."""
    if not conversation.is_public or conversation.pk is None:
        return None
    if answer.message is not None:
        return answer.message if answer.message.conversation_id == conversation.pk else None
    inbound = conversation.messages.filter(direction=Message.Direction.IN, deleted_at=None)
    return inbound.exclude(external_key="").last()


def answered(conversation: Conversation, answer: Answer) -> policy.Answered | None:
    """What the send policy has to know of the comment."""
    comment = comment_to_answer(conversation, answer)
    if comment is None:
        return None
    return policy.Answered(
        at=comment.provider_time,
        gone=comment.deleted_at is not None,
        privately=answer.privately,
        has_private_answer=answer.privately and _has_private_answer(comment, answer.own),
    )


def _has_private_answer(comment: Message, own: int | None) -> bool:
    """One that went out, is on its way, or may have arrived for all we know."""
    others = comment.answered_by.filter(is_private=True).exclude(pk=own or 0)
    failed = others.filter(state=Message.State.FAILED).exclude(error_code=UNKNOWN_DELIVERY)
    return others.exclude(pk__in=failed).exists()


def rules_for(conversation: Conversation, answer: Answer) -> Capabilities:
    """The capability row; a private answer is as long as a private message may be."""
    rules = conversation.capabilities
    if not answer.privately:
        return rules
    private = conversation.connection.capabilities
    return replace(rules, max_text=private.max_text, text_unit=private.text_unit)


def hide(*, message: Message, hidden: bool = True, actor: str = "") -> Message:
    """Take a public comment out of everybody's sight, or show it again.

    The network does it first. Raises a ProviderError, also where a network cannot.
    """
    if not message.conversation.is_public:
        raise Rejected("Only public comments can be hidden.", code="cannot_hide")
    provider = message.connection.provider()
    context.release()
    provider.hide(message.external_id, hidden=hidden)
    with transaction.atomic():
        message.hidden_at = timezone.now() if hidden else None
        message.save(update_fields=["hidden_at"])
        publish("message_changed", conversation=message.conversation_id, message=message.pk)
        action = "comment.hidden" if hidden else "comment.shown"
        record(action=action, subject=f"message:{message.pk}", actor=actor or "system")
    return message
