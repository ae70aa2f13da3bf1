"""A thought that is thought to its end and leaves no trace: no message, no lead, no row.

The steps are those of a run. What a run would write, a rehearsal only tells.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils import timezone

from agents.gateway import Heard
from agents.guardrails import Decision, Move, decide, problems_of
from agents.guardrails.autonomy import Ruling
from agents.guardrails.support import Ground, faults_of
from agents.models import Run, RunStep
from agents.prompts import Turn
from agents.refusals import refusal_sentence
from agents.schemas import Sentence, Understanding
from agents.services.acknowledging import acknowledgement
from agents.services.autonomy import rule_on
from agents.services.curated import curated_for, give
from agents.services.replying import Drafted, draft_reply
from agents.services.retrieving import NOTHING, retrieve
from agents.services.steering import Guide, steered
from agents.services.thought import HISTORY, Thought, read_turns
from agents.services.understanding import understand
from channels_app.models import ChannelConnection, Contact, Conversation, Message
from knowledge.services import CuratedHit, SearchResult
from tenants.workspace.services import profile


@dataclass(frozen=True, slots=True)
class SentenceMark:
    """One sentence the model wrote: where it stands in a source, or why it may not go out."""

    text: str
    title: str = ""
    document_id: int | None = None
    quote: str = ""
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class Rehearsal:
    """One rehearsed thought. ``text`` is what would be said, ``outcome`` what would come of it."""

    thought: Thought
    guide: Guide
    understood: Understanding | None = None
    decision: Decision | None = None
    found: SearchResult = NOTHING
    curated: CuratedHit | None = None  # what people wrote wins over any model
    drafted: Drafted | None = None
    ruling: Ruling | None = None
    outcome: str = ""
    reason: str = ""
    text: str = ""
    sentences: list[SentenceMark] = field(default_factory=list)

    def stages(self) -> Iterator[str]:
        """Think on, and say after each stage which one is done."""
        thought = self.thought
        self.understood = understand(thought)
        self.decision = decide(self.understood, gate=thought.profile.confidence_gate)
        yield "understood"
        if self.decision.move == Move.REPLY:
            self.curated = curated_for(thought)
            if self.curated is None:
                self.found = retrieve(thought)
                yield "found"
            self.drafted = self._drafted()
            yield "drafted"
        self._conclude()
        yield "concluded"

    def play(self) -> "Rehearsal":
        for _ in self.stages():
            pass
        return self

    @property
    def heard(self) -> list[Heard]:
        """What models were asked, as it left the house."""
        return self.thought.heard or []

    @property
    def steps(self) -> list[RunStep]:
        return self.thought.steps

    @property
    def cost(self) -> Decimal:
        return sum((call.cost for call in self.thought.calls), Decimal(0))

    @property
    def tokens(self) -> int:
        return sum(call.input_tokens + call.output_tokens for call in self.thought.calls)

    @property
    def milliseconds(self) -> int:
        return sum(step.milliseconds for step in self.thought.steps)

    @property
    def answered_by_a_model(self) -> bool:
        """False where every model far away failed and the engine without one stepped in."""
        failed = {call.task for call in self.thought.calls if call.status == "failed"}
        told = {call.task for call in self.thought.calls if call.status == "ok" and _is_far(call)}
        return failed <= told

    @property
    def answered_by(self) -> dict[str, str]:
        """Task -> the model, or the engine, whose word it went by."""
        return {call.task: call.route for call in self.thought.calls if call.status == "ok"}

    def found_by(self, step: str) -> dict[str, Any]:
        """What a step put down."""
        return next((done.detail for done in self.thought.steps if done.name == step), {})

    def _drafted(self) -> Drafted:
        if self.curated is not None:
            return give(self.thought, self.curated)
        drafted = draft_reply(self.thought, self.found)
        self.sentences = self._marked()
        return drafted

    def _conclude(self) -> None:
        thought, decision = self.thought, self.decision
        if decision is not None and decision.move == Move.SILENT:
            self.outcome, self.reason = Run.Outcome.SILENT, decision.reason
        elif decision is not None and decision.move == Move.HAND_OVER:
            self._hand_over(decision.reason, acknowledgement(thought))
        elif self.drafted is not None and self.drafted.state == Drafted.READY:
            self.ruling = rule_on(thought, self.drafted)
            self.outcome, self.text = Run.Outcome.SENT, self.drafted.text
        elif self.drafted is not None and self.drafted.state == Drafted.NOT_GROUNDED:
            usual = (thought.profile.languages or [""])[0]
            said = refusal_sentence(thought.run.language, thought.profile.refusal, usual=usual)
            self._hand_over("not_grounded", said)
        else:
            state = self.drafted.state if self.drafted else Drafted.NO_MODEL
            self._hand_over(state, acknowledgement(thought))

    def _hand_over(self, reason: str, text: str) -> None:
        self.outcome, self.reason, self.text = Run.Outcome.HANDED_OVER, reason, text

    def _marked(self) -> list[SentenceMark]:
        """Each sentence of the draft, checked by itself."""
        written = self.found_by(RunStep.Name.REPLY).get("sentences", [])
        texts = [passage.text for passage in self.found.passages]
        kept = [self._mark(Sentence.model_validate(row), texts) for row in written]
        return kept + [
            _dropped(row) for row in self.found_by(RunStep.Name.VALIDATE).get("dropped", [])
        ]

    def _mark(self, sentence: Sentence, texts: list[str]) -> SentenceMark:
        thought = self.thought
        capabilities = thought.conversation.capabilities
        passages = self.found.passages
        known = [
            *(passage.document_title for passage in passages),
            *(passage.heading for passage in passages),
            *(turn.text for turn in thought.history if turn.ours),
            thought.profile.about,
        ]
        claimed = [*(t.text for t in thought.history if not t.ours), *thought.newest]
        problems = problems_of(
            sentence.text,
            known=[*texts, *known],
            language=thought.run.language,
            length=capabilities.length_of(sentence.text),
            limit=capabilities.max_text,
            claimed=claimed,
        )
        ground = Ground(tuple(texts), tuple(known), tuple(claimed))
        problems += [fault for fault in faults_of(sentence, ground) if fault not in problems]
        said = tuple(str(problem) for problem in problems)
        if not 0 < sentence.source <= len(passages):
            return SentenceMark(sentence.text, problems=said)
        source = passages[sentence.source - 1]
        return SentenceMark(
            sentence.text, source.document_title, source.document_id, sentence.quote, said
        )


def rehearse_words(
    *,
    text: str,
    guide: Guide,
    platform: str,
    language: str = "",
    surface: str = Conversation.Surface.DIRECT,
    contact: Contact | None = None,
) -> Rehearsal:
    """What we would say to these words; a known contact's last conversation goes before them."""
    conversation, before = None, list[Turn]()
    if contact is not None:
        conversation = (
            contact.conversations.select_related("connection", "contact").order_by("-pk").first()
        )
        before = _turns_before(conversation) if conversation else []
    who = contact or Contact(name="")
    shown = Conversation(
        connection=ChannelConnection(platform=platform, name=platform),
        contact=who,
        surface=surface,
        language=language or (conversation.language if conversation else ""),
    )
    message = Message(
        conversation=shown,
        direction=Message.Direction.IN,
        author=Message.Author.CONTACT,
        text=text,
        provider_time=timezone.now(),
    )
    return _rehearsal(shown, before, [message], guide)


def rehearse_run(*, run: Run, guide: Guide) -> Rehearsal | None:
    """The same turn again by another version; None where its words are gone."""
    if run.last_message_id is None:
        return None
    thread = Message.objects.filter(conversation=run.conversation_id, pk__lte=run.last_message_id)
    said = list(thread.exclude(direction=Message.Direction.NOTE).order_by("-pk")[:HISTORY])
    before, unanswered = read_turns(said[::-1])
    if not unanswered:
        return None
    rehearsal = _rehearsal(run.conversation, before, unanswered, guide)
    return rehearsal if rehearsal.thought.newest else None


def _turns_before(conversation: Conversation) -> list[Turn]:
    said = conversation.messages.exclude(direction=Message.Direction.NOTE).order_by("-pk")
    before, unanswered = read_turns(list(said[:HISTORY])[::-1])
    return [*before, *(Turn(False, message.text) for message in unanswered)]


def _rehearsal(
    conversation: Conversation, before: list[Turn], unanswered: list[Message], guide: Guide
) -> Rehearsal:
    thought = Thought(
        Run(conversation=conversation, turn_version=0, agent_version=guide.number),
        steered(profile(), guide.instructions),
        before,
        unanswered,
        {},
        instructions=guide.instructions,
        is_dry=True,
        heard=[],
    )
    return Rehearsal(thought, guide)


def _dropped(told: str) -> SentenceMark:
    """A sentence that was left out, with the codes that stand behind it in brackets."""
    text, _bracket, codes = told.rpartition(" (")
    return SentenceMark(text or told, problems=tuple(codes.rstrip(")").split(", ")))


def _is_far(call: Any) -> bool:
    return not call.route.startswith("offline/")
