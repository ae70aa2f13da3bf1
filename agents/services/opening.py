"""When a run begins, grows, and is found again after a crash."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from agents.models import Run
from agents.services.ringing import ring
from channels_app.models import Conversation, Message
from channels_app.services import WITHDRAWN
from tenants.prepared import PreparedInsert
from tenants.workspace.services import profile

# A run that nobody touches for this long after it was due has lost its ring, or its worker.
FORGOTTEN_SECONDS = 10


def open_or_extend(*, message: Message) -> Run | None:
    """Give a contact's new message to the conversation's open run, or open one.

    Returns None where the AI has no say: switched off, a person in charge, thread closed.
    """
    conversation = message.conversation
    ours = profile()
    if not ours.ai_enabled or not _is_ours(conversation):
        return None
    quiet = timedelta(seconds=ours.quiet_seconds)
    for _ in range(3):  # another worker may open or end a run between our two looks
        run = _open(conversation, message, quiet) or _extend(conversation, message, quiet)
        if run is not None:
            return run
    return None  # the run that kept slipping away has the message: it reads the thread anew


def take_up_again(*, message: Message) -> Run | None:
    """A person gave the conversation back: the AI answers the last words, if nothing of ours came
    after them. Where it had said that a person will answer, they are still the people's."""
    later = Message.objects.filter(conversation=message.conversation_id, pk__gt=message.pk)
    # What was withdrawn as a person took over has reached nobody.
    later = later.exclude(state=Message.State.FAILED, error_code=WITHDRAWN)
    if later.exclude(direction=Message.Direction.NOTE).exists():
        return None
    return open_or_extend(message=message)


def _is_ours(conversation: Conversation) -> bool:
    return conversation.is_with_ai and conversation.status == Conversation.Status.OPEN


@transaction.atomic
def _extend(conversation: Conversation, message: Message, quiet: timedelta) -> Run | None:
    """Lengthen a gathering run's quiet time; leave word with one that is already thinking."""
    run = Run.objects.select_for_update().open().filter(conversation=conversation).first()
    if run is None:
        return None
    if run.status == Run.Status.GATHERING:
        run.last_message = message
        run.due_at = timezone.now() + quiet
        run.save(update_fields=["last_message", "due_at"])
    else:
        run.newer_message = message
        run.save(update_fields=["newer_message"])
    return run


def _open(conversation: Conversation, message: Message, quiet: timedelta) -> Run | None:
    run = Run(
        conversation=conversation,
        first_message=message,
        last_message=message,
        turn_version=conversation.turn_version,
        due_at=timezone.now() + quiet,
    )
    if not _OPEN.row(run):
        return None
    ring(run.pk, delay_seconds=quiet.total_seconds())
    return run


# One statement, which is its own transaction. A conversation has one open run: see the model.
_OPEN = PreparedInsert(Run, "ON CONFLICT DO NOTHING")


def sweep() -> dict[str, int]:
    """Ring again every run that should have been finished; says how many."""
    forgotten = timezone.now() - timedelta(seconds=FORGOTTEN_SECONDS)
    lost = Run.objects.filter(status=Run.Status.GATHERING, due_at__lt=forgotten)
    orphaned = Run.objects.filter(status=Run.Status.THINKING, claimed_until__lt=timezone.now())
    ids = [*lost.values_list("pk", flat=True)[:1000], *orphaned.values_list("pk", flat=True)[:1000]]
    for run_id in ids:
        ring(run_id)
    return {"runs": len(ids)}
