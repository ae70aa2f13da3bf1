"""What becomes of a message of ours: forwards only, whatever order the news arrives in."""

from datetime import datetime, timedelta

from channels_app import announcements
from channels_app.models import Conversation, Message
from tenants.live import publish
from tenants.plugins.errors import legible

State = Message.State
RANK: dict[str, int] = {
    State.QUEUED: 0,
    State.SENDING: 1,
    State.UNKNOWN: 1,
    State.ACCEPTED: 2,
    State.SENT: 3,
    State.DELIVERED: 4,
    State.READ: 5,
}
UNKNOWN_DELIVERY = "unknown_delivery"
# A network stamps a message when it takes it, we when its answer has reached us; its watermark
# is in its own time.
SKEW = timedelta(seconds=3)


def may_become(message: Message, state: str) -> bool:
    """Whether this is news. A late ``delivered`` after ``read`` is not."""
    if message.state == State.FAILED:
        # We gave up without knowing; the network knows better.
        return message.error_code == UNKNOWN_DELIVERY and state != State.FAILED
    rank = RANK.get(message.state)
    if rank is None:  # received: not ours
        return False
    if state == State.FAILED:
        return rank <= RANK[State.SENT]
    return RANK[state] > rank


def advance(
    message: Message, state: str, *, at: datetime, error_code: str = "", error_text: str = ""
) -> bool:
    """Apply a state under the row's lock; the caller saves. False if it is no news."""
    if not may_become(message, state):
        return False
    message.state = state
    message.state_at = at
    message.error_code = legible(error_code)[:64] if state == State.FAILED else ""
    message.error_text = legible(error_text)[:500] if state == State.FAILED else ""
    message.has_just_left = state != State.FAILED and message.sent_at is None
    message.sent_at = message.sent_at or (None if state == State.FAILED else at)
    return True


STATE_FIELDS = ("state", "state_at", "error_code", "error_text", "sent_at")


def advance_up_to(*, conversation: Conversation, state: str, up_to: datetime) -> int:
    """Everything of ours up to a moment was delivered or read."""
    lower = [name for name, rank in RANK.items() if RANK[State.ACCEPTED] <= rank < RANK[state]]
    changed = conversation.messages.filter(
        direction=Message.Direction.OUT, state__in=lower, sent_at__lte=up_to + SKEW
    ).update(state=state, state_at=up_to)
    if changed:
        publish("message_status", conversation=conversation.pk, state=state)
    return changed


def announce_status(message: Message) -> None:
    publish(
        "message_status",
        conversation=message.conversation_id,
        message=message.pk,
        state=message.state,
    )
    if message.has_just_left:
        announcements.went_out(message)
    elif message.state == State.FAILED:
        announcements.not_sent(message)
