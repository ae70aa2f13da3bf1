"""How the sender feels, from -1 to 1: words with negation and stress, and what they mean together.

VADER's idea and its English lexicon (Hutto and Gilbert, ICWSM 2014; MIT), with words of ours in
Spanish and Arabic; and a linear reading of the sentence vector, which understands languages and
turns of phrase that no list has. ``training/sentiment.py`` writes the weights.
"""

import math
import re
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agents.offline.letters import folded

WEIGHTS = Path(__file__).parent / "weights" / "sentiment.npz"
# How much the words count, and the meaning. Less than a doubt is no feeling.
WORDS, MEANING, DOUBT = 0.8, 1.07, 0.05

_NEGATIONS = frozenset(
    folded(
        "not no never nothing without cannot can't don't doesn't didn't isn't wasn't won't wouldn't hardly nor neither aint"
        " dont cant ni nunca nada sin tampoco jamas لا ليس ليست لم لن غير بدون مش مو ما ماهو مب"
    ).split()
)
_STRESS = {
    word: weight
    for weight, words in (
        (
            1.3,
            "very really so extremely absolutely totally super incredibly fucking most completely muy tan demasiado totalmente jamas mas جدا كثيرا للغايه مره اوي قوي",
        ),
        (0.7, "bit slightly somewhat little kinda poco algo قليلا شوي شويه"),
    )
    for word in folded(words).split()
}
_BUT = frozenset(folded("but however pero sino لكن بس").split())
_TOKEN = re.compile(r"[^\W\d_][\w']*")
_GLAD, _SAD = (
    set("😀😃😄😁😊😍🥰😘👍🙏❤🎉😂🤩👏💕✨💙💪😎🔥"),
    set("😡😠😤😞😢😭👎🤬😩😖😒🙄💔😣😫😔☹"),
)
_SMILE, _FROWN = re.compile(r"[:;=]-?[)D\]pP]|<3"), re.compile(r":'?-?[(\[/]|D:")
# Reads as a sum of three strong words being nearly as bad (or good) as it gets.
_NORM = 15.0
# What Arabic writes on to a word, the longest first.
_BEFORE = ("وبال", "وال", "بال", "فال", "كال", "لل", "ال", "و", "ف", "ب", "ل", "ك", "ي", "ت", "")
_BEHIND = ("", "هم", "ها", "كم", "نا", "ين", "ون", "ات", "وا", "تم", "ه", "ك", "ي", "ا", "ت")
LEAST_OF_A_STEM = 3
LONGEST = 4_000  # characters that are read

Vector = NDArray[np.float32]


def sentiment_of(text: str, meaning: Vector | None = None) -> float:
    """Below -0.75 somebody is furious; above 0.5 they are pleased.

    ``meaning`` is the text's embedding, of length one; without it the words alone must do.
    """
    said = lexical_sentiment(text)
    if meaning is None:
        return said
    both = WORDS * said + MEANING * felt(meaning)
    return round(math.copysign(max(0.0, min(1.0, abs(both) - DOUBT)), both), 3)


def felt(meaning: Vector) -> float:
    """What the sentence vector alone says."""
    head = _weights()[1]
    return float(meaning @ head[:-1] + head[-1])


@lru_cache(maxsize=64)  # who wants what is guessed from it too
def lexical_sentiment(text: str) -> float:
    """What the words say, with what negates and stresses them."""
    text = text[:LONGEST]
    words = _TOKEN.findall(folded(text))
    weights = [_weight(words, position) for position in range(len(words))]
    turn = next((i for i, word in enumerate(words) if word in _BUT), None)
    if turn:  # what comes after "but" is what is meant
        weights = [w * (0.5 if i < turn else 1.5) for i, w in enumerate(weights)]
    total = sum(weights)
    total += 2.0 * sum(char in _GLAD for char in text) - 2.0 * sum(char in _SAD for char in text)
    total += 2.0 * len(_SMILE.findall(text)) - 2.0 * len(_FROWN.findall(text.replace("://", "")))
    if total:
        total += math.copysign(min(text.count("!"), 3) * 0.3, total)
        if _shouts(text):
            total *= 1.3
    return round(total / math.sqrt(total * total + _NORM), 3)


def _weight(words: list[str], position: int) -> float:
    weight = _strength(words[position])
    if not weight:
        return 0.0
    before = words[max(0, position - 3) : position]
    for previous in before:
        weight *= _STRESS.get(previous, 1.0)
    if any(previous in _NEGATIONS for previous in before):
        weight *= -0.74
    return weight


@lru_cache(maxsize=1 << 13)
def _strength(word: str) -> float:
    """How strong the word is, in Arabic without what is written on to it: "and the", "their"."""
    lexicon = _weights()[0]
    if word in lexicon or not "\u0621" <= word[:1] <= "\u064a":
        return lexicon.get(word, 0.0)
    for begins in _BEFORE:
        if not word.startswith(begins):
            continue
        stem = word[len(begins) :]
        for ends in _BEHIND:
            root = stem.removesuffix(ends)
            if stem.endswith(ends) and len(root) >= LEAST_OF_A_STEM and root in lexicon:
                return lexicon[root]
    return 0.0


def _shouts(text: str) -> bool:
    letters = [char for char in text if char.isalpha()]
    return len(letters) > 12 and sum(char.isupper() for char in letters) > len(letters) * 0.7


@lru_cache(maxsize=1)
def _weights() -> tuple[dict[str, float], Vector]:
    with np.load(WEIGHTS) as stored:
        strengths = (stored["strengths"].astype(np.float32) / 10).tolist()
        lexicon = dict(zip(str(stored["words"]).split("\n"), strengths, strict=True))
        return lexicon, stored["head"].astype(np.float32)
