"""One raw inquiry through the whole pipeline, while whoever sent it waits."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from django.utils import timezone

from agents.models import ModelCall, Run, RunStep
from agents.services.opening import open_or_extend
from agents.services.thinking import think
from channels_app.models import Message
from channels_app.services import take_inquiry
from crm.models import SyncRecord
from leads.models import Lead
from tenants import context

PATIENCE = 25.0
LOOK_EVERY = 0.1


class Came(StrEnum):
    """How far an inquiry came, the worst first."""

    NO_AI = "no_ai"  # taken in; the AI has no say here, or a person leads
    PENDING = "pending"  # taken in; a worker thinks on
    PARTIAL = "partial"  # a step failed behind its fence, the others went on
    FALLBACK = "fallback"  # a model failed, another one or the offline engine stepped in
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What became of it. ``reply`` is what was said, or would have been where nothing was."""

    message: Message
    status: Came
    run: Run | None = None
    lead: Lead | None = None
    reply: str = ""
    records: list[SyncRecord] = field(default_factory=list)


def answer_inquiry(*, fields: Mapping[str, str], own_id: str = "", actor: str) -> Inquiry | None:
    """Take it in, understand, score, draft, check, send if policy and channel let us.

    None where nothing can be read in it. The same again is not thought twice.
    """
    message = take_inquiry(fields=fields, own_id=own_id, actor=actor)
    if message is None:
        return None
    run = _run_of(message) or open_or_extend(message=message)
    if run is not None:
        run = _thought_through(run)
    lead = Lead.objects.with_reasons().filter(contact=message.conversation.contact).first()
    return Inquiry(
        message=message,
        status=_came(run),
        run=run,
        lead=lead,
        reply=_reply(run) if run else "",
        records=list(SyncRecord.objects.filter(lead=lead).order_by("pk")) if lead else [],
    )


def _run_of(message: Message) -> Run | None:
    """The run that has the message, whoever opened it."""
    runs = Run.objects.filter(conversation=message.conversation, last_message__gte=message.pk)
    return runs.order_by("pk").first()


def _thought_through(run: Run) -> Run:
    """Think at once: nobody who waits for an answer writes a second message meanwhile."""
    Run.objects.filter(pk=run.pk, status=Run.Status.GATHERING).update(due_at=timezone.now())
    deadline = time.monotonic() + PATIENCE
    think(run_id=run.pk)
    run.refresh_from_db()
    while run.status in Run.OPEN and time.monotonic() < deadline:  # a worker was faster
        context.release()
        time.sleep(LOOK_EVERY)
        run.refresh_from_db()
    return run


def _came(run: Run | None) -> Came:
    if run is None:
        return Came.NO_AI
    if run.status in Run.OPEN:
        return Came.PENDING
    if run.steps.filter(state=RunStep.State.FAILED).exists():
        return Came.PARTIAL
    if ModelCall.objects.filter(run=run).exclude(status="ok").exists():
        return Came.FALLBACK
    return Came.COMPLETE


def _reply(run: Run) -> str:
    said = Message.objects.filter(
        conversation=run.conversation_id, run_id=run.pk, direction=Message.Direction.OUT
    ).first()
    return said.text if said is not None and not run.draft else run.draft
