"""What a message wants: linear classifiers over meaning, mood, signs, words and spelling, calibrated.

Spam is told from the rest by a classifier of its own, which learnt from other texts: an inbox has
little of it, and a shop's questions say nothing about advertisers.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agents.offline.features import HASHED, Positions, hashed_words, letter_pieces, telling

WANTS = ("sales", "support", "general", "urgent")
LABELS = (*WANTS, "spam")
ANSWERED = ("sales", "support", "general")
# Who is taken for an advertiser gets no answer: a doubt is in the sender's favour.
SPAM_FROM = 0.8
WEIGHTS = Path(__file__).parent / "weights" / "intent.npz"

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class IntentGuess:
    """``confidence`` is that of the intent; ``step_confidence`` that of what follows from it.

    Sales, support and general questions are answered the same way: doubt among them is no
    reason to fetch a person. ``shares`` says how likely each intent is. ``is_sure``: an
    advertisement or small talk beyond doubt, by a confidence that was right often enough on
    messages it had not learnt from.
    """

    intent: str
    confidence: float
    step_confidence: float
    shares: dict[str, float]
    is_sure: bool = False

    @property
    def spam(self) -> float:
        return self.shares["spam"]


def classify(text: str, meaning: Vector) -> IntentGuess:
    """The likeliest intent; ``meaning`` is the text's embedding, of length one."""
    stored = _weights()
    seen = telling(text, meaning)
    spelt = (np.array(hashed_words(text), dtype=np.int64), letter_pieces(text) + HASHED)
    scores = _scores(seen, spelt, stored["all"])
    wants, advert = softmax(scores[:-1] / stored["temperature"]), scores[-1]
    spam = 1 / (1 + np.exp(-(advert * stored["spam_scale"] + stored["spam_shift"])))
    shares = dict(zip(LABELS, [*(wants * (1 - spam)), spam], strict=True))
    best = "spam" if spam >= SPAM_FROM else WANTS[int(np.argmax(wants))]
    same_step = ANSWERED if best in ANSWERED else (best,)
    step = sum(float(shares[label]) for label in same_step)
    return IntentGuess(
        best,
        round(float(shares[best]), 4),
        round(min(step, 1.0), 4),
        {label: round(float(share), 4) for label, share in shares.items()},
        bool(shares["spam"] >= stored["spam_sure"] or shares["general"] >= stored["talk_sure"]),
    )


def softmax(scores: Vector) -> Vector:
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    share: Vector = powers / powers.sum(axis=-1, keepdims=True)
    return share


def _scores(seen: Vector, spelt: tuple[Positions, ...], weights: Vector) -> Vector:
    width = len(seen) + 1
    scores: Vector = seen @ weights[: width - 1] + weights[width - 1]
    for positions in spelt:
        if len(positions):
            rows = weights.take(positions + width, axis=0)
            scores = scores + rows.sum(axis=0) / math.sqrt(len(positions))
    return scores


@lru_cache(maxsize=1)
def _weights() -> dict[str, Vector]:
    with np.load(WEIGHTS) as stored:
        read = {name: stored[name].astype(np.float32) for name in stored.files}
    # Side by side: each message's rows are looked up once for both classifiers.
    return {**read, "all": np.ascontiguousarray(np.hstack([read["wants"], read["spam"]]))}
