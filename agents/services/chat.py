"""Answering a question over the API: no channel, no lead, only knowledge."""

import time
import uuid
from dataclasses import asdict, dataclass, field
from decimal import Decimal

from django.db import transaction

from agents.gateway import NoAnswer
from agents.models import ChatTurn
from agents.offline.language import detect_language
from agents.offline.sentiment import sentiment_of
from agents.offline.talk import small_talk
from agents.prompts import Turn
from agents.refusals import refusal_sentence
from agents.services.curated import curated_answer, source_of
from agents.services.grounding import Assignment, Draft, can_answer, cited, write
from agents.services.retrieving import look_up
from agents.services.steering import guide_for, steered
from agents.services.terms import terms_of
from agents.services.thought import store_calls
from knowledge.services import SearchResult, count_use
from tenants.workspace.models import Profile
from tenants.workspace.services import profile, record_usage

MEMORY = 4  # turns of the session that a question is read with
ANSWER_SECONDS = 25.0
MAX_ANSWER = 4_000


@dataclass(frozen=True, slots=True)
class ChatSource:
    """A passage the answer stands on, or the curated answer it is; ``quote`` is literally there."""

    title: str
    quote: str
    document_id: int | None = None
    document_version: int | None = None
    passage_id: int | None = None
    curated_id: int | None = None
    curated_version: int | None = None


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """``refused`` answers are the exact refusal sentence, with confidence 0 and no sources."""

    answer: str
    confidence: float
    refused: bool
    session_id: str
    language: str
    sources: list[ChatSource] = field(default_factory=list)


def answer_question(*, question: str, session_id: str = "", language: str = "") -> ChatAnswer:
    """Answer from the company's knowledge, or refuse; remembers the session's earlier turns."""
    ours = profile()
    instructions = guide_for(ours).instructions
    ours = steered(ours, instructions)
    usual = (ours.languages or ["en"])[0]
    session_id = session_id or uuid.uuid4().hex
    before = _memory(session_id)
    spoken = language or detect_language(
        question, fallback=before[-1].language if before else usual
    )
    talk = small_talk(question, language=spoken, sentiment=sentiment_of(question))
    if talk:
        answer = ChatAnswer(talk, 1.0, False, session_id, spoken)
        _remember(question, answer)
        return answer
    if given := curated_answer(ours, question, language=spoken, channel="api"):
        sources = [ChatSource(**source_of(given))]
        answer = ChatAnswer(given.text, given.confidence, False, session_id, spoken, sources)
        _remember(question, answer)
        count_use(answer_id=given.answer_id)
        return answer
    found = look_up(question, earlier=before[-1].question if before else "", language=spoken)
    assignment = _assignment(ours, question, before, found, spoken)
    assignment.instructions = instructions
    assignment.terms = terms_of(ours, instructions=instructions)
    draft = _draft(assignment, found)
    if draft is not None and draft.may_go_out:
        sources = [ChatSource(**row) for row in cited(draft.reply, found.passages)]
        answer = ChatAnswer(draft.reply.text, found.confidence, False, session_id, spoken, sources)
    else:
        sentence = refusal_sentence(spoken, ours.refusal, usual=usual)
        answer = ChatAnswer(sentence, 0.0, True, session_id, spoken)
    _remember(question, answer, assignment)
    return answer


def _memory(session_id: str) -> list[ChatTurn]:
    newest = ChatTurn.objects.filter(session_id=session_id).order_by("-pk")[:MEMORY]
    return list(reversed(newest))


def _assignment(
    ours: Profile, question: str, before: list[ChatTurn], found: SearchResult, language: str
) -> Assignment:
    deadline = time.monotonic() + ANSWER_SECONDS
    history = [
        turn for row in before for turn in (Turn(False, row.question), Turn(True, row.answer))
    ]
    return Assignment(
        task="chat",
        profile=ours,
        history=history,
        newest=[question],
        passages=found.passages,
        language=language,
        limit=MAX_ANSWER,
        seconds_left=lambda: deadline - time.monotonic(),
        terms=terms_of(ours),
    )


def _draft(assignment: Assignment, found: SearchResult) -> Draft | None:
    if not can_answer(assignment, found):
        return None
    try:
        return write(assignment)
    except NoAnswer:
        return None


@transaction.atomic
def _remember(question: str, answer: ChatAnswer, assignment: Assignment | None = None) -> None:
    ChatTurn.objects.create(
        session_id=answer.session_id,
        question=question,
        answer=answer.answer,
        language=answer.language,
        confidence=answer.confidence,
        refused=answer.refused,
        sources=[asdict(source) for source in answer.sources],
    )
    calls = assignment.calls if assignment else []
    if calls:
        store_calls(calls, run=None)
        record_usage(
            tokens=sum(call.input_tokens + call.output_tokens for call in calls),
            cost=sum((call.cost for call in calls), Decimal(0)),
        )
