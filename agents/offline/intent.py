"""What a message wants: a linear classifier over meaning and signs, with honest confidence."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agents.offline.features import DIMENSIONS, hashed_words, signs

LABELS = ("sales", "support", "general", "spam", "urgent")
ANSWERED = ("sales", "support", "general")
WEIGHTS = Path(__file__).parent / "weights" / "intent.npz"
MEANING_SCALE = 2.0

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class IntentGuess:
    """``confidence`` is that of the intent; ``step_confidence`` that of what follows from it.

    Sales, support and general questions are answered the same way: doubt among them is no
    reason to fetch a person.
    """

    intent: str
    confidence: float
    step_confidence: float


def classify(text: str, meaning: Vector) -> IntentGuess:
    """The likeliest intent; ``meaning`` is the text's embedding, of length one."""
    scores = _scores(text, meaning)
    powers = np.exp(scores - scores.max())
    shares = powers / powers.sum()
    best = int(shares.argmax())
    same_step = ANSWERED if LABELS[best] in ANSWERED else (LABELS[best],)
    step = sum(float(shares[LABELS.index(label)]) for label in same_step)
    return IntentGuess(LABELS[best], round(float(shares[best]), 4), round(min(step, 1.0), 4))


def _scores(text: str, meaning: Vector) -> Vector:
    weights, temperature = _weights()
    seen = signs(text)
    scores = MEANING_SCALE * meaning @ weights[:DIMENSIONS]
    scores = scores + seen @ weights[DIMENSIONS : DIMENSIONS + len(seen)] + weights[-1]
    positions = hashed_words(text)
    if positions:
        rows = weights[[DIMENSIONS + len(seen) + position for position in positions]]
        scores = scores + rows.sum(axis=0) / np.sqrt(len(positions))
    return scores / temperature


@lru_cache(maxsize=1)
def _weights() -> tuple[Vector, float]:
    with np.load(WEIGHTS) as stored:
        return stored["w"].astype(np.float32), float(stored["temperature"])
