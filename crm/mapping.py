"""What of a lead goes into which property of a CRM, in the shape the CRM takes. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from crm.providers.base import Field, Property
from leads.pipeline import STAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One line of the score, as people read it."""

    label: str
    points: int
    quote: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadCard:
    """A lead as plain values: everything a CRM may be told."""

    key: str
    version: int
    name: str = ""
    email: str = ""
    phone: str = ""
    score: int = 0
    tier: str = ""
    stage: str = ""
    owner_email: str = ""
    merged_into: str = ""  # the key of the lead that stands for it, or that none does any more
    facts: Mapping[str, str] = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()
    created_at: datetime
    updated_at: datetime


def properties(card: LeadCard, fields: Iterable[Field]) -> dict[str, Any]:
    """The card in the CRM's own names and types.

    What we do not know, and what the CRM would refuse, is left out: an empty value would wipe
    what somebody typed there by hand.
    """
    made = {one.name: SHAPES[one.kind](value_of(card, one.source), one) for one in fields}
    return {name: value for name, value in made.items() if value not in ("", None)}


def parts(card: LeadCard, fields: Mapping[str, Iterable[Field]]) -> dict[str, dict[str, Any]]:
    """The same for each record beside the lead's own; one with nothing in it is none."""
    made = {part: properties(card, each) for part, each in fields.items()}
    return {part: values for part, values in made.items() if values}


def value_of(card: LeadCard, source: str) -> Any:
    """``score``, ``first_name``, ``reasons_text``, ``fact:budget``, …; "" where unknown."""
    if source.startswith("fact:"):
        return card.facts.get(source.removeprefix("fact:"), "")
    if source in DERIVED:
        return DERIVED[source](card)
    return getattr(card, source)


def first_name(name: str) -> str:
    """All but the last word; the whole name where there is only one."""
    first, _, _ = name.strip().rpartition(" ")
    return first.strip() or name.strip()


def last_name(name: str) -> str:
    first, _, last = name.strip().rpartition(" ")
    return last if first else ""


def reasons_text(reasons: Iterable[Reason]) -> str:
    """One reason a line, such as ``Budget +20: "about 900 euros"``."""
    return "\n".join(
        f'{one.label} {one.points:+d}: "{one.quote}"'
        if one.quote
        else f"{one.label} {one.points:+d}"
        for one in reasons
    )


def deal_title(card: LeadCard) -> str:
    """Who, and what they want."""
    who = card.name or card.email or f"Lead {card.key}"
    interest = card.facts.get("interest", "")
    return f"{who}: {interest}" if interest else who


NOTED = (
    ("Score", "score"),
    ("Tier", "tier"),
    ("Stage", "stage"),
    ("Interest", "fact:interest"),
    ("Budget", "fact:budget"),
    ("Timeline", "fact:timeline"),
    ("Role", "fact:role"),
    ("Merged into", "merged_into"),
)


def note_lines(card: LeadCard) -> list[str]:
    """What we know and why this score, a line each, as plain text."""
    said = [(label, value_of(card, source)) for label, source in NOTED]
    known = [f"{label}: {value}" for label, value in said if value not in ("", None)]
    return [*known, *reasons_text(card.reasons).splitlines()]


def note_html(card: LeadCard) -> str:
    return "<br>".join(escape(line) for line in note_lines(card))


@dataclass(frozen=True, slots=True)
class Source:
    """Something of a lead that may be mapped: what people call it, and what it is."""

    label: Any
    type: str
    choices: tuple[str, ...] = ()


SOURCES: dict[str, Source] = {
    "name": Source(_("Name"), "text"),
    "first_name": Source(_("First name"), "text"),
    "last_name": Source(_("Last name"), "text"),
    "email": Source(_("E-mail"), "email"),
    "phone": Source(_("Phone"), "phone"),
    "fact:company": Source(_("Company"), "text"),
    "fact:role": Source(_("Role"), "text"),
    "fact:interest": Source(_("Interest"), "text"),
    "fact:budget": Source(_("Budget"), "text"),
    "fact:timeline": Source(_("Timeline"), "text"),
    "fact:location": Source(_("Location"), "text"),
    "stage": Source(_("Stage"), "choice", STAGES),
    "score": Source(_("Score"), "number"),
    "tier": Source(_("Tier"), "choice", ("hot", "warm", "cold")),
    "is_hot": Source(_("Is hot"), "flag"),
    "reasons_text": Source(_("Reasons for the score"), "long_text"),
    "owner_email": Source(_("Owner's e-mail"), "email"),
    "created_at": Source(_("First seen"), "moment"),
    "updated_at": Source(_("Last changed"), "moment"),
    "merged_into": Source(_("Merged into"), "text"),
}
# What each type of theirs takes of ours; text takes whatever can be written down.
TAKES = {
    "text": {"text", "long_text", "number", "choice", "email", "phone"},
    "long_text": {"text", "long_text", "number", "choice", "email", "phone"},
    "number": {"number"},
    "choice": {"choice"},
    "flag": {"flag"},
    "day": {"moment"},
    "moment": {"moment"},
    "phone": {"phone"},
    "email": {"email"},
}


def misfit(source: str, there: Property) -> str:
    """Why this of ours cannot go into that of theirs; "" where it can."""
    ours = SOURCES.get(source)
    if ours is None:
        return gettext("There is no such field of a lead.")
    if ours.type not in TAKES.get(there.type, ()):
        return gettext("%(theirs)s takes %(type)s; %(ours)s is %(own)s.") % {
            "theirs": there.label,
            "type": gettext(TYPE_NAMES.get(there.type, "something else")),
            "ours": ours.label,
            "own": gettext(TYPE_NAMES[ours.type]),
        }
    if there.type == "choice":
        known = {each.casefold() for each in there.choices}
        missing = [each for each in ours.choices if each not in known]
        if missing:
            return gettext("%(theirs)s has no option for: %(missing)s.") % {
                "theirs": there.label,
                "missing": ", ".join(missing),
            }
    return ""


TYPE_NAMES = {
    "text": gettext_noop("text"),
    "long_text": gettext_noop("long text"),
    "number": gettext_noop("a number"),
    "choice": gettext_noop("one of several"),
    "flag": gettext_noop("yes or no"),
    "day": gettext_noop("a day"),
    "moment": gettext_noop("a time"),
    "phone": gettext_noop("a phone number"),
    "email": gettext_noop("an e-mail address"),
}


DERIVED: dict[str, Callable[[LeadCard], Any]] = {
    "first_name": lambda card: first_name(card.name),
    "last_name": lambda card: last_name(card.name),
    "reasons_text": lambda card: reasons_text(card.reasons),
    "reason_list": lambda card: [
        {"label": one.label, "points": one.points, "quote": one.quote} for one in card.reasons
    ],
    "is_hot": lambda card: card.tier == "hot",
    "deal_title": deal_title,
    "note_text": lambda card: "\n".join(note_lines(card)),
    "note_html": note_html,
    "fact_map": lambda card: dict(card.facts),
}


def _text(value: Any, field: Field) -> str:
    """One line without control characters, no longer than the CRM takes."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())
    return _cut(line, field.max_length)


def _long_text(value: Any, field: Field) -> str:
    kept = "".join(c for c in str(value) if c == "\n" or c.isprintable())
    return _cut(kept.strip(), field.max_length)


def _email(value: Any, field: Field) -> str:
    address = _text(value, field)
    try:
        validate_email(address)
    except ValidationError:
        return ""
    return address.lower()


def _number(value: Any, field: Field) -> str:
    return "" if value in ("", None) else str(value)


def _choice(value: Any, field: Field) -> str:
    """As they spell it; "" where they have no such choice."""
    spelt = {each.casefold(): each for each in field.choices}
    return spelt.get(str(value).strip().casefold(), "")


def _coded_choice(value: Any, field: Field) -> Any:
    """The number of the choice with this name."""
    named = {
        label.casefold(): code for code, _bar, label in (c.partition("|") for c in field.choices)
    }
    code = named.get(str(value).strip().casefold(), "")
    return int(code) if code.isdecimal() else ""


def _integer(value: Any, field: Field) -> Any:
    return "" if value in ("", None) else int(value)


def _flag(value: Any, field: Field) -> bool:
    return bool(value)


def _flag_text(value: Any, field: Field) -> str:
    return "true" if value else "false"


def _day(value: Any, field: Field) -> str:
    return str(value.astimezone(UTC).date().isoformat())


def _moment(value: Any, field: Field) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _cut(text: str, length: int) -> str:
    return text if not length or len(text) <= length else text[: length - 1] + "…"


SHAPES: dict[str, Callable[[Any, Field], Any]] = {
    "text": _text,
    "long_text": _long_text,
    "email": _email,
    "number": _number,
    "phone": _text,
    "integer": _integer,
    "choice": _choice,
    "coded_choice": _coded_choice,
    "flag": _flag,
    "flag_text": _flag_text,
    "day": _day,
    "moment": _moment,
    "raw": lambda value, field: value,
}
