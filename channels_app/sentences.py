"""A text in the pieces in which it is read."""

import re

# Behind an end of a sentence (also Arabic, Chinese, Japanese, Hindi ones) or of a line.
_END = re.compile(r"(?<=[.!?؟۔…])[\s]+|(?<=[。！？।])|(?<=\n)")
LONGEST = 200


def sentences(text: str) -> list[str]:
    """The sentences with the white space behind them: joined they are the text again."""
    cuts = [found.end() for found in _END.finditer(text)]
    starts, ends = [0, *cuts], [*cuts, len(text)]
    pieces: list[str] = []
    for start, end in zip(starts, ends, strict=True):
        pieces += _portions(text[start:end])
    return pieces


def _portions(sentence: str) -> list[str]:
    """A very long sentence goes in several pieces, cut between words where there are any."""
    pieces = []
    while len(sentence) > LONGEST:
        cut = sentence.rfind(" ", 1, LONGEST) + 1 or LONGEST
        pieces.append(sentence[:cut])
        sentence = sentence[cut:]
    return [*pieces, sentence] if sentence else pieces
