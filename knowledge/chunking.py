"""Cutting a document into passages that end where sentences do.

Sizes are in tokens, estimated without a tokenizer: a run of up to six letters or one sign is
about what subword vocabularies make of European and Arabic text.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

PASSAGE_TOKENS = 800
OVERLAP_TOKENS = 120
SHORTEST_SENTENCE = 25  # characters; shorter ones are read together with the next
LONGEST_SENTENCE = 100  # tokens
LONGEST_RUN = 1_000  # characters that abbreviations may join

TOKEN = re.compile(r"[^\W_]{1,6}|[^\w\s]|_{1,6}")
# After a full stop and a space, or at the end of a line.
BOUNDARY = re.compile(r"(?<=[.!?؟…])\s+|(?<=[。！？])\s*|(?<!\s)\s*\n\s*")
# A full stop after these ends no sentence.
ABBREVIATION = re.compile(
    r"(?:^|\s)(?:[A-Za-z]|approx|dr|etc|inc|ltd|mr|mrs|ms|no|sr|sra|vs)\.$", re.I
)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage to be; ``overlap`` is how many of its characters repeat the one before."""

    text: str
    overlap: int = 0


def count_tokens(text: str) -> int:
    return sum(1 for _ in TOKEN.finditer(text))


def sentences(text: str) -> list[str]:
    """The text's sentences and lines, none of them longer than a passage may be."""
    found: list[str] = []
    for piece in BOUNDARY.split(text):
        # The end is enough to tell; a text of nothing but abbreviations is not one sentence.
        if found and len(found[-1]) < LONGEST_RUN and ABBREVIATION.search(found[-1][-12:]):
            found[-1] = f"{found[-1]} {piece.strip()}"
        elif piece.strip():
            found.append(piece.strip())
    return found


def fragments(text: str) -> list[str]:
    """What a passage says, one thing at a time: sentences that can be understood by themselves."""
    found: list[str] = []
    for sentence in sentences(text):
        for piece in _pieces(sentence, LONGEST_SENTENCE):
            if found and len(found[-1]) < SHORTEST_SENTENCE:
                found[-1] = f"{found[-1]} {piece}"
            else:
                found.append(piece)
    return found


def chunks(text: str, *, size: int = PASSAGE_TOKENS, overlap: int = OVERLAP_TOKENS) -> list[Chunk]:
    """Cut a text into chunks of at most ``size`` tokens; each repeats the end of the one before.

    Left of their overlaps, the chunks put together are the text, white space aside.
    """
    done: list[Chunk] = []
    current: list[_Unit] = []
    fresh = 0  # how many units of ``current`` are not a repetition
    for unit in _units(text, size - overlap):
        if fresh and sum(u.tokens for u in current) + unit.tokens > size:
            done.append(_chunk(current, fresh))
            current, fresh = _tail(current, overlap), 0
        current.append(unit)
        fresh += 1
    if fresh:
        done.append(_chunk(current, fresh))
    return done


@dataclass(frozen=True, slots=True)
class _Unit:
    text: str
    tokens: int
    gap: str  # what stood between it and the one before, made plain


def _units(text: str, largest: int) -> Iterator[_Unit]:
    for paragraph in re.split(r"\n\s*\n", text):
        gap = "\n\n"
        for line in paragraph.splitlines():
            for sentence in sentences(line):
                for piece in _pieces(sentence, largest):
                    yield _Unit(piece, count_tokens(piece), gap)
                    gap = " "
            gap = "\n"


def _pieces(sentence: str, largest: int) -> Iterator[str]:
    """A sentence, cut at white space only where it is too long, inside words if it must be."""
    if count_tokens(sentence) <= largest:
        yield sentence
        return
    ends = [match.end() for match in TOKEN.finditer(sentence)]
    start = 0
    while start < len(sentence):
        last = bisect_right(ends, start) + largest
        end = ends[last - 1] if last < len(ends) else len(sentence)
        if end < len(sentence) and (space := sentence.rfind(" ", start, end + 1)) > start:
            end = space
        if piece := sentence[start:end].strip():
            yield piece
        start = end


def _tail(units: list[_Unit], tokens: int) -> list[_Unit]:
    kept = 0
    for unit in reversed(units):
        if tokens < unit.tokens:
            break
        tokens -= unit.tokens
        kept += 1
    kept = min(kept, len(units) - 1)  # a whole chunk again would be no progress
    return units[len(units) - kept :] if kept else []


def _chunk(units: list[_Unit], fresh: int) -> Chunk:
    repeated = units[: len(units) - fresh]
    return Chunk(_joined(units), len(_joined(repeated)))


def _joined(units: list[_Unit]) -> str:
    return "".join(unit.text if i == 0 else unit.gap + unit.text for i, unit in enumerate(units))
