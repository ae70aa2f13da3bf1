"""How promising a lead is, and why. Pure arithmetic: no database, no model, no clock.

A score is never stored without its reasons: the rules below turn what was said into lines,
and the sum of the lines is the score. What a line is worth stands in ``leads.weights``.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from leads import fit
from leads.weights import BUILT_IN, HIGHEST, OWN, OwnRule, Weights, rule_of

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
class Reason:
    """In which way a rule holds, and the words that show it."""

    case: str
    quote: str
    message: int | None


Finder = Callable[[Sequence[Said], Mapping[str, Known], Weights], Reason | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """``find`` looks for its reason in all that was said.

    ``hint`` says what would earn the points that are still missing. ``dimension`` is what of the
    company's ideal customer it compares with.
    """

    name: str
    label: str
    hint: str
    find: Finder
    dimension: str = ""

    def best(self, weights: Weights) -> int:
        """The most it can give."""
        if self.dimension and not weights.ideal.asks(self.dimension):
            return 0
        return max(p for case, p in weights.points.items() if rule_of(case) == self.name)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A score with every line that adds up to it, ``LIMIT`` included, ``MANUAL`` not."""

    score: int
    tier: str
    lines: tuple[Line, ...]


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


def judge(said: Sequence[Said], *, manual: int = 0, weights: Weights = BUILT_IN) -> Verdict:
    """The whole score: what was said, a person's correction, and the limits."""
    lines = derive(said, weights)
    total = sum(line.points for line in lines) + manual
    if correction := limit(total):
        lines.append(correction)
        total += correction.points
    return Verdict(total, tier_of(total, weights), tuple(lines))


def derive(said: Sequence[Said], weights: Weights = BUILT_IN) -> list[Line]:
    """Every rule's line, in the order of the rules. Oldest message first."""
    facts = known(said)
    lines = []
    for rule in RULES:
        found = rule.find(said, facts, weights)
        if found and (points := weights.points[found.case]):
            version = weights.version_of(rule.name)
            lines.append(Line(rule.name, version, points, found.quote, found.message))
    for own in weights.own:
        if fact := _own(own, facts):
            version = weights.version_of(own.name)
            lines.append(Line(own.name, version, own.points, fact.quote, fact.message))
    return lines


def _own(rule: OwnRule, facts: Mapping[str, Known]) -> Known | None:
    fact = facts.get(rule.fact)
    if fact is None or NOTHING.fullmatch(fact.value.strip()):
        return None
    value = fact.value.casefold()
    return fact if not rule.words or any(w.casefold() in value for w in rule.words) else None


def limit(total: int) -> Line | None:
    """The line that brings a total back between 0 and 100, if it is not there."""
    correction = min(max(total, 0), HIGHEST) - total
    return Line(LIMIT, 1, correction) if correction else None


def tier_of(score: int, weights: Weights = BUILT_IN) -> str:
    if score >= weights.hot:
        return "hot"
    return "warm" if score >= weights.warm else "cold"


def what_would_help(
    points: Mapping[str, int],
    *,
    score: int,
    weights: Weights = BUILT_IN,
    known: Collection[str] = (),
) -> list[tuple[str, int]]:
    """The fewest answers that would make a lead hot, the weightiest first, each with what it
    would add; [] if it is hot.

    ``points`` holds what each rule gives now, ``known`` the facts we have: whether somebody fits
    is not asked where it is known.
    """
    missing = weights.hot - score
    gains = [
        (rule.best(weights) - points.get(rule.name, 0), rule.hint)
        for rule in RULES
        if not rule.dimension or fit.FACTS[rule.dimension] not in known
    ]
    gains += [(one.points - points.get(one.name, 0), one.label) for one in weights.own]
    hints = []
    for gain, hint in sorted(gains, key=lambda pair: -pair[0]):
        if missing <= 0 or gain <= 0:
            break
        hints.append((hint, gain))
        missing -= gain
    return hints


def label_of(rule: str) -> str:
    """For people; a company's own rule carries its label in its name."""
    return rule.removeprefix(OWN) if rule.startswith(OWN) else LABELS.get(rule, rule)


# -- the rules

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


def _stated(name: str) -> Finder:
    """Points for a fact that is known at all."""

    def find(said: Sequence[Said], facts: Mapping[str, Known], weights: Weights) -> Reason | None:
        fact = facts.get(name)
        if fact is None or NOTHING.fullmatch(fact.value.strip()):
            return None
        return Reason(name, fact.quote, fact.message)

    return find


def _intent(said: Sequence[Said], facts: Mapping[str, Known], weights: Weights) -> Reason | None:
    """The strongest intent ever shown; the first message that showed it keeps the credit."""
    if not said:
        return None

    def worth(one: Said) -> int:
        return weights.points.get(f"intent.{one.intent}", 0)

    best = max(said, key=worth)  # max keeps the first
    return Reason(f"intent.{best.intent}", best.quote, best.message) if worth(best) else None


def _budget(said: Sequence[Said], facts: Mapping[str, Known], weights: Weights) -> Reason | None:
    fact = facts.get("budget")
    if fact is None or NOTHING.fullmatch(fact.value.strip()):
        return None
    # They may have spoken of money, yet named no sum.
    case = "budget.figure" if re.search(r"\d", fact.value) else "budget.spoken"
    return Reason(case, fact.quote, fact.message)


def _urgency(said: Sequence[Said], facts: Mapping[str, Known], weights: Weights) -> Reason | None:
    timeline = facts.get("timeline")
    if timeline and (SOON.search(timeline.value) or SOON.search(timeline.quote)):
        return Reason("urgency", timeline.quote, timeline.message)
    pressing = next((one for one in said if one.intent == "urgent"), None)
    return Reason("urgency", pressing.quote, pressing.message) if pressing else None


def _sentiment(said: Sequence[Said], facts: Mapping[str, Known], weights: Weights) -> Reason | None:
    """How they feel now: the newest message that tells."""
    felt = next((one for one in reversed(said) if one.sentiment is not None), None)
    if felt is None or felt.sentiment is None or ANGRY < felt.sentiment < GLAD:
        return None
    case = "sentiment.glad" if felt.sentiment >= GLAD else "sentiment.angry"
    return Reason(case, felt.quote, felt.message)


def _fit(dimension: str) -> Finder:
    """Points for being what the company looks for, or for not being it."""
    rule, name = fit.RULES[dimension], fit.FACTS[dimension]

    def find(said: Sequence[Said], facts: Mapping[str, Known], weights: Weights) -> Reason | None:
        fact = facts.get(name)
        is_so = None if fact is None else fit.fits(weights.ideal, dimension, fact.value)
        if fact is None or is_so is None:
            return None
        return Reason(f"{rule}.{'yes' if is_so else 'no'}", fact.quote, fact.message)

    return find


def _fit_rule(dimension: str, label: str, hint: str) -> Rule:
    return Rule(fit.RULES[dimension], label, hint, _fit(dimension), dimension)


RULES: tuple[Rule, ...] = (
    Rule("intent", "Wants to buy", "A clear wish to buy", _intent),
    Rule("budget", "Budget", "A budget with a figure", _budget),
    Rule("interest", "Interest", "What exactly they need", _stated("interest")),
    Rule("timeline", "Timeline", "When they need it", _stated("timeline")),
    Rule("urgency", "Urgency", "A date within weeks", _urgency),
    Rule("email", "E-mail", "An e-mail address", _stated("email")),
    Rule("phone", "Phone", "A phone number", _stated("phone")),
    Rule("company", "Company", "The company they work for", _stated("company")),
    Rule("role", "Role", "Their role there", _stated("role")),
    Rule("sentiment", "Mood", "A friendly last message", _sentiment),
    _fit_rule(fit.INDUSTRY, "Industry: fit", "An industry you sell to"),
    _fit_rule(fit.SIZE, "Company size: fit", "A company of the size you want"),
    _fit_rule(fit.REGION, "Region: fit", "A region you serve"),
    _fit_rule(fit.BUDGET, "Budget: fit", "A budget as large as you want"),
    _fit_rule(fit.ROLE, "Role: fit", "A role that decides"),
)
LABELS = {rule.name: rule.label for rule in RULES} | {
    MANUAL: "Set by a person",
    LIMIT: "Kept between 0 and 100",
}
