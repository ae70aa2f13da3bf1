"""The checkable things in a text: numbers, prices, dates, links, addresses, phone numbers."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from agents.guardrails.quantities import quantities
from agents.offline.letters import folded, latin_digits

_URL = re.compile(r"(?:https?://|www\.)[^\s<>()\"'،؛]+", re.IGNORECASE)
# Repetitions that could be walked again from every letter have an end: contacts write the text.
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")
# "nova.example/desk" without a scheme; what follows the last dot is written small.
_DOMAIN = re.compile(
    r"(?<![\w@.-])(?:[A-Za-z0-9][A-Za-z0-9-]*\.)+(?-i:[a-z]{2,18})(?:/[^\s<>()\"'،؛]*)?(?![\w-])"
)
_PHONE = re.compile(r"(?<![\w.,])\+?\(?\d[\d\s().-]{6,}\d(?!\w)")
# Separators inside a number: 1,200.50 / 1.200,50 / 1 200 / 1٬200٫50
_NUMBER = re.compile(r"\d{1,18}+(?:[.,٫٬'\u00a0\u202f ]\d{3}(?!\d)){0,6}(?:[.,٫]\d{1,18}+)?")
_LIST_MARK = re.compile(r"^[^\S\n]{0,20}\d{1,2}[.)]\s", re.MULTILINE)

_CURRENCIES = {
    "$": "usd", "usd": "usd", "us$": "usd", "dollar": "usd", "dollars": "usd", "dolares": "usd",
    "دولار": "usd", "€": "eur", "eur": "eur", "euro": "eur", "euros": "eur", "يورو": "eur",
    "£": "gbp", "gbp": "gbp", "pounds": "gbp", "libras": "gbp", "sar": "sar", "ريال": "sar",
    "aed": "aed", "درهم": "aed", "egp": "egp", "جنيه": "egp", "mxn": "mxn", "pesos": "mxn",
    "inr": "inr", "₹": "inr", "rs": "inr", "rupees": "inr", "%": "percent", "percent": "percent",
    "por ciento": "percent", "بالمايه": "percent", "٪": "percent",
}  # fmt: skip
_UNIT = "|".join(sorted((re.escape(unit) for unit in _CURRENCIES), key=len, reverse=True))
_PRICE = re.compile(
    rf"(?:(?P<before>{_UNIT})\s?(?P<a>{_NUMBER.pattern}))|(?:(?P<b>{_NUMBER.pattern})\s?(?P<after>{_UNIT})(?!\w))"
)

_MONTHS = [
    "january enero يناير", "february febrero فبراير", "march marzo مارس", "april abril ابريل",
    "may mayo مايو", "june junio يونيو", "july julio يوليو", "august agosto اغسطس",
    "september septiembre سبتمبر", "october octubre اكتوبر", "november noviembre نوفمبر",
    "december diciembre ديسمبر",
]  # fmt: skip
_WEEKDAYS = [
    "monday mondays lunes الاثنين", "tuesday tuesdays martes الثلاثاء",
    "wednesday wednesdays miercoles الاربعاء", "thursday thursdays jueves الخميس",
    "friday fridays viernes الجمعه", "saturday saturdays sabado sabados السبت",
    "sunday sundays domingo domingos",
]  # fmt: skip
_DATE_WORDS = {
    **{folded(w): f"month {n}" for n, names in enumerate(_MONTHS, 1) for w in names.split()},
    **{folded(w): f"weekday {n}" for n, names in enumerate(_WEEKDAYS, 1) for w in names.split()},
}
# "may" and "march" are verbs too: dates only beside a number.
_DATE = re.compile(
    r"(?<!\w)(" + "|".join(sorted(map(re.escape, _DATE_WORDS), key=len, reverse=True)) + r")(?!\w)"
)
_VERBS = {"may", "march"}


@dataclass(frozen=True, slots=True)
class Mentions:
    """Each kind in a form that compares equal however it was written."""

    KINDS: ClassVar[tuple[str, ...]] = (
        *("number", "price", "quantity", "date", "link", "email", "phone"),
    )

    number: frozenset[str]
    price: frozenset[str]
    quantity: frozenset[str]
    date: frozenset[str]
    link: frozenset[str]
    email: frozenset[str]
    phone: frozenset[str]


@lru_cache(maxsize=512)
def mentions(text: str) -> Mentions:
    """Everything checkable in a text.

    Kept: each check of a reply asks for the same texts, and passages come again with each question.
    """
    text = latin_digits(text)
    emails = {email.casefold().rstrip(".") for email in _EMAIL.findall(text)}
    without = _EMAIL.sub(" ", text)
    links = {_link(url) for url in _URL.findall(without)}
    without = _URL.sub(" ", without)
    links |= {_link(domain) for domain in _DOMAIN.findall(without)}
    without = _DOMAIN.sub(" ", without)
    phones = {digits for found in _PHONE.findall(without) if _is_phone(digits := _only(found))}
    words = folded(_LIST_MARK.sub(" ", without))
    prices = _prices(words)
    return Mentions(
        number=frozenset(_value(found) for found in _NUMBER.findall(words)),
        price=frozenset(prices),
        quantity=frozenset({*quantities(words), *prices}),
        date=frozenset(_dates(words)),
        link=frozenset(links),
        email=frozenset(emails),
        phone=frozenset(phones),
    )


def _value(number: str) -> str:
    """'1,200.50', '1.200,50' and '1 200,5' are one number."""
    number = re.sub(r"[\s'\u00a0\u202f٬]", "", number).replace("٫", ".")
    marks = [char for char in number if char in ".,"]
    if marks:
        last = marks[-1]
        head, _, tail = number.rpartition(last)
        if marks.count(last) > 1 or (len(tail) == 3 and len(set(marks)) == 1 and head != "0"):
            head, tail = number, ""  # thousands only
        whole = re.sub(r"[.,]", "", head)
        tail = tail.rstrip("0")
        number = f"{whole}.{tail}" if tail else whole
    head, dot, tail = number.partition(".")
    return (head.lstrip("0") or "0") + dot + tail


def _prices(words: str) -> set[str]:
    prices = set()
    for found in _PRICE.finditer(words):
        unit = found.group("before") or found.group("after")
        prices.add(f"{_value(found.group('a') or found.group('b'))} {_CURRENCIES[unit]}")
    return prices


def _dates(words: str) -> set[str]:
    dates = set()
    for found in _DATE.finditer(words):
        around = words[max(0, found.start() - 6) : found.end() + 4]
        if found.group(1) not in _VERBS or any(char.isdigit() for char in around):
            dates.add(_DATE_WORDS[found.group(1)])
    return dates


def _link(url: str) -> str:
    url = re.sub(r"^https?://", "", url.casefold())
    return url.removeprefix("www.").rstrip("/.,;:!?")


def _only(text: str) -> str:
    return re.sub(r"\D", "", text)


def _is_phone(digits: str) -> bool:
    return 8 <= len(digits) <= 15
