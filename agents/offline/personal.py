"""What in a text tells who somebody is, or how to find or charge them.

Wider than ``find_entities``: a fact is believed only where it is sure, but what may be personal
is better hidden once too often. Whoever hides it can put it back.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from agents.offline.entities import names as introduced
from agents.offline.entities import phones
from agents.offline.letters import folded, latin_digits
from agents.offline.lists import lists
from agents.offline.people import people
from agents.offline.values import Found, matches

LONGEST = 20_000  # characters that are looked through for names; the patterns read on


@lru_cache(maxsize=2_048)
def find_personal(text: str, *, names: bool = True) -> tuple[Found, ...]:
    """Everything personal, in the order of the text; ``names`` looks for people's names too.

    Kept: passages and the turns of a thread come again with each question.
    """
    digits = latin_digits(text)
    found: list[Found] = []
    for finder in (*PATTERNS, *(NAMES if names else ())):
        for one in finder(text, digits):
            if one.value and not any(one.start < f.end and f.start < one.end for f in found):
                found.append(one)
    return tuple(sorted(found, key=lambda one: one.start))


def without_personal(text: str, *, known: str = "") -> str:
    """The text with a word for each of its personal ones: what it is about stays.

    Names that stand in ``known``, the company's own texts, are of products and places.
    """
    ours = folded(known)
    for one in reversed(find_personal(text)):
        if one.name == "name" and ours and folded(one.value) in ours:
            continue
        text = f"{text[: one.start]}{one.name.upper()}{text[one.end :]}"
    return text


# -- addresses of the network, numbers of accounts

# Anything around an @, also where a text was cut off in its middle.
_EMAIL = re.compile(r"[\w.+%-]{1,64}@[\w-]+(?:\.[\w-]+)*")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]{2,4}){3,8}(?![A-Za-z0-9])")
_LONG = re.compile(r"(?<![\w.,])\+?\(?\d(?:[ ().\-/]{0,2}\d){8,24}(?!\w)")
_DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}")
_GROUPED = re.compile(r"\d{1,3}(?:[ .,]\d{3})+(?:[.,]\d{1,2})?")


def emails(text: str, digits: str) -> Iterator[Found]:
    yield from matches("email", _EMAIL, text)


def ibans(text: str, digits: str) -> Iterator[Found]:
    for match in _IBAN.finditer(digits):
        number = match.group()
        while number and not _is_iban(number):
            number = number.rpartition(" ")[0]  # a short word may stand behind it
        if number:
            end = match.start() + len(number)
            yield Found("iban", match.start(), end, text[match.start() : end])


def _is_iban(value: str) -> bool:
    """https://en.wikipedia.org/wiki/International_Bank_Account_Number#Validating_the_IBAN"""
    plain = re.sub(r"[ -]", "", value).upper()
    moved = plain[4:] + plain[:4]
    return 15 <= len(plain) <= 34 and int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def long_numbers(text: str, digits: str) -> Iterator[Found]:
    """Cards, accounts and phones: nine digits and more that are neither a date nor an amount."""
    for match in _LONG.finditer(digits):
        start, end = match.span()
        written = match.group()
        if _DATE.search(written) or _GROUPED.fullmatch(written):
            continue
        number = re.sub(r"\D", "", written)
        kind = "card" if 13 <= len(number) <= 19 and _is_card(number) else "phone"
        if kind == "phone" and len(number) > 15:
            kind = "id"
        yield Found(kind, start, end, text[start:end])


def _is_card(number: str) -> bool:
    """https://en.wikipedia.org/wiki/Luhn_algorithm"""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number))]
    return sum(digit - 9 if digit > 9 else digit for digit in doubled) % 10 == 0


def short_phones(text: str, digits: str) -> Iterator[Found]:
    if sum(char.isdigit() for char in digits) >= 7:
        for one in phones(text, digits):
            if not _DATE.match(one.value):
                yield Found("phone", one.start, one.end, text[one.start : one.end])


# -- papers and places

_IDS = [
    re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])"),  # United States
    re.compile(r"(?<!\w)(?:\d{8}|[XYZ]\d{7})-?[A-Z](?!\w)"),  # Spain
    re.compile(
        r"(?:passport|pasaporte|national id|id (?:card|number|no)|identity|dni|nie|nif|ssn|iqama|emirates id|c[eé]dula|curp|driving licen[cs]e|جواز|هوي[ةه]|اقامه|إقامة)"
        r"(?:\s*(?:number|no|num|n[uú]mero|is|es|رقم))*[\s.:#º°-]{0,4}(?P<it>(?=[\w-]*\d)[A-Za-z0-9][A-Za-z0-9-]{4,19})(?!\w)",
        re.IGNORECASE,
    ),
]
_CAPITALS = r"[A-ZÁÉÍÓÚÑ][\w'’.]*"
_ADDRESSES = [
    re.compile(
        rf"(?<!\w)\d{{1,5}}[A-Za-z]?,? (?:{_CAPITALS} ){{1,4}}(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Way|Court|Square|Terrace|Crescent|Close)\b\.?(?:,? (?:Apt|Apartment|Flat|Unit|Suite|#)\.?\s?\w{{1,6}})?"
    ),
    re.compile(
        rf"(?<!\w)(?:[Cc]alle|C/|[Aa]venida|[Aa]vda\.?|[Pp]aseo|[Pp]laza|[Cc]arretera|[Cc]amino|[Cc]arrera)\s?(?:(?:de la|de los|de las|del|de|la|el) )?{_CAPITALS}(?: (?:(?:de la|de|del|la|y) )?{_CAPITALS}){{0,4}},? (?:n[ºo°.]{{0,2}}\s?)?\d{{1,4}}(?:,? ?\d{{1,2}} ?[ºª°](?: ?[A-Za-z])?)?"
    ),
    re.compile(r"(?<!\w)[A-ZÄÖÜ][\w-]*(?:straße|strasse|weg|platz|allee)\s\d{1,4}[a-z]?(?!\w)"),
    re.compile(r"(?<!\w)شارع(?: [\u0621-\u064a]+){1,3}(?:[،,]? (?:رقم )?[\d٠-٩]{1,4})?"),
]
_POSTAL = [
    re.compile(
        r"(?:zip(?: code)?|post(?:al)? ?code|c[oó]digo postal|c\.?p\.?|الرمز البريدي)[\s.:]{0,4}(?P<it>[A-Z\d][A-Z\d-]{2,6}(?: \d[A-Z]{2})?)",
        re.IGNORECASE,
    ),
    re.compile(r"(?<!\w)[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}(?!\w)"),  # United Kingdom
    re.compile(r"(?<!\w)[A-Z]{2} (?P<it>\d{5}(?:-\d{4})?)(?![\w.,])"),  # United States
]


def papers(text: str, digits: str) -> Iterator[Found]:
    for pattern in _IDS:
        for one in matches("id", pattern, digits):
            yield Found("id", one.start, one.end, text[one.start : one.end])


def addresses(text: str, digits: str) -> Iterator[Found]:
    for pattern in _ADDRESSES:
        yield from matches("address", pattern, text)
    for pattern in _POSTAL:
        yield from matches("postcode", pattern, text)


# -- names

# What a tool or a list calls the name of a person.
_KEYED = re.compile(
    r"\"(?:full_?|first_?|last_?|given_?|family_?|customer_?|contact_?|guest_?|display_?)?name\"\s*:\s*\"(?P<it>[^\"\n]{2,60})\"",
    re.IGNORECASE,
)
_CUED = re.compile(
    r"(?i:\b(?:name(?:'s| is|:)?|contact|ask for|asked for|call|called|speak (?:to|with)|spoke (?:to|with)|talk(?:ed)? (?:to|with)|met|meet|signed|dear|hi|hello|hey|manager|director|owner|founder|agent|assistant|doctor|dentist|colleague|wife|husband|son|daughter|brother|sister|friend|mother|father|partner"
    r"|pregunt[ae] por|contacte? (?:con|a)|habl[aeéo]\w* con|llam[ae] a|hola|estimad[oa]|gerente|director[a]?|due[nñ]o|encargad[oa]|amig[oa]|hij[oa]|espos[oa]|marido|mujer|herman[oa]))[\s,:]+"
    r"(?P<it>[A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ'’]{1,24}(?:[ -](?:(?:de|del|la|van|von|der|bin|al) ){0,2}[A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ'’]{1,24}){1,3})(?![\w-])"
)
_SOMEBODY = re.compile(
    r"(?P<it>[A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ'’]{1,24}(?: [A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ'’]{1,24}){1,2})"
    r"(?=,? (?:is|was|our|your|the|who|will|can|said|es|era|nuestr[oa]|tu|su)\b[^.\n]{0,40}\b(?:manager|director|owner|founder|agent|assistant|doctor|dentist|colleague|advisor|engineer|teacher|receptionist|gerente|due[nñ]o|encargad[oa]|m[eé]dic[oa]|aseso[r]|wife|husband|friend|customer|client[ea]?)\b)"
)


def keyed_names(text: str, digits: str) -> Iterator[Found]:
    yield from matches("name", _KEYED, text)


def cued_names(text: str, digits: str) -> Iterator[Found]:
    """Two words with capitals where a person is spoken of, though no list knows them."""
    places = lists()["places"]
    for pattern in (_CUED, _SOMEBODY):
        for one in matches("name", pattern, text):
            if folded(one.value) not in places:
                yield one


def listed_names(text: str, digits: str) -> Iterator[Found]:
    yield from people(text[:LONGEST])


Finder = Callable[[str, str], Iterator[Found]]
PATTERNS: tuple[Finder, ...] = (emails, ibans, papers, long_numbers, short_phones, addresses)
NAMES: tuple[Finder, ...] = (keyed_names, introduced, listed_names, cued_names)
