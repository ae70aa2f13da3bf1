"""A thing found in a text, and where."""

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """One finding; ``text[start:end]`` is the quote, ``value`` what it says."""

    name: str
    start: int
    end: int
    value: str


def matches(name: str, pattern: re.Pattern[str], text: str) -> Iterator[Found]:
    """Every match, or its group ``it``, without the marks around it."""
    for match in pattern.finditer(text):
        group = "it" if "it" in pattern.groupindex else 0
        start, end = match.span(group)
        value = text[start:end].strip(" .,;:،؛!?؟\"'")
        offset = text[start:end].find(value) if value else 0
        yield Found(name, start + offset, start + offset + len(value), value)
