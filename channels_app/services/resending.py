"""Messages that did not get through: sending one again, letting one go, knowing better.

The row is sent again, not a copy of it: it keeps its reference, so that an echo or a status that
comes after all finds it. What may have arrived is sent again only on a person's word.
"""

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from channels_app.models import Conversation, Message
from channels_app.services.ringing import ring
from channels_app.services.statuses import UNKNOWN_DELIVERY, announce_status

State = Message.State
MOVED_ON = "conversation_moved_on"
USED = "private_reply_used"
WITHDRAWN = "taken_over"  # not failed: a colleague took over before it went out

__all__ = ["UNKNOWN_DELIVERY", "confirm_arrival", "dead_messages", "let_go", "send_again"]


def dead_messages() -> QuerySet[Message]:
    """Ours that failed and that nobody has let go; read by the index ``dead_messages``."""
    return Message.objects.filter(state=State.FAILED, discarded_at=None).exclude(
        error_code=WITHDRAWN
    )


@transaction.atomic
def send_again(*, ids: Sequence[int], sure: bool = False) -> tuple[int, dict[int, str]]:
    """Queue failed messages anew; returns how many, and why others are not.

    What the AI wrote is not sent over a person's head or a newer word. ``sure``: a person has
    looked, and what may have arrived has not.
    """
    newer = Message.objects.filter(conversation=OuterRef("conversation"), pk__gt=OuterRef("pk"))
    newer = newer.filter(
        Q(direction=Message.Direction.IN)
        | Q(direction=Message.Direction.OUT) & ~Q(state=State.FAILED)
    )
    rows = (
        dead_messages()
        .select_for_update(of=("self",))
        .filter(pk__in=ids)
        .annotate(is_overtaken=Exists(newer))
        .select_related("conversation")
        .only(*REQUEUED, "author", "is_private", "conversation_id", "conversation__controller")
        .order_by("pk")
    )
    done, kept = 0, {}
    for row in rows:
        code = _doubt(row, sure) or _queue(row)
        if code:
            kept[row.pk] = code
        else:
            done += 1
    return done, kept


def _doubt(row: Message, sure: bool) -> str:
    if row.error_code == UNKNOWN_DELIVERY and not sure:
        return UNKNOWN_DELIVERY
    by_ai = row.author == Message.Author.AI
    led_by_ai = row.conversation.controller == Conversation.Controller.AI
    if by_ai and (not led_by_ai or row.is_overtaken):  # type: ignore[attr-defined]
        return MOVED_ON
    return ""


def _queue(row: Message) -> str:
    row.state, row.state_at = State.QUEUED, timezone.now()
    row.attempts, row.next_attempt_at = 0, None
    row.error_code = row.error_text = ""
    # What the network refused later has its name there already; the next try gets one of its own.
    row.external_id = row.external_key = ""
    row.sent_at = None
    try:
        with transaction.atomic():
            row.save(update_fields=REQUEUED)
    except IntegrityError:  # one_private_answer_per_comment
        return USED
    ring("deliver_message", row.pk)
    announce_status(row)
    return ""


REQUEUED = (
    *("state", "state_at", "attempts", "next_attempt_at", "error_code", "error_text"),
    *("external_id", "external_key", "sent_at"),
)


@transaction.atomic
def let_go(*, ids: Sequence[int]) -> int:
    """Failed, and that is that: they stay in the thread and leave the dead letters."""
    return dead_messages().filter(pk__in=ids).update(discarded_at=timezone.now())


@transaction.atomic
def confirm_arrival(*, message_id: int) -> bool:
    """A person has seen at the network that a message arrived whose fate we did not know."""
    row = (
        dead_messages()
        .select_for_update()
        .filter(pk=message_id, error_code=UNKNOWN_DELIVERY)
        .only("pk", "state", "conversation_id")
        .first()
    )
    if row is None:
        return False
    now = timezone.now()
    Message.objects.filter(pk=row.pk).update(
        state=State.SENT, state_at=now, sent_at=now, error_code="", error_text=""
    )
    row.state = State.SENT
    announce_status(row)
    return True
