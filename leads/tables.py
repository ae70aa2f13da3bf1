"""Leads as rows of a CSV file: read from any spreadsheet, written for any. Pure."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

MOST_BYTES = 5_000_000
MOST_ROWS = 20_000
MOST_COLUMNS = 60
LONGEST_CELL = 500
SKIP = ""
FIELDS = (
    *("name", "email", "phone", "company", "role", "location", "interest", "budget", "timeline"),
    *("industry", "company_size"),
)
OWN = ("stage", "tags", "owner")

# What columns are called, in the languages we speak; compared without spaces and signs.
GUESSES: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "fullname", "contact", "contactname", "nombre", "الاسم"),
    "email": ("email", "emailaddress", "mail", "correo", "correoelectrónico", "البريد"),
    "phone": ("phone", "phonenumber", "mobile", "tel", "telephone", "teléfono", "móvil", "الهاتف"),
    "company": ("company", "organisation", "organization", "account", "empresa", "الشركة"),
    "role": ("role", "jobtitle", "title", "position", "cargo", "الوظيفة"),
    "location": ("location", "city", "country", "address", "ciudad", "المدينة"),
    "interest": ("interest", "need", "needs", "product", "interés", "الاهتمام"),
    "budget": ("budget", "amount", "value", "presupuesto", "الميزانية"),
    "timeline": ("timeline", "when", "plazo", "الموعد"),
    "industry": ("industry", "sector", "branch", "industria", "القطاع", "الصناعة"),
    "company_size": (
        *("companysize", "employees", "numberofemployees", "headcount", "empleados", "plantilla"),
        *("عددالموظفين", "حجمالشركة"),
    ),
    "stage": ("stage", "status", "leadstage", "etapa", "المرحلة"),
    "tags": ("tag", "tags", "labels", "etiquetas", "الوسوم"),
    "owner": ("owner", "assignee", "owneremail", "responsable", "المسؤول"),
}

# A cell that begins so is a formula to a spreadsheet: https://owasp.org/www-community/attacks/CSV_Injection
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class NoTable(ValueError):
    """The file is no table that leads can be read from; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the file by the fields it was mapped to, or what is wrong with it."""

    number: int  # as the spreadsheet counts: the header is line 1
    values: Mapping[str, str]
    faults: tuple[tuple[str, str], ...] = ()  # (field, code)


def decode(content: bytes) -> str:
    """The text of a file as spreadsheets save it."""
    if len(content) > MOST_BYTES:
        raise NoTable("too_big")
    if b"\0" in content[:4096] and content[:2] not in {b"\xff\xfe", b"\xfe\xff"}:
        raise NoTable("not_text")
    for encoding in ("utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig",):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            break
    return content.decode("cp1252", "replace")


def read(text: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows; empty lines are left out."""
    first = text.partition("\n")[0]
    delimiter = max(",;\t|", key=first.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise NoTable("not_a_table") from error
    if not lines or not any(cell.strip() for cell in lines[0]):
        raise NoTable("no_header")
    header = [cell.strip()[:80] for cell in lines[0]]
    rows = [line if any(cell.strip() for cell in line) else [] for line in lines[1:]]
    if len(header) > MOST_COLUMNS:
        raise NoTable("too_many_columns")
    if sum(map(bool, rows)) > MOST_ROWS:
        raise NoTable("too_many_rows")
    if not any(rows):
        raise NoTable("no_rows")
    return header, rows


def guess(header: Sequence[str]) -> list[str]:
    """Which field each column is, each field once; the others are skipped."""
    taken: set[str] = set()
    guessed = []
    for cell in header:
        word = re.sub(r"[\W_]+", "", cell.casefold())
        field = next((name for name, words in GUESSES.items() if word in words), SKIP)
        guessed.append(SKIP if field in taken else field)
        taken.add(field)
    return guessed


def rows_of(
    rows: Sequence[Sequence[str]],
    mapping: Sequence[str],
    *,
    stages: Mapping[str, str],
    owners: Mapping[str, int],
) -> Iterator[Row]:
    """Each line as it would be taken. ``stages`` and ``owners`` are what may be named."""
    for number, line in enumerate(rows, 2):
        if not line:
            continue
        values: dict[str, str] = {}
        for field, cell in zip(mapping, line, strict=False):
            if field and (text := unguarded(cell.strip())):
                values[field] = text
        yield Row(number, *_checked(values, stages, owners))


def _checked(
    values: dict[str, str], stages: Mapping[str, str], owners: Mapping[str, int]
) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    faults = [(field, "too_long") for field, text in values.items() if len(text) > LONGEST_CELL]
    if email := values.get("email"):
        try:
            validate_email(email)
        except ValidationError:
            faults.append(("email", "no_email"))
    if phone := values.get("phone"):
        values["phone"] = as_phone(phone)
        if not values["phone"]:
            faults.append(("phone", "no_phone"))
    if not values.get("email") and not values.get("phone"):
        faults.append(("", "nobody"))
    for field, known in (("stage", stages), ("owner", owners)):
        if (text := values.get(field)) and text.casefold() not in known:
            faults.append((field, "unknown"))
    return values, tuple(faults)


def as_phone(text: str) -> str:
    """E.164 where the country is named; else the digits as they stand; "" where it is none."""
    text = re.sub(r"^\s*00(?=[1-9])", "+", text)  # how most of the world dials abroad
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        digits = re.sub(r"[\s().\-/]", "", text)
        return digits if digits.isascii() and digits.isdigit() and 5 <= len(digits) <= 15 else ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def guarded(text: str) -> str:
    """A cell no spreadsheet will calculate."""
    return f"'{text}" if text.startswith(FORMULA) else text


def unguarded(text: str) -> str:
    """The same cell, read back."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text
