"""How well a lead fits whom the company sells to, in five dimensions. Pure: no database, no clock.

Of each dimension is said what is wanted: words, one of which must be in the fact, or a range. What
nobody wrote down is not judged, and what is not known of a lead neither fits nor misses.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_noop as _

INDUSTRY, SIZE, REGION, BUDGET, ROLE = DIMENSIONS = ("industry", "size", "region", "budget", "role")
FACTS: Mapping[str, str] = {
    INDUSTRY: "industry",
    SIZE: "company_size",
    REGION: "location",
    BUDGET: "budget",
    ROLE: "role",
}
LABELS: Mapping[str, str] = {
    INDUSTRY: _("Industry"),
    SIZE: _("Company size"),
    REGION: _("Region"),
    BUDGET: _("Budget"),
    ROLE: _("Role"),
}
RULES: Mapping[str, str] = {name: f"fit_{name}" for name in DIMENSIONS}
STATES = FITS, MISSES, UNKNOWN = ("fits", "misses", "unknown")
MOST_WORDS, LONGEST_WORD, HIGHEST_NUMBER = 30, 60, 10**12
WHOLE_WORD = 3  # letters, up to which a word must stand alone: IT is not in hospitality

_NUMBER = re.compile(
    r"(\d[\d.,  ٬٫'’]*)\s*(k|m|mio|mn|tsd|mil(?:lones|lion|lón)?|thousand|ألف|الف|مليون)?\b", re.I
)
_TIMES = {
    **dict.fromkeys(("k", "tsd", "thousand", "mil", "ألف", "الف"), 1_000),
    **dict.fromkeys(("m", "mio", "mn", "million", "millones", "millón", "مليون"), 1_000_000),
}


@dataclass(frozen=True, slots=True)
class Ideal:
    """Whom the company sells to, as far as it says so."""

    industry: tuple[str, ...] = ()
    size_from: int | None = None
    size_to: int | None = None
    region: tuple[str, ...] = ()
    budget_from: int | None = None
    role: tuple[str, ...] = ()

    def asks(self, dimension: str) -> bool:
        """Whether anything is wanted of this dimension."""
        if dimension == SIZE:
            return self.size_from is not None or self.size_to is not None
        if dimension == BUDGET:
            return self.budget_from is not None
        return bool(getattr(self, dimension))

    def as_json(self) -> dict[str, Any]:
        return {
            "industry": [*self.industry],
            "size_from": self.size_from,
            "size_to": self.size_to,
            "region": [*self.region],
            "budget_from": self.budget_from,
            "role": [*self.role],
        }


NOBODY = Ideal()


@dataclass(frozen=True, slots=True)
class Match:
    """One dimension of one lead. ``share`` is what it counts for, of all that is asked."""

    dimension: str
    state: str
    value: str
    share: int

    @property
    def label(self) -> str:
        return LABELS[self.dimension]


def from_json(content: Mapping[str, Any]) -> Ideal:
    """What ``as_json`` wrote; what is missing asks for nothing."""
    return Ideal(
        industry=tuple(content.get("industry") or ()),
        size_from=content.get("size_from"),
        size_to=content.get("size_to"),
        region=tuple(content.get("region") or ()),
        budget_from=content.get("budget_from"),
        role=tuple(content.get("role") or ()),
    )


def fits(ideal: Ideal, dimension: str, value: str) -> bool | None:
    """Whether a value is what is wanted; None where nothing is wanted, or nothing can be read."""
    if not ideal.asks(dimension) or not value.strip():
        return None
    if dimension == SIZE:
        return _is_between(numbers(value), ideal.size_from, ideal.size_to)
    if dimension == BUDGET:
        return _is_between(numbers(value)[-1:], ideal.budget_from, None)
    return any(_says(value, word) for word in getattr(ideal, dimension))


def matches(ideal: Ideal, facts: Mapping[str, str], shares: Mapping[str, int]) -> list[Match]:
    """Every dimension that is asked about, in their order."""
    found = []
    for dimension in DIMENSIONS:
        if ideal.asks(dimension):
            value = facts.get(FACTS[dimension], "")
            fit = fits(ideal, dimension, value)
            state = UNKNOWN if fit is None else FITS if fit else MISSES
            found.append(Match(dimension, state, value, shares[dimension]))
    return found


def percent(found: Sequence[Match]) -> int | None:
    """How much of what is wanted is there; None where nothing is wanted."""
    if not found:
        return None
    total = sum(one.share for one in found)
    if not total:  # none counts for points: then all count alike
        return round(100 * sum(one.state == FITS for one in found) / len(found))
    return round(100 * sum(one.share for one in found if one.state == FITS) / total)


def numbers(text: str) -> list[float]:
    """The numbers a text names, smallest first: ``5k``, ``1.200,50`` and ``٩٠٠`` are read."""
    digits = "".join(
        str(unicodedata.digit(each)) if each.isdigit() and not each.isascii() else each
        for each in text
    )
    found = []
    for written, unit in _NUMBER.findall(digits):
        value = _number(written)
        if value is not None:
            found.append(value * _TIMES.get(unit.casefold(), 1))
    return sorted(found)


def faults_of(ideal: Ideal) -> dict[str, str]:
    """What is wrong, one code a place; {} if sound."""
    faults = {}
    for name in (INDUSTRY, REGION, ROLE):
        words = getattr(ideal, name)
        if len(words) > MOST_WORDS or not all(0 < len(word) <= LONGEST_WORD for word in words):
            faults[f"ideal.{name}"] = "length"
    for name in ("size_from", "size_to", "budget_from"):
        number = getattr(ideal, name)
        if number is not None and not 0 <= number <= HIGHEST_NUMBER:
            faults[f"ideal.{name}"] = "out_of_range"
    if None not in {ideal.size_from, ideal.size_to} and ideal.size_from > ideal.size_to:  # type: ignore[operator]
        faults["ideal.size_to"] = "out_of_range"
    return faults


def _is_between(found: Sequence[float], lowest: int | None, highest: int | None) -> bool | None:
    """Whether a range that is named touches the one that is wanted."""
    if not found:
        return None
    return (lowest is None or found[-1] >= lowest) and (highest is None or found[0] <= highest)


def _says(value: str, word: str) -> bool:
    wanted = re.escape(word.casefold().strip())
    end = r"(?!\w)" if len(word.strip()) <= WHOLE_WORD else ""
    return re.search(rf"(?<!\w){wanted}{end}", value.casefold()) is not None


def _number(written: str) -> float | None:
    """A point or comma before three last digits parts thousands; before others, a fraction."""
    text = re.sub(r"[  ٬'’]", "", written).replace("٫", ".").strip(".,")
    marks = [each for each in text if each in ".,"]
    if len(set(marks)) == 2:
        text = text.replace(marks[0], "").replace(",", ".")
    elif len(marks) > 1 or re.fullmatch(r"\d{1,3}[.,]\d{3}", text):
        text = re.sub(r"[.,]", "", text)
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None
