"""The steps classify, extract and score: one model call, then the lead."""

import time
from collections.abc import Callable
from functools import partial

from agents import gateway, prompts
from agents.guardrails import checked_facts
from agents.guardrails.policy import UPSET
from agents.models import RunStep
from agents.offline.acts import is_closing
from agents.offline.language import detect_language
from agents.offline.reading import read
from agents.prompts import last_asked
from agents.schemas import Fact, Intent, OwnUnderstanding, Understanding
from agents.services.ahead import beside
from agents.services.curated import curated_for
from agents.services.intents import chosen, own_intents_of
from agents.services.plainly import read_plainly
from agents.services.remembering import recall
from agents.services.retrieving import query_of
from agents.services.thought import Thought
from channels_app.models import Conversation
from knowledge.services import embed_locally
from leads import services as leads
from tenants.prepared import PreparedUpdate
from tenants.statements import Write, write_together

# Where no model and no rule could say anything, a person decides.
UNKNOWN = Understanding(intent=Intent.GENERAL, confidence=0.0, sentiment=0.0, language="en")


def understand(
    thought: Thought, *, meanwhile: Callable[[str], None] | None = None
) -> Understanding:
    """What the contact means and told us; a run taken up again does not ask twice.

    ``meanwhile`` is done while a model is asked, and told the language it seems to be.
    """
    known = thought.finished(RunStep.Name.CLASSIFY)
    understood = Understanding.model_validate(known) if known else _ask(thought, meanwhile)
    run = thought.run
    run.own_intent = str(known.get("own_intent", "")) if known else ""
    run.intent = understood.intent
    run.confidence = understood.confidence
    run.sentiment = understood.sentiment
    run.language = understood.language
    if known is None:
        _find_own_intent(thought, understood)
        _keep(thought, understood)
    return understood


def _find_own_intent(thought: Thought, understood: Understanding) -> None:
    """One of the company's, by its examples or by the model's word; nothing where it has none."""
    if not thought.profile.own_intents or understood.is_closing:
        return
    named = getattr(understood, "own_intent", "")
    thought.run.own_intent = chosen(thought.profile, thought.asked, named)
    thought.done[RunStep.Name.CLASSIFY].detail["own_intent"] = thought.run.own_intent


def _keep(thought: Thought, understood: Understanding) -> None:
    """What is remembered of it beyond this answer: language, facts, the lead."""
    _extract_and_score(thought, understood)
    spoken = None if thought.is_dry else _new_language(thought.conversation, understood.language)
    write_together([spoken, thought.new_steps()])


def _ask(thought: Thought, meanwhile: Callable[[str], None] | None) -> Understanding:
    understood = UNKNOWN.model_copy(
        update={"language": detect_language(thought.asked, fallback=_usual_language(thought))}
    )
    with thought.step(RunStep.Name.CLASSIFY) as step:
        if _only_closes(thought):
            # Nothing to find out: no call, and no lead made of a thank-you.
            understood = understood.model_copy(update={"confidence": 1.0, "is_closing": True})
        else:
            _embed_at_once(thought, understood.language)
            understood = (
                _read_alone(thought, understood.language)
                or _known_question(thought, understood.language)
                or _asked_before(thought, understood.language)
                or read_plainly(thought, understood.language)
                or _asked(thought, understood.language, meanwhile)
            )
        step.detail = understood.model_dump(mode="json")
    return understood


def _embed_at_once(thought: Thought, language: str) -> None:
    """What is read now, and what will be looked up: in one pass they cost little more than one."""
    query = query_of(thought.asked, earlier=last_asked(thought.history), language=language)
    embed_locally([thought.asked, query])


def _only_closes(thought: Thought) -> bool:
    """ "Ok, thanks" after an answer of ours; after a question of ours it is an answer."""
    ours = [turn.text for turn in thought.history if turn.ours]
    if not ours or ours[-1].rstrip().endswith(("?", "؟")):
        return False
    return is_closing(thought.asked)


def _read_alone(thought: Thought, language: str) -> Understanding | None:
    """Advertisements and small talk beyond doubt: a model far away would find nothing in them."""
    if gateway.routes_for("understand")[0] == gateway.OFFLINE:
        return None  # the engine reads it anyway
    said = read(thought.asked, language=language, embed=embed_locally)
    if not said.needs_no_model:
        return None
    return Understanding(
        intent=Intent(said.intent),
        confidence=said.confidence,
        sentiment=said.sentiment,
        language=language if _is_brief(thought) else said.language,
        is_closing=said.is_closing,
    )


def _asked(
    thought: Thought, language: str, meanwhile: Callable[[str], None] | None
) -> Understanding:
    own = own_intents_of(thought.profile)
    prompt = prompts.understand(
        thought.recent("understand"),
        thought.newest,
        language=language,
        earlier=thought.earlier,
        instructions=thought.instructions,
        own=own.kinds,
    )
    question = partial(
        gateway.complete,
        task="understand",
        system=prompt.system,
        messages=prompt.messages,
        material=prompt.material,
        schema=OwnUnderstanding if own.kinds else Understanding,
        max_tokens=600,
        seconds=thought.seconds_left / 2,
        terms=thought.terms,
    )
    completion = beside(question, partial(meanwhile, language)) if meanwhile else question()
    thought.learn(completion.calls)
    understood: Understanding = completion.parsed
    if _is_brief(thought):
        # "ok, 2" has no language of its own.
        return understood.model_copy(update={"language": language})
    return understood


def _known_question(thought: Thought, language: str) -> Understanding | None:
    """A message that only asks what people wrote the answer to: there is no more in it."""
    if (
        not thought.profile.curated_answers
        or gateway.routes_for("understand")[0] == gateway.OFFLINE
    ):
        return None
    thought.run.language = language
    given = curated_for(thought, whole=True)
    if given is None:
        return None
    said = read(thought.asked, language=language, embed=embed_locally)
    if said.intent in {Intent.SPAM, Intent.URGENT} or said.wants_human:
        return None
    return Understanding(
        intent=Intent(said.intent),
        confidence=given.confidence,
        sentiment=said.sentiment,
        language=language,
    )


def _asked_before(thought: Thought, language: str) -> Understanding | None:
    """A question that was answered before means what it meant; the mood is read anew."""
    thought.run.language = language
    known = recall(thought, language=language)
    if known is None:
        return None
    said = read(thought.asked, language=language, embed=embed_locally)
    if said.intent == Intent.SPAM or said.sentiment <= UPSET:
        return None
    thought.remembered = known
    found = {one.name: one for one in reversed(said.found)}
    facts = [
        Fact.model_validate({"name": name, "value": one.value, "quote": one.value})
        for name, one in found.items()
    ]
    return Understanding(
        intent=Intent(known.intent),
        confidence=known.confidence,
        sentiment=said.sentiment,
        language=language,
        facts=facts,
    )


def _is_brief(thought: Thought) -> bool:
    return len(thought.asked.split()) < 3


def _usual_language(thought: Thought) -> str:
    """The conversation's language, else the company's first."""
    ours = thought.profile.languages
    return thought.conversation.language[:2] or (ours[0] if ours else "en")


def _new_language(conversation: Conversation, language: str) -> Write | None:
    if conversation.language == language:
        return None
    conversation.language = language
    return _LANGUAGE.later(conversation)


_LANGUAGE = PreparedUpdate(Conversation, ["language"])


def _extract_and_score(thought: Thought, understood: Understanding) -> None:
    started = time.monotonic()
    checked = checked_facts(understood.facts, said=thought.asked)
    step = RunStep(
        run=thought.run,
        name=RunStep.Name.EXTRACT,
        detail={"facts": checked.facts, "quotes": checked.quotes, "dropped": checked.dropped},
        milliseconds=round((time.monotonic() - started) * 1000),
    )
    if checked.dropped:
        step.state = RunStep.State.WARNING
        step.warning = "; ".join(checked.dropped)[:300]
        thought.warn(f"extract: {step.warning}")
    thought.steps.append(step)
    if understood.intent == Intent.SPAM or understood.is_closing or understood.confidence == 0:
        thought.skip(RunStep.Name.SCORE, why="nothing to score")
        return
    if thought.is_dry:
        thought.skip(RunStep.Name.SCORE, why="a rehearsal makes no lead")
        return
    with thought.step(RunStep.Name.SCORE) as score:
        lead = leads.apply_understanding(
            conversation=thought.conversation,
            message=thought.unanswered[-1],
            burst=thought.unanswered[:-1],
            facts=checked.facts,
            intent=understood.intent.value,
            sentiment=understood.sentiment,
            quotes=checked.quotes,
        )
        score.detail = {"lead": lead.pk, "score": lead.score, "tier": lead.tier} if lead else {}
