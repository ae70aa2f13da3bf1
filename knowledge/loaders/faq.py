"""Questions and answers from a spreadsheet saved as CSV; each row is a passage under its question.

Columns are told by their names in the first row, or by their places where there are just two.
A cell is text, whatever a spreadsheet would compute from it.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

from knowledge.loaders.base import (
    LONGEST_HEADING,
    Allowance,
    Loaded,
    Loader,
    Section,
    Unreadable,
    decoded,
    looks_like_text,
)
from tenants.told import Sentence, listed

DELIMITERS = (",", ";", "\t", "|")
SAMPLE = 20  # rows the delimiter is told by
LATEST_SAMPLE = 500  # row; rows without anything before it are no reason to read on
# What spreadsheets write above the rows so that they find the delimiter again.
SEPARATOR_LINE = re.compile(r"\Asep=([,;\t|])\r?\n", re.IGNORECASE)
LONGEST_REPORT = 5  # rows named in it

QUESTIONS = frozenset(
    {"question", "questions", "q", "faq", "pregunta", "preguntas", "p", "سؤال", "السؤال"}
    | {"أسئلة", "الأسئلة", "اسئلة", "الاسئلة"}
)
ANSWERS = frozenset(
    {"answer", "answers", "a", "reply", "response", "respuesta", "respuestas", "r"}
    | {"جواب", "الجواب", "إجابة", "الإجابة", "اجابة", "الاجابة", "رد", "الرد", "أجوبة", "الأجوبة"}
)
LEFT_OUT = Sentence(_("Left out: %(rows)s."))
TOO_MANY_CELLS = Sentence(
    _("row %(number)s has too many cells; put texts with the delimiter in quotation marks"),
    part=True,
)
NEITHER = Sentence(_("row %(number)s has neither question nor answer"), part=True)
NO_ANSWER = Sentence(_("row %(number)s has no answer"), part=True)
NO_QUESTION = Sentence(_("row %(number)s has no question"), part=True)
AND_MORE = Sentence(_("and %(count)s more"), part=True)
UNCLOSED = Sentence(
    _("Row %(number)s cannot be read: a cell is too long, or its quotation mark is not closed.")
)
NO_COLUMNS = _(
    "Name two columns “question” and “answer” in the first row of this CSV, "
    "or leave just these two in this order."
)


@dataclass(frozen=True, slots=True)
class Columns:
    """Where question and answer stand; ``named`` means that the first row says so."""

    question: int
    answer: int
    width: int
    named: bool


class Csv(Loader):
    suffixes = (".csv", ".tsv")

    def recognises(self, content: bytes) -> bool:
        return looks_like_text(content)

    def examine(self, content: bytes) -> None:
        _table(decoded(content))

    def load(self, content: bytes) -> Loaded:
        spent = Allowance("CSV")
        text = decoded(content)
        spent.spend(len(text))
        rows, columns = _table(text)
        sections: list[Section] = []
        faults: list[str] = []
        for number, row in rows:
            spent.spend()
            if fault := _fault(row, columns):
                faults.append(fault.of(number=number))
            elif any(row):
                sections.append(_section(row[columns.question], row[columns.answer]))
        report = _report(faults)
        if not sections:
            raise Unreadable(report or "There is no question with an answer in this CSV.")
        return Loaded(sections, left_out=report)


def _table(text: str) -> tuple[Iterator[tuple[int, list[str]]], Columns]:
    """The rows below the header with their numbers, and where to look in them."""
    text, delimiter = _delimited(text)
    sample = _sample(text, delimiter)
    columns = _named(sample[0]) if sample else None
    if columns is None and _is_pairs(sample):
        columns = Columns(0, 1, 2, named=False)
    if columns is None:
        raise Unreadable(NO_COLUMNS)
    rows = _rows(text, delimiter)
    if columns.named:
        next(rows)
    return rows, columns


def _delimited(text: str) -> tuple[str, str]:
    """The text without a separator line, and its delimiter."""
    if said := SEPARATOR_LINE.match(text):
        return text[said.end() :], said[1]
    return text, max(DELIMITERS, key=lambda delimiter: _fit(_sample(text, delimiter)))


def _fit(sample: list[list[str]]) -> tuple[bool, int]:
    """How well a delimiter does: it names the columns, or else many rows are as wide."""
    widths = Counter(len(row) for row in sample if len(row) > 1)
    return bool(sample and _named(sample[0])), max(widths.values(), default=0)


def _sample(text: str, delimiter: str) -> list[list[str]]:
    """The first rows that hold anything."""
    found: list[list[str]] = []
    for number, row in _rows(text, delimiter):
        if any(row):
            found.append(row)
        if len(found) == SAMPLE or number == LATEST_SAMPLE:
            break
    return found


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each row with its number as a spreadsheet shows it, cells without white space around."""
    reader = csv.reader(io.StringIO(text.lstrip("\n")), delimiter=delimiter)
    number = 0
    try:
        for row in reader:
            number += 1
            yield number, [cell.strip() for cell in row]
    except csv.Error as error:
        raise Unreadable(UNCLOSED.of(number=number + 1)) from error


def _named(row: list[str]) -> Columns | None:
    words = [re.sub(r"[\s:*_\u0640]+", " ", cell).strip().casefold() for cell in row]
    question = next((i for i, word in enumerate(words) if word in QUESTIONS), None)
    answer = next((i for i, word in enumerate(words) if word in ANSWERS), None)
    if question is None or answer is None:
        return None
    return Columns(question, answer, len(row), named=True)


def _is_pairs(sample: list[list[str]]) -> bool:
    """Whether the rows have two cells each, empty ones at the end aside."""
    widths = [len(_without_end(row)) for row in sample]
    return 2 in widths and max(widths) == 2


def _without_end(row: list[str]) -> list[str]:
    filled = [place for place, cell in enumerate(row, 1) if cell]
    return row[: filled[-1]] if filled else []


def _fault(row: list[str], columns: Columns) -> Sentence | None:
    """What keeps a row from being used; a row without anything is none."""
    if not any(row):
        return None
    question, answer = (
        row[place] if place < len(row) else "" for place in (columns.question, columns.answer)
    )
    if any(row[columns.width :]):  # half an answer would be worse than none
        return TOO_MANY_CELLS
    if question and answer:
        return None
    if not question and not answer:
        return NEITHER
    return NO_ANSWER if question else NO_QUESTION


def _section(question: str, answer: str) -> Section:
    question = " ".join(question.split())
    if len(question) <= LONGEST_HEADING:
        return Section(answer, (question,))
    return Section(f"{question}\n{answer}", (question[:LONGEST_HEADING],))


def _report(faults: list[str]) -> str:
    if not faults:
        return ""
    named = faults[:LONGEST_REPORT]
    if len(faults) > LONGEST_REPORT:
        named.append(AND_MORE.of(count=len(faults) - LONGEST_REPORT))
    return LEFT_OUT.of(rows=listed(named))
