"""What a contact told us: believed only where their own words stand for it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from agents.schemas import Fact


@dataclass(slots=True)
class CheckedFacts:
    """``facts`` and ``quotes`` by name; ``dropped`` says what was not believed, and why."""

    facts: dict[str, str] = field(default_factory=dict)
    quotes: dict[str, str] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)


def checked_facts(facts: Iterable[Fact], *, said: str, region: str = "") -> CheckedFacts:
    """Keep the facts whose quote is literally in what was said, e-mail and phone normalised."""
    checked = CheckedFacts()
    words = _squeezed(said)
    for fact in facts:
        if _squeezed(fact.quote) not in words:
            checked.dropped.append(f"{fact.name}: not in the contact's words")
            continue
        value = _normal(fact, region)
        if not value:
            checked.dropped.append(f"{fact.name}: not a valid {fact.name}")
        elif fact.name not in checked.facts:
            checked.facts[fact.name] = value
            checked.quotes[fact.name] = fact.quote
    return checked


def _normal(fact: Fact, region: str) -> str:
    if fact.name == "email":
        return normal_email(fact.value)
    if fact.name == "phone":
        return normal_phone(fact.value, region)
    return fact.value


def normal_email(value: str) -> str:
    """The address in its normal form, or nothing if it is none."""
    try:
        return validate_email(value, check_deliverability=False).normalized
    except EmailNotValidError:
        return ""


def normal_phone(value: str, region: str = "") -> str:
    """E.164 where the country is known, the digits where it is not, nothing if it is no number."""
    try:
        number = phonenumbers.parse(value, region or None)
    except phonenumbers.NumberParseException:
        digits = re.sub(r"\D", "", value)
        return digits if 7 <= len(digits) <= 15 else ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()
