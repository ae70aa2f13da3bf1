"""Which models a task is put to, and the accounts they are reached by."""

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.checks import Error, register

from agents.prices import Tokens, price_of
from agents.providers import LLMS
from agents.providers.base import Account, LlmProvider
from knowledge.services import embed_locally

OFFLINE = "offline/engine"
TASKS = ("understand", "draft", "reply", "chat", "summarise")
# A first draft may be put to a small model where one is named for it: what the checks object to
# is written again by the task itself. Where none is named, the task's own writes both.
PART_OF = {"draft": "reply"}
CHEAP_ROUTES = 3
USUAL_TOKENS = Tokens(1_500, 150)  # of a prompt and its answer, to compare prices by


def routes_for(task: str, *, preferred: str = "", chain: Sequence[str] | None = None) -> list[str]:
    """The task's chain: as configured, else every provider we have a key for.

    ``chain`` is the company's own; ``preferred`` is asked first. What is not connected is left
    out of either.
    """
    named = settings.MODEL_ROUTES
    configured = chain or named.get(task) or named.get(PART_OF.get(task, "*")) or named.get("*")
    routes = []
    for route in configured or [f"{kind}/" for kind in LLMS]:
        kind, _, model = route.partition("/")
        model = model or LLMS.get(kind).models.get(task, "")
        if kind != "offline" and model and _is_connected(kind):
            routes.append(f"{kind}/{model}")
    if preferred and preferred != OFFLINE and _is_connected(preferred.partition("/")[0]):
        routes = [preferred, *(route for route in routes if route != preferred)]
    return [*routes, OFFLINE]


def connected_routes() -> list[str]:
    """Every model that could answer now and that this installation names anywhere."""
    named = {route for chain in settings.MODEL_ROUTES.values() for route in chain}
    named |= {f"{kind}/{model}" for kind in LLMS for model in LLMS.get(kind).models.values()}
    return sorted(
        route
        for route in named
        if route.partition("/")[2] and route != OFFLINE and _is_connected(route.partition("/")[0])
    )


def unknown_routes(chain: Sequence[str]) -> list[str]:
    """Those of a chain that name no provider of ours, or no model of it."""
    return [
        route
        for route in chain
        if route.partition("/")[0] not in LLMS or not route.partition("/")[2].strip()
    ]


def cheapest_first(routes: Sequence[str]) -> list[str]:
    """The chain with the cheapest models of the same providers before it; offline stays last.

    A model whose price we do not know keeps its place behind those we know.
    """
    kinds = {route.partition("/")[0] for route in routes}
    known = {route for route in connected_routes() if route.partition("/")[0] in kinds}
    asked = [route for route in routes if route != OFFLINE]
    everyone = [*asked, *sorted(known - set(asked))]
    return [*sorted(everyone, key=_price)[:CHEAP_ROUTES], OFFLINE]


def _price(route: str) -> tuple[bool, Decimal]:
    price = price_of(route, USUAL_TOKENS)
    return not price.priced, price.amount


def provider_of(route: str) -> LlmProvider:
    """The one who answers ``provider/model``."""
    kind = route.partition("/")[0]
    return _instance(kind, _account(kind))


def _is_connected(kind: str) -> bool:
    account = _account(kind)
    return bool(account.base_url and (account.api_key or not LLMS.get(kind).needs_key))


def _account(kind: str) -> Account:
    return Account(
        base_url=getattr(settings, f"{kind.upper()}_BASE_URL", ""),
        api_key=getattr(settings, f"{kind.upper()}_API_KEY", ""),
        streams=settings.MODEL_STREAMS,
        embed=embed_locally,
    )


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
