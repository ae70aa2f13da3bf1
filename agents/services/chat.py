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
from agents.services.speaking import Said, Speaker, said_of
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


def answer_question(
    *,
    question: str,
    session_id: str = "",
    language: str = "",
    asked_by: str = "",
    speaker: Speaker | None = None,
    samples: bool = False,
) -> ChatAnswer:
    """Answer from the company's knowledge, or refuse; remembers the session's earlier turns.

    A session is its asker's own: two programs may call theirs by the same name. ``speaker`` says
    the answer while it is written, as far as what is written stands. ``samples``: a colleague
    tries it out, and sample data may answer as well.
    """
    ours = profile()
    instructions = guide_for(ours).instructions
    ours = steered(ours, instructions)
    usual = (ours.languages or ["en"])[0]
    session_id = session_id or uuid.uuid4().hex
    before = _memory(session_id, asked_by)
    spoken = language or detect_language(
        question, fallback=before[-1].language if before else usual
    )
    if speaker is not None:
        speaker.starts(session_id=session_id, language=spoken)
    talk = small_talk(question, language=spoken, sentiment=sentiment_of(question))
    if talk:
        answer = ChatAnswer(talk, 1.0, False, session_id, spoken)
        _remember(question, answer, asked_by)
        return _told(answer, speaker)
    if given := curated_answer(ours, question, language=spoken, channel="api"):
        sources = [ChatSource(**source_of(given))]
        answer = ChatAnswer(given.text, given.confidence, False, session_id, spoken, sources)
        _remember(question, answer, asked_by)
        count_use(answer_id=given.answer_id)
        return _told(answer, speaker)
    earlier = before[-1].question if before else ""
    found = look_up(question, earlier=earlier, language=spoken, samples=samples)
    assignment = _assignment(ours, question, before, found, spoken)
    assignment.instructions = instructions
    assignment.terms = terms_of(ours, instructions=instructions)
    if speaker is not None:
        assignment.hearer, speaker.assignment = speaker, assignment
    draft = _draft(assignment, found)
    sentences = None
    if draft is not None and draft.may_go_out:
        sources = [ChatSource(**row) for row in cited(draft.reply, found.passages)]
        answer = ChatAnswer(draft.reply.text, found.confidence, False, session_id, spoken, sources)
        sentences = [said_of(sentence, assignment) for sentence in draft.reply.sentences]
    else:
        sentence = refusal_sentence(spoken, ours.refusal, usual=usual)
        answer = ChatAnswer(sentence, 0.0, True, session_id, spoken)
    _remember(question, answer, asked_by, assignment)
    return _told(answer, speaker, sentences)


def _told(
    answer: ChatAnswer, speaker: Speaker | None, sentences: list[Said] | None = None
) -> ChatAnswer:
    """The answer, its listener told to the end."""
    if speaker is not None:
        source = asdict(answer.sources[0]) if answer.sources else None
        speaker.ends(sentences or [Said(answer.answer, source)], asdict(answer))
    return answer


def _memory(session_id: str, asked_by: str) -> list[ChatTurn]:
    turns = ChatTurn.objects.filter(session_id=session_id, asked_by=asked_by)
    newest = turns.order_by("-pk")[:MEMORY]
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
def _remember(
    question: str, answer: ChatAnswer, asked_by: str, assignment: Assignment | None = None
) -> None:
    ChatTurn.objects.create(
        session_id=answer.session_id,
        asked_by=asked_by,
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
