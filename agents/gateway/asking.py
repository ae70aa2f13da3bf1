"""Walking a task's chain until somebody answers."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.conf import settings
from pydantic import BaseModel, ValidationError

from agents import breaker
from agents.gateway.budget import Reservation, Rung, most_it_can_cost, reserve
from agents.gateway.calls import Call, Completion, Invalid, NoAnswer, OverBudget
from agents.gateway.hearing import Hearer
from agents.gateway.placeholders import Placeholders, UnknownMark
from agents.gateway.routing import OFFLINE, PART_OF, cheapest_first, provider_of, routes_for
from agents.gateway.spans import call_span, tell
from agents.gateway.terms import Heard, Terms
from agents.guardrails.arriving import Arriving
from agents.prices import Tokens, price_at_most, price_of
from agents.providers.base import Answer, ChatMessage, LlmProvider, Material, Question, ToolSpec
from tenants import context
from tenants.plugins.errors import CredentialsRejected, ProviderError, Rejected, Unavailable

CHAIN_SECONDS = 25.0
# Less than this left, and asking over the network is not worth beginning.
LEAST_SECONDS = 0.5
# What one of several remote routes may use up of the time that is left.
SHARE = 0.6
BUDGET = "the budget is used up"


def complete(
    *,
    task: str,
    messages: Sequence[ChatMessage],
    system: str = "",
    schema: type[BaseModel] | None = None,
    material: Material | None = None,
    max_tokens: int = 700,
    seconds: float = CHAIN_SECONDS,
    terms: Terms | None = None,
    tools: Sequence[ToolSpec] = (),
    hearer: Hearer | None = None,
    routed_as: str = "",
) -> Completion:
    """Answer from the first provider of the task's chain that can; raises NoAnswer.

    ``routed_as`` is the task whose chain is walked, where that is another than the task itself.

    With ``tools`` it may come back with those that the model ``wanted`` instead of an answer.
    """
    question = Question(
        task=task,
        messages=tuple(messages),
        system=system,
        schema=schema,
        max_tokens=max_tokens,
        material=material or Material(),
        tools=tuple(tools),
    )
    errand = Errand(question, terms or Terms(), routed_as=routed_as or task, hearer=hearer)
    routes = _routes(errand)  # imports the SDKs the first time, which is nobody's thinking time
    deadline = time.monotonic() + seconds
    for position, route in enumerate(routes):
        remaining = deadline - time.monotonic()
        others = len(routes) - position - 2  # beside this one and the offline engine
        try:
            return _ask(errand, route, remaining * SHARE if others > 0 else remaining)
        except ProviderError:
            continue  # it stands in calls; the next one may do better
    raise NoAnswer(f"No model could answer the task {task!r}.", errand.calls)


@dataclass(slots=True)
class Errand:
    """One question on its way through the chain, and every call it took.

    ``hidden`` is the question as it may leave the house; made once, and only if it has to.
    """

    question: Question
    terms: Terms
    routed_as: str
    calls: list[Call] = field(default_factory=list)
    hearer: Hearer | None = None
    placeholders: Placeholders | None = None
    _hidden: Question | None = None

    def hidden(self) -> Question:
        if not self.terms.hides_personal:
            return self.question
        if self._hidden is None:
            self.placeholders = Placeholders(self.terms.people)
            self._hidden = self.placeholders.hidden(self.question)
        return self._hidden

    def hide(self, text: str) -> str:
        return self.placeholders.hide(text) if self.placeholders else text

    def shown(self, value: Any) -> Any:
        return self.placeholders.shown(value) if self.placeholders else value


def _routes(errand: Errand) -> list[str]:
    """The task's chain on the errand's terms: the dearer the times, the cheaper the first."""
    task, terms = errand.question.task, errand.terms
    routes = _chain(errand.routed_as, terms)
    if terms.rung >= Rung.OFFLINE and len(routes) > 1:
        errand.calls.append(Call(task, routes[0], "failed", BUDGET))
        return [OFFLINE]
    if terms.rung >= Rung.CHEAPER:
        return cheapest_first(routes)
    return routes


def is_named(task: str, terms: Terms) -> bool:
    """Whether the company or the installation names models for this part of a task by itself."""
    return bool(terms.chains.get(task) or settings.MODEL_ROUTES.get(task))


def _chain(task: str, terms: Terms) -> list[str]:
    """As the version and the company have it; a part of a task goes by the whole of it."""
    whole = PART_OF.get(task, task)
    pinned = terms.models.get(whole, "")  # by the version that is being tried
    chain = terms.chains.get(task) or terms.chains.get(whole)
    return routes_for(task, preferred=pinned, chain=chain)


# -- one route


def _ask(errand: Errand, route: str, seconds: float) -> Completion:
    """One provider, with one repair; every call is appended to the errand's."""
    provider = provider_of(route)
    if not provider.is_remote:
        errand.placeholders = None  # it reads what people wrote, and answers in their words
        return _completion(errand, route, _call(errand, provider, errand.question, route, 0))
    permit = breaker.permit(route)
    if not permit.allowed or seconds < LEAST_SECONDS:
        reason = "circuit open" if not permit.allowed else "no time left"
        errand.calls.append(Call(errand.question.task, route, "failed", reason))
        raise Unavailable(reason)
    deadline = time.monotonic() + seconds
    question = errand.hidden()
    try:
        answer = _call(errand, provider, question, route, seconds)
        try:
            completion = _completion(errand, route, answer)
        except Invalid as error:
            left = deadline - time.monotonic()
            if left < LEAST_SECONDS:
                raise
            again = _repair(question, answer, errand.hide(str(error)))
            repaired = _call(errand, provider, again, route, left)
            completion = _completion(errand, route, repaired)
    except OverBudget:
        raise
    except ProviderError as error:
        _tell_breaker(route, permit, error)
        raise
    breaker.succeeded(route, permit)
    return completion


def _call(
    errand: Errand, provider: LlmProvider, question: Question, route: str, seconds: float
) -> Answer:
    reserved = _reserved(errand, question, route) if provider.is_remote else None
    if provider.is_remote:
        context.release()
    with call_span(provider, question, route) as started:
        answer, call = _answer(errand, provider, question, route, seconds, reserved)
        tell(started, call)
    return answer


def _answer(
    errand: Errand,
    provider: LlmProvider,
    question: Question,
    route: str,
    seconds: float,
    reserved: Reservation | None,
) -> tuple[Answer, Call]:
    """Ask, and account for it, whatever comes of it."""
    started = time.monotonic()
    if errand.hearer is not None and provider.is_remote:
        question = replace(question, listener=_listener(errand, errand.hearer))
    try:
        answer = provider.answer(question, model=route.partition("/")[2], timeout=seconds)
    except ProviderError as error:
        if reserved and error.status:  # an answer that was only lost may have been charged
            reserved.settle(Decimal(0))
        said = f"{type(error).__name__}: {error}"[:300]
        errand.calls.append(
            Call(question.task, route, "failed", said, milliseconds=_milliseconds(started))
        )
        raise
    if errand.terms.heard is not None:
        errand.terms.heard.append(Heard(question.task, route, question, answer.text))
    used = Tokens(
        answer.input_tokens, answer.output_tokens, answer.written_tokens, answer.cached_tokens
    )
    call = Call(
        question.task,
        route,
        "ok",
        input_tokens=answer.input_tokens,
        output_tokens=answer.output_tokens,
        cached_tokens=answer.cached_tokens,
        cost=price_of(route, used).amount,
        milliseconds=_milliseconds(started),
    )
    errand.calls.append(call)
    if reserved:
        reserved.settle(price_at_most(route, used))
    return answer, call


def _listener(errand: Errand, hearer: Hearer) -> Callable[[str], None]:
    """Each sentence of the answer as soon as it is whole, personal words put back."""
    arriving = Arriving()
    hearer.begins()

    def hear(delta: str) -> None:
        for sentence in arriving.feed(delta):
            try:
                hearer.hears(errand.shown(sentence))
            except UnknownMark:
                return  # the whole answer will be found wanting

    return hear


def _reserved(errand: Errand, question: Question, route: str) -> Reservation | None:
    """Money for the call, where a hard cap stands; raises OverBudget."""
    caps = errand.terms.caps
    if caps is None or not caps.is_hard:
        return None
    reserved = reserve(caps, most_it_can_cost(question, route))
    if reserved is None:
        errand.calls.append(Call(question.task, route, "failed", BUDGET))
        raise OverBudget(BUDGET)
    return reserved


def _completion(errand: Errand, route: str, answer: Answer) -> Completion:
    """The answer, checked; raises Invalid and marks the call if the shape is wrong."""
    try:
        if answer.calls and errand.question.tools:
            wanted = tuple(replace(c, arguments=errand.shown(c.arguments)) for c in answer.calls)
            return Completion("", route, calls=tuple(errand.calls), wanted=wanted)
        parsed, text = _parsed(errand, answer)
    except ValueError as error:
        errand.calls[-1] = replace(errand.calls[-1], status="invalid", error=str(error)[:300])
        raise Invalid(str(error)[:2000]) from error
    return Completion(text, route, parsed, tuple(errand.calls))


def _parsed(errand: Errand, answer: Answer) -> tuple[BaseModel | None, str]:
    """The object and the text, personal words put back.

    Raises ValueError (Pydantic's is one) for what does not fit.
    """
    text = answer.text.strip()
    schema = errand.question.schema
    if schema is None:
        if not text:
            raise ValueError("The answer is empty.")
        return None, errand.shown(text)
    # Models without a strict mode like to wrap their JSON in a fence or a sentence.
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        raise ValueError("The answer holds no JSON object.")
    try:
        if not errand.placeholders:
            return schema.model_validate_json(text[start : end + 1]), text
        # Put back within the parsed values: a name may hold a quotation mark.
        return schema.model_validate(errand.shown(json.loads(text[start : end + 1]))), text
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise ValueError("; ".join(problems)) from error


def _repair(question: Question, answer: Answer, problem: str) -> Question:
    return replace(
        question,
        messages=[
            *question.messages,
            ChatMessage("assistant", answer.text[:4000] or "(nothing)"),
            ChatMessage(
                "user",
                f"That does not fit the required shape: {problem}\n"
                "Answer again with the corrected content only, nothing around it.",
            ),
        ],
    )


def _tell_breaker(route: str, permit: breaker.Permit, error: ProviderError) -> None:
    """Trouble of the provider counts; its honest no to this one question does not."""
    if isinstance(error, CredentialsRejected):
        breaker.failed(route, at_once=True)
    elif isinstance(error, Rejected):
        breaker.succeeded(route, permit)
    else:
        breaker.failed(route, retry_after=error.retry_after)


def _milliseconds(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
