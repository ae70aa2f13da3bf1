"""One way to ask a language model, whoever answers.

``complete`` walks the task's chain of ``provider/model`` until one answers in the shape that was
asked for, inside one deadline. The offline engine ends every chain. Every call is accounted for
in the completion, the failed ones too; the caller stores them.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.checks import Error, register
from pydantic import BaseModel, ValidationError

from agents import breaker
from agents.prices import price_of
from agents.providers import LLMS
from agents.providers.base import Account, Answer, ChatMessage, LlmProvider, Material, Question
from knowledge.services import embed_locally
from tenants import context
from tenants.plugins.errors import CredentialsRejected, ProviderError, Rejected, Unavailable

OFFLINE = "offline/engine"
CHAIN_SECONDS = 25.0
# Less than this left, and asking over the network is not worth beginning.
LEAST_SECONDS = 0.5
# What one of several remote routes may use up of the time that is left.
SHARE = 0.6

Calls = list["Call"]


@dataclass(frozen=True, slots=True)
class Call:
    """One question to one model. ``status`` is ok, invalid or failed."""

    task: str
    route: str
    status: str
    error: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal = Decimal(0)
    milliseconds: int = 0

    @property
    def provider(self) -> str:
        return self.route.partition("/")[0]

    @property
    def model(self) -> str:
        return self.route.partition("/")[2]


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer; ``parsed`` is the validated object where a schema was asked for."""

    text: str
    route: str
    parsed: Any = None
    calls: tuple[Call, ...] = field(default=())

    @property
    def warnings(self) -> list[str]:
        """Why this answer did not come from the first of the chain, if it did not."""
        return [f"{call.route}: {call.error}" for call in self.calls if call.status == "failed"]


class NoAnswer(Unavailable):
    """Nobody in the chain could answer; ``calls`` says what was tried."""

    def __init__(self, message: str, calls: Sequence[Call]) -> None:
        super().__init__(message)
        self.calls = tuple(calls)


class Invalid(Rejected):
    """The model answered, but not in the shape that was asked for, even when told so."""


def complete(
    *,
    task: str,
    messages: Sequence[ChatMessage],
    system: str = "",
    schema: type[BaseModel] | None = None,
    material: Material | None = None,
    max_tokens: int = 700,
    seconds: float = CHAIN_SECONDS,
) -> Completion:
    """Answer from the first provider of the task's chain that can; raises NoAnswer."""
    question = Question(
        task=task,
        messages=tuple(messages),
        system=system,
        schema=schema,
        max_tokens=max_tokens,
        material=material or Material(),
    )
    calls: Calls = []
    routes = routes_for(task)  # imports the SDKs the first time, which is nobody's thinking time
    deadline = time.monotonic() + seconds
    for position, route in enumerate(routes):
        remaining = deadline - time.monotonic()
        others = len(routes) - position - 2  # beside this one and the offline engine
        try:
            return _ask(question, route, remaining * SHARE if others > 0 else remaining, calls)
        except ProviderError:
            continue  # it stands in calls; the next one may do better
    raise NoAnswer(f"No model could answer the task {task!r}.", calls)


def routes_for(task: str) -> list[str]:
    """The task's chain: as configured, else every provider we have a key for."""
    configured = settings.MODEL_ROUTES.get(task) or settings.MODEL_ROUTES.get("*")
    chain = configured or [f"{kind}/" for kind in LLMS]
    routes = []
    for route in chain:
        kind, _, model = route.partition("/")
        model = model or LLMS.get(kind).models.get(task, "")
        if kind != "offline" and model and _is_connected(kind):
            routes.append(f"{kind}/{model}")
    return [*routes, OFFLINE]


# -- one route


def _ask(question: Question, route: str, seconds: float, calls: Calls) -> Completion:
    """One provider, with one repair; every call is appended to ``calls``."""
    provider = _provider(route.partition("/")[0])
    if not provider.is_remote:
        return _completion(question, route, _call(provider, question, route, 0, calls), calls)
    permit = breaker.permit(route)
    if not permit.allowed or seconds < LEAST_SECONDS:
        reason = "circuit open" if not permit.allowed else "no time left"
        calls.append(Call(question.task, route, "failed", reason))
        raise Unavailable(reason)
    deadline = time.monotonic() + seconds
    context.release()
    try:
        answer = _call(provider, question, route, seconds, calls)
        try:
            completion = _completion(question, route, answer, calls)
        except Invalid as error:
            left = deadline - time.monotonic()
            if left < LEAST_SECONDS:
                raise
            repaired = _call(provider, _repair(question, answer, error), route, left, calls)
            completion = _completion(question, route, repaired, calls)
    except ProviderError as error:
        _tell_breaker(route, permit, error)
        raise
    breaker.succeeded(route, permit)
    return completion


def _call(
    provider: LlmProvider, question: Question, route: str, seconds: float, calls: Calls
) -> Answer:
    started = time.monotonic()
    try:
        answer = provider.answer(question, model=route.partition("/")[2], timeout=seconds)
    except ProviderError as error:
        said = f"{type(error).__name__}: {error}"[:300]
        calls.append(
            Call(question.task, route, "failed", said, milliseconds=_milliseconds(started))
        )
        raise
    cost = price_of(route, answer.input_tokens, answer.output_tokens).amount
    calls.append(
        Call(
            question.task,
            route,
            "ok",
            input_tokens=answer.input_tokens,
            output_tokens=answer.output_tokens,
            cost=cost,
            milliseconds=_milliseconds(started),
        )
    )
    return answer


def _completion(question: Question, route: str, answer: Answer, calls: Calls) -> Completion:
    """The answer, checked; raises Invalid and marks the call if the shape is wrong."""
    try:
        parsed = _parsed(question.schema, answer)
    except ValueError as error:
        calls[-1] = replace(calls[-1], status="invalid", error=str(error)[:300])
        raise Invalid(str(error)[:2000]) from error
    return Completion(answer.text.strip(), route, parsed, tuple(calls))


def _parsed(schema: type[BaseModel] | None, answer: Answer) -> BaseModel | None:
    """Raises ValueError (Pydantic's is one) for what does not fit."""
    if schema is None:
        if not answer.text.strip():
            raise ValueError("The answer is empty.")
        return None
    text = answer.text.strip()
    # Models without a strict mode like to wrap their JSON in a fence or a sentence.
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        raise ValueError("The answer holds no JSON object.")
    try:
        return schema.model_validate_json(text[start : end + 1])
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise ValueError("; ".join(problems)) from error


def _repair(question: Question, answer: Answer, error: Invalid) -> Question:
    return replace(
        question,
        messages=[
            *question.messages,
            ChatMessage("assistant", answer.text[:4000] or "(nothing)"),
            ChatMessage(
                "user",
                f"That does not fit the required shape: {error}\n"
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


# -- accounts


def _is_connected(kind: str) -> bool:
    account = _account(kind)
    return bool(account.base_url and (account.api_key or not LLMS.get(kind).needs_key))


def _account(kind: str) -> Account:
    return Account(
        base_url=getattr(settings, f"{kind.upper()}_BASE_URL", ""),
        api_key=getattr(settings, f"{kind.upper()}_API_KEY", ""),
        embed=embed_locally,
    )


def _provider(kind: str) -> LlmProvider:
    return _instance(kind, _account(kind))


@lru_cache(maxsize=32)
def _instance(kind: str, account: Account) -> LlmProvider:
    """One client a process and account: it keeps its connections."""
    return LLMS.get(kind)(account)


@register
def routes_are_known(app_configs: Any, **kwargs: Any) -> list[Error]:
    """A misspelt provider in MODEL_ROUTES would otherwise be found by the first customer."""
    routes = settings.MODEL_ROUTES
    unknown = {r for chain in routes.values() for r in chain if r.partition("/")[0] not in LLMS}
    return [
        Error(f"MODEL_ROUTES names {route!r}, which is no provider/model.", id="agents.E001")
        for route in sorted(unknown)
    ]
