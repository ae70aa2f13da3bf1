"""What each reason for a score is worth: the built-in numbers, and a company's own. Pure data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from leads import fit
from leads.fit import NOBODY, Ideal

HIGHEST = 100  # a score, and what a threshold may be at most
MOST_POINTS = 50  # one reason alone never decides
MOST_OWN = 20
MOST_WORDS = 20
LONGEST_LABEL, LONGEST_FACT, LONGEST_WORD = 48, 48, 60
BUILT_IN_NUMBER = 1  # a company's own sets count from 2

# By case: a rule that can hold in several ways has a number for each of them.
POINTS: Mapping[str, int] = {
    "intent.sales": 25,
    "intent.urgent": 15,
    "intent.general": 5,
    "intent.support": 0,
    "budget.figure": 20,
    "budget.spoken": 10,
    "interest": 10,
    "timeline": 10,
    "urgency": 10,
    "email": 8,
    "phone": 8,
    "company": 5,
    "role": 5,
    "sentiment.glad": 5,
    "sentiment.angry": -10,
    # Of dimensions in which the company says whom it sells to; see leads/fit.py.
    **{
        f"{rule}.{case}": 5 if case == "yes" else -5
        for rule in fit.RULES.values()
        for case in ("yes", "no")
    },
}


def rule_of(case: str) -> str:
    return case.partition(".")[0]


@dataclass(frozen=True, slots=True)
class OwnRule:
    """Points for a fact that is known and, where words are given, has one of them in it."""

    label: str
    fact: str
    points: int
    words: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return OWN + self.label


OWN = "own:"


@dataclass(frozen=True, slots=True)
class Weights:
    """One set of numbers. ``since`` holds, by rule, the number of the set that last changed it."""

    number: int = BUILT_IN_NUMBER
    points: Mapping[str, int] = field(default_factory=lambda: POINTS)
    hot: int = 70
    warm: int = 40
    own: tuple[OwnRule, ...] = ()
    ideal: Ideal = NOBODY
    since: Mapping[str, int] = field(default_factory=dict)

    def version_of(self, rule: str) -> int:
        return self.since.get(rule, BUILT_IN_NUMBER)

    def share_of(self, dimension: str) -> int:
        """What a dimension of the fit counts for."""
        return max(self.points[f"{fit.RULES[dimension]}.yes"], 0)

    def as_json(self) -> dict[str, Any]:
        return {
            "ideal": self.ideal.as_json(),
            "points": dict(self.points),
            "hot": self.hot,
            "warm": self.warm,
            "own": [
                {"label": one.label, "fact": one.fact, "points": one.points, "words": [*one.words]}
                for one in self.own
            ],
        }


BUILT_IN = Weights()


def from_json(
    content: Mapping[str, Any],
    *,
    number: int = BUILT_IN_NUMBER,
    since: Mapping[str, int] | None = None,
) -> Weights:
    """What ``as_json`` wrote; a case that did not exist then has its built-in number."""
    points = content.get("points", {})
    return Weights(
        number=number,
        points={case: int(points.get(case, built_in)) for case, built_in in POINTS.items()},
        hot=int(content.get("hot", BUILT_IN.hot)),
        warm=int(content.get("warm", BUILT_IN.warm)),
        own=tuple(
            OwnRule(one["label"], one["fact"], int(one["points"]), tuple(one.get("words", ())))
            for one in content.get("own", ())
        ),
        ideal=fit.from_json(content.get("ideal") or {}),
        since=since or {},
    )


def changed_rules(before: Weights, after: Weights) -> set[str]:
    """The rules that are worth something else, or hold for something else, afterwards."""
    changed = {rule_of(case) for case in POINTS if before.points[case] != after.points[case]}
    changed |= {
        rule
        for dimension, rule in fit.RULES.items()
        if _wanted(before.ideal, dimension) != _wanted(after.ideal, dimension)
    }
    had = {one.name: one for one in before.own}
    has = {one.name: one for one in after.own}
    return changed | {name for name in {*had, *has} if had.get(name) != has.get(name)}


def _wanted(ideal: Ideal, dimension: str) -> list[Any]:
    said = ideal.as_json()
    return [value for name, value in said.items() if name.partition("_")[0] == dimension]


def faults_of(weights: Weights) -> dict[str, str]:
    """What is wrong, one code a place (``intent.sales``, ``hot``, ``own.2.label``); {} if sound."""
    faults = {case: "out_of_range" for case, points in weights.points.items() if not _fair(points)}
    if not 0 < weights.hot <= HIGHEST:
        faults["hot"] = "out_of_range"
    if not 0 < weights.warm < weights.hot:
        faults["warm"] = "not_below_hot"
    faults |= fit.faults_of(weights.ideal)
    if len(weights.own) > MOST_OWN:
        faults["own"] = "too_many"
    seen: set[str] = set()
    for place, one in enumerate(weights.own):
        for name, code in _faults_of_own(one, seen):
            faults[f"own.{place}.{name}"] = code
        seen.add(one.label.casefold())
    return faults


def _faults_of_own(one: OwnRule, seen: set[str]) -> Sequence[tuple[str, str]]:
    faults = []
    if not 0 < len(one.label.strip()) <= LONGEST_LABEL:
        faults.append(("label", "length"))
    elif one.label.casefold() in seen:
        faults.append(("label", "twice"))
    if not 0 < len(one.fact.strip()) <= LONGEST_FACT:
        faults.append(("fact", "length"))
    if not _fair(one.points) or not one.points:
        faults.append(("points", "out_of_range"))
    if len(one.words) > MOST_WORDS or not all(0 < len(w) <= LONGEST_WORD for w in one.words):
        faults.append(("words", "length"))
    return faults


def _fair(points: int) -> bool:
    return -MOST_POINTS <= points <= MOST_POINTS
