"""Whether two shares differ, said honestly: with the sample they would need, and often not yet.

Two proportions are compared by the pooled z-test. People look at an experiment again and again,
and each look is a chance to be fooled; so before the planned sample is there, only a difference
far beyond chance counts (the idea of O'Brien and Fleming's early bounds).
"""

import math
from dataclasses import dataclass

CHANCE = 0.05  # once the planned sample is there
EARLY_CHANCE = 0.005
LEAST = 20  # of each side, before anything is said at all
LEAST_EXPECTED = 5.0  # hits and misses of each side, for the normal curve to hold
WORTH_SEEING = 0.10  # the difference that the sample is planned for


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        return self.hits / self.of if self.of else 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """``verdict``: too_early, same, higher or lower (the second against the first).

    ``low`` and ``high`` hold the true difference 95 times of 100; ``needed`` is the sample of each
    side that would show a difference of ten points four times of five.
    """

    difference: float
    low: float
    high: float
    p: float
    needed: int
    verdict: str

    @property
    def is_clear(self) -> bool:
        return self.verdict in {"higher", "lower"}


def compare(first: Share, second: Share) -> Comparison:
    """How the second share stands to the first."""
    difference = second.value - first.value
    needed = sample_needed(first.value)
    if not first.of or not second.of:
        return Comparison(difference, -1.0, 1.0, 1.0, needed, "too_early")
    p = _chance(first, second)
    wide = 1.96 * math.sqrt(_variance(first) + _variance(second))
    low, high = max(-1.0, difference - wide), min(1.0, difference + wide)
    return Comparison(difference, low, high, p, needed, _verdict(first, second, p, needed))


def sample_needed(share: float, *, seen: float = WORTH_SEEING) -> int:
    """Of each side, to see a difference of ``seen`` with a power of 80 %."""
    usual = min(max(share, 0.05), 0.95)
    other = min(max(usual + (seen if usual < 0.5 else -seen), 0.0), 1.0)
    spread = usual * (1 - usual) + other * (1 - other)
    return math.ceil((1.96 + 0.8416) ** 2 * spread / seen**2)


def _verdict(first: Share, second: Share, p: float, needed: int) -> str:
    smallest = min(first.of, second.of)
    together = (first.hits + second.hits) / (first.of + second.of)
    expected = min(together, 1 - together) * smallest
    # All of one and none of the other is no doubt, however ill the normal curve fits.
    if smallest < LEAST or (expected < LEAST_EXPECTED and p >= EARLY_CHANCE):
        return "too_early"
    if p < (CHANCE if smallest >= needed else EARLY_CHANCE):
        return "higher" if second.value > first.value else "lower"
    return "same" if smallest >= needed else "too_early"


def _chance(first: Share, second: Share) -> float:
    """How often chance alone would part them at least so far."""
    together = (first.hits + second.hits) / (first.of + second.of)
    spread = math.sqrt(together * (1 - together) * (1 / first.of + 1 / second.of))
    if not spread:
        return 1.0
    return math.erfc(abs(second.value - first.value) / spread / math.sqrt(2))


def _variance(share: Share) -> float:
    """Of a share, moved a little to the middle: none of ten is not never (Agresti and Caffo)."""
    hits, of = share.hits + 1, share.of + 2
    return hits / of * (1 - hits / of) / of
