"""Finding what was committed and never finished. The queue may lose everything."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from channels_app import announcements
from channels_app.media import upkeep as media
from channels_app.models import ChannelConnection, InboundEvent, Message
from channels_app.services.breaches import note_breaches
from channels_app.services.changes import EDIT_PATIENCE
from channels_app.services.doctor import settle_overdue
from channels_app.services.intake import take_in_unrouted
from channels_app.services.joining import compare_people
from channels_app.services.ringing import ring_events, ring_now
from channels_app.services.searching import read_all_words
from channels_app.services.snoozing import wake_due
from channels_app.services.statuses import UNKNOWN_DELIVERY
from channels_app.services.tending import tend_all
from channels_app.services.winding import wind_all_anew
from tenants.live import publish

PATIENCE = timedelta(seconds=10)  # a rung event or message is on its way for that long
CLAIMED = timedelta(seconds=120)  # longer than any send can take
UNKNOWN = timedelta(minutes=15)
WAITING = timedelta(hours=24)
MAX_ATTEMPTS = 10
AT_ONCE = 2_000


def sweep() -> dict[str, int]:
    """Re-ring what is unfinished in this company; return how many of each."""
    return {
        "unrouted": sum(
            take_in_unrouted(connection=connection)
            for connection in ChannelConnection.objects.filter(is_active=True)
        ),
        "events": _ring_pending_events(),
        "waiting": _ring_waiting_events() + _ring_lonely_edits(),
        "expired": _let_waiting_events_go(),
        "unknown": _doubt_lost_sends(),
        "given_up": _give_up_unknown_sends(),
        "messages": _ring_queued_messages(),
        "checkups": len(settle_overdue()),
        **media.sweep(),
        "woken": wake_due(),
        "timers": wind_all_anew(),
        "breaches": note_breaches(),
        **tend_all(),
        "words": read_all_words(),
        **compare_people(),
    }


def _ring_pending_events() -> int:
    old = InboundEvent.objects.filter(
        status=InboundEvent.Status.PENDING, received_at__lt=timezone.now() - PATIENCE
    )
    old.filter(attempts__gte=MAX_ATTEMPTS).update(
        status=InboundEvent.Status.REJECTED,
        outcome="rejected",
        reason=f"Reading it failed {MAX_ATTEMPTS} times; see the logs.",
        processed_at=timezone.now(),
    )
    found = list(old.order_by("received_at", "pk").values_list("pk", flat=True)[:AT_ONCE])
    ring_events([str(event_id) for event_id in found])
    return len(found)


def _ring_waiting_events() -> int:
    its_message = Message.objects.filter(
        connection_id=OuterRef("connection_id"), external_key=OuterRef("awaits")
    )
    found = InboundEvent.objects.filter(
        Exists(its_message), status=InboundEvent.Status.WAITING
    ).values_list("pk", flat=True)[:AT_ONCE]
    ring_events([str(event_id) for event_id in found])
    return len(found)


def _ring_lonely_edits() -> int:
    """Somebody's words that came as an edit of what never came; read once after its patience."""
    found = InboundEvent.objects.filter(
        status=InboundEvent.Status.WAITING,
        outcome="edit",
        received_at__lt=timezone.now() - EDIT_PATIENCE,
        processed_at__lte=F("received_at") + EDIT_PATIENCE,
    ).values_list("pk", flat=True)[:AT_ONCE]
    ring_events([str(event_id) for event_id in found])
    return len(found)


def _let_waiting_events_go() -> int:
    """Nobody's words are among them: those come to light as messages (see above)."""
    return InboundEvent.objects.filter(
        status=InboundEvent.Status.WAITING, received_at__lt=timezone.now() - WAITING
    ).update(status=InboundEvent.Status.DONE, reason="The message it is about never came.")


def _doubt_lost_sends() -> int:
    """A worker that died while sending: nobody knows whether the network took it."""
    now = timezone.now()
    return Message.objects.filter(state=Message.State.SENDING, state_at__lt=now - CLAIMED).update(
        state=Message.State.UNKNOWN,
        state_at=now,
        error_code="interrupted",
        error_text="We were interrupted while sending.",
    )


@transaction.atomic
def _give_up_unknown_sends() -> int:
    now = timezone.now()
    lost = Message.objects.filter(state=Message.State.UNKNOWN, state_at__lt=now - UNKNOWN)
    found = list(lost.values_list("pk", "conversation_id"))
    lost.filter(pk__in=[pk for pk, _ in found]).update(
        state=Message.State.FAILED,
        state_at=now,
        error_code=UNKNOWN_DELIVERY,
        error_text="We do not know whether it was delivered. Ask before you send it again.",
    )
    for pk, conversation_id in found:
        publish("message_status", conversation=conversation_id, message=pk, state="failed")
    announcements.none_sent([pk for pk, _ in found])
    return len(found)


def _ring_queued_messages() -> int:
    now = timezone.now()
    due = Message.objects.filter(
        Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lte=now),
        state=Message.State.QUEUED,
        state_at__lt=now - PATIENCE,
    )
    found = list(due.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    for message_id in found:
        ring_now("deliver_message", message_id)
    return len(found)
