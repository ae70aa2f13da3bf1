"""What models cost, in US dollars per million tokens (input, output).

Standard tier, prompts up to 100,000 tokens, read on 2026-11-20 from
https://platform.claude.com/docs/en/about-claude/pricing and
https://developers.openai.com/api/docs/pricing. A price is data: ``prices.json`` holds those we
know, ``MODEL_PRICES`` corrects them or adds others, as ``{"provider/model": ["input", "output"]}``.
A model that is listed nowhere is counted at zero and its calls say so by ``priced = False``.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import Error, register

MILLION = Decimal(1_000_000)

PRICES: dict[str, list[str]] = json.loads(Path(__file__).with_name("prices.json").read_text())


@dataclass(frozen=True, slots=True)
class Price:
    """The cost of one call; ``priced`` is False where we do not know the model's price."""

    amount: Decimal
    priced: bool


def price_of(route: str, input_tokens: int, output_tokens: int) -> Price:
    """What a call to ``provider/model`` cost. The offline engine costs nothing."""
    if route.startswith("offline/"):
        return Price(Decimal(0), priced=True)
    rates = settings.MODEL_PRICES.get(route) or PRICES.get(route) or _alias(route)
    if rates is None:
        return Price(Decimal(0), priced=False)
    return Price(_amount(rates, input_tokens, output_tokens), priced=True)


def price_at_most(route: str, input_tokens: int, output_tokens: int) -> Decimal:
    """What a cap counts: a model whose price nobody told us is as dear as the dearest we know."""
    price = price_of(route, input_tokens, output_tokens)
    if price.priced:
        return price.amount
    return max(_amount(rates, input_tokens, output_tokens) for rates in PRICES.values())


def _amount(rates: Sequence[str | float], input_tokens: int, output_tokens: int) -> Decimal:
    per_input, per_output = (Decimal(str(rate)) for rate in rates)
    return (per_input * input_tokens + per_output * output_tokens) / MILLION


@lru_cache(maxsize=256)
def _alias(route: str) -> list[str] | None:
    """A dated snapshot ("claude-haiku-4-5-20251001") costs what its alias does."""
    return next((rates for known, rates in PRICES.items() if _is_snapshot(route, known)), None)


def _is_snapshot(route: str, known: str) -> bool:
    rest = route.removeprefix(known + "-")
    return rest != route and rest.replace("-", "").isdigit()


@register
def prices_are_numbers(app_configs: Any, **kwargs: Any) -> list[Error]:
    """A price that cannot be read would otherwise be found by the first customer."""
    wrong = []
    for route, rates in settings.MODEL_PRICES.items():
        try:
            is_right = len(rates) == 2 and all(Decimal(str(rate)) >= 0 for rate in rates)
        except (TypeError, ArithmeticError):
            is_right = False
        if not is_right:
            wrong.append(Error(f"MODEL_PRICES: {route!r} needs two numbers.", id="agents.E002"))
    return wrong
