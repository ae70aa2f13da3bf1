"""Which of a company's own intents a message has: learnt from the few examples it wrote.

Kernel ridge regression over what the examples mean (vectors of the local embedder, which knows
many languages) and how they are spelt (letter pieces, which know names and slang). It is solved
anew when the examples change, which takes milliseconds, and asked once a message.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from agents.offline.letters import folded

MEANING = 0.6  # against spelling
RIDGE, NARROW_RIDGE = 0.5, 0.05
NARROW = 3.0  # how fast an example's word counts less, the farther it is
NEAREST = 3  # examples whose nearness tells how far a message is from all of them
PIECES = 4_096
SURE = 0.5  # from here on the intent is taken without asking a model
PERHAPS = 0.3  # from here on it is worth naming to one
LEAST_LEAD = 0.12  # of the first over the second, to be sure
_WORD = re.compile(r"\w+")

Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Match:
    """The likeliest intent, how likely it is (0 to 1), and its lead over the next."""

    key: str
    confidence: float
    lead: float

    @property
    def is_sure(self) -> bool:
        return self.confidence >= SURE and self.lead >= LEAST_LEAD

    @property
    def is_possible(self) -> bool:
        return self.confidence >= PERHAPS


@dataclass(frozen=True, slots=True)
class Example:
    """What somebody might write; ``vector`` is what it means."""

    key: str
    text: str
    vector: Sequence[float]


class OwnIntents:
    """A company's intents, ready to be asked."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self.keys = tuple(dict.fromkeys(one.key for one in examples))
        if not examples:
            return
        self._meanings = _unit(np.asarray([one.vector for one in examples], dtype=np.float32))
        counted = [_pieces(one.text) for one in examples]
        seen = Counter(piece for pieces in counted for piece in pieces)
        self._rarity = {
            piece: math.log((1 + len(examples)) / (1 + times)) + 1 for piece, times in seen.items()
        }
        self._spellings = np.stack([self._spelt(pieces) for pieces in counted])
        nearness = self._near(self._meanings, self._spellings)
        wanted = np.asarray(
            [[float(one.key == key) for key in self.keys] for one in examples], dtype=np.float32
        )
        identity = np.eye(len(examples), dtype=np.float32)
        # Which it is: by the nearest examples, and who wrote many is not the likelier for it.
        usual = wanted.mean(axis=0)
        self._which = np.linalg.solve(_felt(nearness) + NARROW_RIDGE * identity, wanted - usual)
        # How sure that is: by all of them, so that a few examples do not make it too sure.
        self._sure = np.linalg.solve(nearness + RIDGE * identity, wanted)

    def match(self, text: str, vector: Sequence[float]) -> Match | None:
        """The likeliest intent, however unlikely; None where the company has none."""
        if not self.keys:
            return None
        meaning = _unit(np.asarray([vector], dtype=np.float32))
        near = self._near(meaning, self._spelt(_pieces(text))[None, :])[0]
        best = int((_felt(near) @ self._which).argmax())
        scores = near @ self._sure
        first = float(scores[best])
        second = float(np.delete(scores, best).max()) if len(scores) > 1 else 0.0
        nearest = float(np.sort(near)[-NEAREST:].mean())
        confidence = (first + 0.5 * nearest) / 1.5
        return Match(self.keys[best], max(0.0, min(confidence, 1.0)), first - max(second, 0.0))

    def _near(self, meanings: Rows, spellings: Rows) -> Rows:
        """How near each row is to each example."""
        meant, spelt = meanings @ self._meanings.T, spellings @ self._spellings.T
        near: Rows = MEANING * meant + (1 - MEANING) * spelt
        return near

    def _spelt(self, pieces: Mapping[int, int]) -> Rows:
        row = np.zeros(PIECES, dtype=np.float32)
        for piece, times in pieces.items():
            row[piece] = (1 + math.log(times)) * self._rarity.get(piece, 0.0)
        length = float(np.linalg.norm(row))
        return np.asarray(row / length if length else row, dtype=np.float32)


def _felt(near: Rows) -> Rows:
    """How much an example has to say, by how near it is."""
    return np.asarray(np.exp(NARROW * (near - 1)), dtype=np.float32)


def _pieces(text: str) -> Counter[int]:
    """Its words and their parts of two to four letters, as numbers."""
    words = f" {folded(text)} "
    found = Counter(_number(f"#{word}") for word in _WORD.findall(words))
    for length in (2, 3, 4):
        found.update(_number(words[at : at + length]) for at in range(len(words) - length + 1))
    return found


def _number(piece: str) -> int:
    return crc32(piece.encode()) % PIECES


def _unit(rows: Rows) -> Rows:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths == 0, 1, lengths), dtype=np.float32)
