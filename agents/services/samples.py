"""The sample data's thoughts: why the AI said what it says there, and the draft that waits."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from agents.models import ReplyDraft, Run, RunStep
from channels_app.models import Conversation, Message
from channels_app.services.samples import sample_conversation
from knowledge.services.samples import sample_document
from tenants.samples.parts import Part, register
from tenants.samples.story import AI, DOCUMENTS, TALKS, Line, Talk

WITH_THOUGHTS = {
    talk.key: talk
    for talk in TALKS
    if talk.draft or talk.reason or any(line.who == AI for line in talk.lines)
}
PAPERS = {paper.key: paper for paper in DOCUMENTS}
SURE = 0.93
EXPIRES = timedelta(days=14)
TOOK = {"classify": 240, "extract": 0, "score": 12, "retrieve": 18, "reply": 610, "validate": 4}


@register
class Thoughts(Part):
    order = 40

    def units(self) -> list[str]:
        return list(WITH_THOUGHTS)

    def load(self, unit: str) -> None:
        talk = WITH_THOUGHTS[unit]
        conversation = sample_conversation(talk)
        if conversation is None or conversation.runs.exists():
            return
        for asked, answer in _answers(conversation):
            line = next(each for each in talk.lines if each.text == answer.text)
            run = _run(talk, conversation, asked, Run.Outcome.SENT, line)
            Message.objects.filter(pk=answer.pk).update(run_id=run.pk)
        last = conversation.messages.filter(direction=Message.Direction.IN).last()
        if talk.draft is not None:
            _keep_draft(talk, _run(talk, conversation, last, Run.Outcome.DRAFTED, talk.draft))
        elif conversation.escalation_reason:
            run = _run(talk, conversation, last, Run.Outcome.HANDED_OVER, None)
            Run.objects.filter(pk=run.pk).update(outcome_reason=talk.reason)

    def remove(self) -> None:
        """Runs, steps and drafts go with their conversations."""


def _answers(conversation: Conversation) -> list[tuple[Message | None, Message]]:
    """What the AI wrote, each with the words before it."""
    found: list[tuple[Message | None, Message]] = []
    asked = None
    for message in conversation.messages.all():
        if message.direction == Message.Direction.IN:
            asked = message
        elif message.author == Message.Author.AI:
            found.append((asked, message))
    return found


def _run(
    talk: Talk,
    conversation: Conversation,
    asked: Message | None,
    outcome: str,
    line: Line | None,
) -> Run:
    began = asked.provider_time if asked else timezone.now()
    sources = _sources(line)
    run = Run.objects.create(
        conversation=conversation,
        first_message=asked,
        last_message=asked,
        turn_version=conversation.turn_version,
        status=Run.Status.DONE,
        outcome=outcome,
        due_at=began,
        intent=talk.intent,
        confidence=SURE if sources else None,
        sentiment=talk.sentiment,
        language=talk.language,
        draft=line.text if line else "",
        sources=sources,
        started_at=began,
        finished_at=began + timedelta(milliseconds=sum(TOOK.values())),
    )
    Run.objects.filter(pk=run.pk).update(created_at=began)
    RunStep.objects.bulk_create(
        RunStep(
            run=run,
            name=name,
            state=RunStep.State.OK if line or name in {"classify", "extract"} else "skipped",
            detail=_detail(name, line, sources),
            milliseconds=milliseconds,
        )
        for name, milliseconds in TOOK.items()
    )
    return run


def _detail(name: str, line: Line | None, sources: list[dict[str, Any]]) -> dict[str, Any]:
    if name == RunStep.Name.RETRIEVE and sources:
        return {"confidence": SURE, "passages": [{**each, "score": SURE} for each in sources]}
    if name == RunStep.Name.REPLY and line:
        return {"sentences": [{"text": line.text, "source": 1, "quote": line.quote}]}
    return {}


def _sources(line: Line | None) -> list[dict[str, Any]]:
    document = sample_document(PAPERS[line.source]) if line and line.source else None
    if line is None or document is None:
        return []
    return [{"title": document.title, "document_id": document.pk, "quote": line.quote}]


def _keep_draft(talk: Talk, run: Run) -> None:
    ReplyDraft.objects.create(
        conversation=run.conversation,
        run=run,
        turn_version=run.turn_version,
        text=run.draft,
        sources=run.sources,
        reasons=["money_promised"],
        level="medium",
        language=talk.language,
        expires_at=timezone.now() + EXPIRES,
    )
