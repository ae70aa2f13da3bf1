"""A table for a terminal, with words in any script."""

import textwrap
import unicodedata
from collections.abc import Sequence


def render(head: Sequence[str], widths: Sequence[int], rows: Sequence[Sequence[str]]) -> str:
    """Every cell wrapped to its column; a rule between the rows."""
    rule = "+".join("-" * (width + 2) for width in widths)
    lines = [_row(head, widths), rule]
    for row in rows:
        lines += [_row(row, widths), rule]
    return "\n".join(lines)


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    wrapped = [_wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)]
    height = max(map(len, wrapped))
    return "\n".join(
        "|".join(
            f" {_padded(lines[number] if number < len(lines) else '', width)} "
            for lines, width in zip(wrapped, widths, strict=True)
        ).rstrip()
        for number in range(height)
    )


def _wrapped(text: str, width: int) -> list[str]:
    return [line for part in text.split("\n") for line in textwrap.wrap(part, width) or [""]]


def _padded(text: str, width: int) -> str:
    return text + " " * max(0, width - sum(map(_columns, text)))


def _columns(letter: str) -> int:
    """How many columns a terminal gives a letter."""
    if unicodedata.combining(letter) or unicodedata.category(letter) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
