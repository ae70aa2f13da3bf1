"""How promising a lead is, and why. Pure arithmetic: no database, no model, no clock.

A score is never stored without its reasons: the rules below turn what was said into lines,
and the sum of the lines is the score. A rule whose meaning changes gets a new version.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

HOT = 70
WARM = 40
HIGHEST = 100

MANUAL = "manual"  # a person's correction; never derived, never removed by a derivation
LIMIT = "limit"  # what keeps the sum between 0 and 100


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing we know, and the words that say so."""

    value: str
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What was understood of one message. ``message`` is its id, for the record only."""

    facts: Mapping[str, Fact] = field(default_factory=dict)
    intent: str = ""
    sentiment: float | None = None
    quote: str = ""
    message: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One reason: so many points by this rule, because of these words."""

    rule: str
    version: int
    points: int
    quote: str = ""
    message: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A fact as it stands now, with the message it comes from."""

    value: str
    quote: str
    message: int | None


@dataclass(frozen=True, slots=True)
class Rule:
    """``reason`` finds its line in all that was said, or None; ``best`` is the most it can give.

    ``hint`` says what would earn the points that are still missing.
    """

    name: str
    version: int
    label: str
    best: int
    hint: str
    reason: Callable[[Sequence[Said], Mapping[str, Known]], tuple[int, str, int | None] | None]


def known(said: Iterable[Said]) -> dict[str, Known]:
    """The newest value of each fact, credited to the message that first said it.

    An empty value takes the fact back.
    """
    facts: dict[str, Known] = {}
    for one in said:
        for name, fact in one.facts.items():
            if not fact.value:
                facts.pop(name, None)
            elif name not in facts or facts[name].value != fact.value:
                facts[name] = Known(fact.value, fact.quote, one.message)
    return facts


def derive(said: Sequence[Said]) -> list[Line]:
    """Every rule's line, in the order of the rules. Oldest message first."""
    facts = known(said)
    lines = []
    for rule in RULES:
        found = rule.reason(said, facts)
        if found and found[0]:
            lines.append(Line(rule.name, rule.version, *found))
    return lines


def limit(total: int) -> Line | None:
    """The line that brings a total back between 0 and 100, if it is not there."""
    correction = min(max(total, 0), HIGHEST) - total
    return Line(LIMIT, 1, correction) if correction else None


def tier_of(score: int) -> str:
    if score >= HOT:
        return "hot"
    return "warm" if score >= WARM else "cold"


def what_would_help(points: Mapping[str, int], *, score: int) -> list[str]:
    """The fewest answers that would make a lead hot, the weightiest first; [] if it is.

    ``points`` holds what each rule gives now.
    """
    missing = HOT - score
    gains = [(rule.best - points.get(rule.name, 0), rule) for rule in RULES]
    hints = []
    for gain, rule in sorted(gains, key=lambda pair: -pair[0]):
        if missing <= 0 or gain <= 0:
            break
        hints.append(f"{rule.hint} (+{gain})")
        missing -= gain
    return hints


def label_of(rule: str) -> str:
    return LABELS.get(rule, rule)


# -- the rules

INTENT_POINTS = {"sales": 25, "urgent": 15, "general": 5}
GLAD, ANGRY = 0.3, -0.4

# Said in the place of a fact, these say that there is none.
NOTHING = re.compile(
    r"(?:n/?a|no(?:ne|t sure|t yet)?|unknown|no budget|ningun[oa]?|sin presupuesto|no s[eé]"
    r"|لا|لا يوجد|غير معروف)[.!]?",
    re.IGNORECASE,
)
SOON = re.compile(
    r"\b(?:asap|urgent\w*|immediate\w*|right away|now|today|tonight|tomorrow|this (?:week|month)"
    r"|next (?:week|monday|tuesday|wednesday|thursday|friday)"
    r"|(?:with)?in (?:a|one|two|three|\d{1,2}) (?:hours?|days?|weeks?)"
    r"|ya mismo|hoy|ma[nñ]ana|cuanto antes|inmediat\w*|est[ea] (?:semana|mes)"
    r"|(?:la )?pr[oó]xima semana|semana que viene|en \d{1,2} (?:d[ií]as|semanas))\b"
    r"|اليوم|غد[اً]|الآن|عاجل|فور[اً]|هذا الأسبوع|هذا الاسبوع|الأسبوع القادم|هذا الشهر",
    re.IGNORECASE,
)

Reason = tuple[int, str, int | None] | None


def _stated(name: str, points: int) -> Callable[[Sequence[Said], Mapping[str, Known]], Reason]:
    """Points for a fact that is known at all."""

    def reason(said: Sequence[Said], facts: Mapping[str, Known]) -> Reason:
        fact = facts.get(name)
        if fact is None or NOTHING.fullmatch(fact.value.strip()):
            return None
        return points, fact.quote, fact.message

    return reason


def _intent(said: Sequence[Said], facts: Mapping[str, Known]) -> Reason:
    """The strongest intent ever shown; the first message that showed it keeps the credit."""
    if not said:
        return None
    best = max(said, key=lambda one: INTENT_POINTS.get(one.intent, 0))  # max keeps the first
    return INTENT_POINTS.get(best.intent, 0), best.quote, best.message


def _budget(said: Sequence[Said], facts: Mapping[str, Known]) -> Reason:
    found = _stated("budget", 20)(said, facts)
    if found is None or re.search(r"\d", facts["budget"].value):
        return found
    return 10, found[1], found[2]  # they spoke of money, yet named no sum


def _urgency(said: Sequence[Said], facts: Mapping[str, Known]) -> Reason:
    timeline = facts.get("timeline")
    if timeline and (SOON.search(timeline.value) or SOON.search(timeline.quote)):
        return 10, timeline.quote, timeline.message
    pressing = next((one for one in said if one.intent == "urgent"), None)
    return (10, pressing.quote, pressing.message) if pressing else None


def _sentiment(said: Sequence[Said], facts: Mapping[str, Known]) -> Reason:
    """How they feel now: the newest message that tells."""
    felt = next((one for one in reversed(said) if one.sentiment is not None), None)
    if felt is None or felt.sentiment is None:
        return None
    if felt.sentiment >= GLAD:
        return 5, felt.quote, felt.message
    return (-10, felt.quote, felt.message) if felt.sentiment <= ANGRY else None


RULES: tuple[Rule, ...] = (
    Rule("intent", 1, "Wants to buy", 25, "A clear wish to buy", _intent),
    Rule("budget", 1, "Budget", 20, "A budget with a figure", _budget),
    Rule("interest", 1, "Interest", 10, "What exactly they need", _stated("interest", 10)),
    Rule("timeline", 1, "Timeline", 10, "When they need it", _stated("timeline", 10)),
    Rule("urgency", 1, "Urgency", 10, "A date within weeks", _urgency),
    Rule("email", 1, "E-mail", 8, "An e-mail address", _stated("email", 8)),
    Rule("phone", 1, "Phone", 8, "A phone number", _stated("phone", 8)),
    Rule("company", 1, "Company", 5, "The company they work for", _stated("company", 5)),
    Rule("role", 1, "Role", 5, "Their role there", _stated("role", 5)),
    Rule("sentiment", 1, "Mood", 5, "A friendly last message", _sentiment),
)
LABELS = {rule.name: rule.label for rule in RULES} | {
    MANUAL: "Set by a person",
    LIMIT: "Kept between 0 and 100",
}
