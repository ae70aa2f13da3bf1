"""What models cost, in US dollars per million tokens (input, output).

Standard tier, prompts up to 100,000 tokens, read on 2026-11-20 from
https://platform.claude.com/docs/en/about-claude/pricing and
https://developers.openai.com/api/docs/pricing. A price is data: correct it here. A model that
is not listed is counted at zero and its calls say so by ``priced = False``.
"""

from dataclasses import dataclass
from decimal import Decimal

MILLION = Decimal(1_000_000)

PRICES: dict[str, tuple[str, str]] = {
    "anthropic/claude-haiku-5-5": ("0.10", "0.50"),
    "anthropic/claude-haiku-4-5": ("1", "5"),
    "anthropic/claude-sonnet-5-5": ("2", "10"),
    "anthropic/claude-sonnet-5": ("2", "10"),
    "anthropic/claude-sonnet-4-6": ("3", "15"),
    "anthropic/claude-opus-5-5": ("4", "20"),
    "openai/gpt-6-luna": ("0.10", "0.50"),
    "openai/gpt-6-sol": ("2", "10"),
    "openai/gpt-6.1-sol": ("2", "10"),
    "openai/gpt-5.6-luna": ("0.20", "1.20"),
    "openai/gpt-5.6-terra": ("2", "12"),
    "openai/gpt-5.4-mini": ("0.75", "4.50"),
    "openai/gpt-5.4-nano": ("0.20", "1.25"),
}


@dataclass(frozen=True, slots=True)
class Price:
    """The cost of one call; ``priced`` is False where we do not know the model's price."""

    amount: Decimal
    priced: bool


def price_of(route: str, input_tokens: int, output_tokens: int) -> Price:
    """What a call to ``provider/model`` cost. The offline engine costs nothing."""
    if route.startswith("offline/"):
        return Price(Decimal(0), priced=True)
    rates = PRICES.get(route) or next(
        # A dated snapshot ("claude-haiku-4-5-20251001") costs what its alias does.
        (rates for known, rates in PRICES.items() if _is_snapshot(route, known)),
        None,
    )
    if rates is None:
        return Price(Decimal(0), priced=False)
    per_input, per_output = map(Decimal, rates)
    return Price((per_input * input_tokens + per_output * output_tokens) / MILLION, priced=True)


def _is_snapshot(route: str, known: str) -> bool:
    rest = route.removeprefix(known + "-")
    return rest != route and rest.replace("-", "").isdigit()
