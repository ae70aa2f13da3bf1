"""What models cost, in US dollars per million tokens: input, output; where the vendor keeps prompts
also input that is written to its cache (for five minutes), and input that is read from there.

Standard tier, prompts up to 100,000 tokens, read on 2026-11-20 from
https://platform.claude.com/docs/en/about-claude/pricing and
https://developers.openai.com/api/docs/pricing. A price is data: ``prices.json`` holds those we
know, ``MODEL_PRICES`` corrects them or adds others, as ``{"provider/model": ["input", "output"]}``
or with all four.
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
class Tokens:
    """What a call took, as the vendor counts. Of the input, ``written`` went into its prompt cache
    and ``cached`` came from there."""

    input: int
    output: int
    written: int = 0
    cached: int = 0


@dataclass(frozen=True, slots=True)
class Price:
    """The cost of one call; ``priced`` is False where we do not know the model's price."""

    amount: Decimal
    priced: bool


def price_of(route: str, used: Tokens) -> Price:
    """What a call to ``provider/model`` cost. The offline engine costs nothing."""
    if route.startswith("offline/"):
        return Price(Decimal(0), priced=True)
    rates = settings.MODEL_PRICES.get(route) or PRICES.get(route) or _alias(route)
    if rates is None:
        return Price(Decimal(0), priced=False)
    return Price(_amount(rates, used), priced=True)


def price_at_most(route: str, used: Tokens) -> Decimal:
    """What a cap counts: a model whose price nobody told us is as dear as the dearest we know."""
    price = price_of(route, used)
    if price.priced:
        return price.amount
    return max(_amount(rates, used) for rates in PRICES.values())


def _amount(rates: Sequence[str | float], used: Tokens) -> Decimal:
    per_input, per_output, *kept = (Decimal(str(rate)) for rate in rates)
    per_written, per_cached = kept or (per_input, per_input)
    plain = used.input - used.written - used.cached
    whole = per_input * plain + per_output * used.output
    return (whole + per_written * used.written + per_cached * used.cached) / MILLION


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
            is_right = len(rates) in (2, 4) and all(Decimal(str(rate)) >= 0 for rate in rates)
        except (TypeError, ArithmeticError):
            is_right = False
        if not is_right:
            wrong.append(
                Error(f"MODEL_PRICES: {route!r} needs two numbers, or four.", id="agents.E002")
            )
    return wrong
