"""Write the weights of ``agents.offline.sentiment``.

    python -m agents.offline.training.sentiment

The lexicon is VADER's (from the package vaderSentiment, MIT) with our own words
(``lexicon.txt``); the reading of the sentence vector is a ridge regression over our own sentences
in three languages (``feelings.txt``) and, with little weight, over VADER's words. The same input
gives the same weights.
"""

import json
import sys

import numpy as np
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from agents.offline.letters import folded
from agents.offline.sentiment import WEIGHTS
from agents.offline.training.rows import HERE, Matrix, meanings, own_rows

STRENGTH = {"negative": -0.7, "neutral": 0.0, "positive": 0.7}
A_WORD = 0.05  # the weight of a word beside a sentence
RIDGE = 10.0


def own_words() -> dict[str, float]:
    words: dict[str, float] = {}
    strength = 0.0
    for line in (HERE / "lexicon.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            strength = float(line.strip("[]"))
        elif not line.startswith("#"):
            words |= dict.fromkeys(folded(line).split(), strength)
    return words


def ridge(x: Matrix, y: Matrix, weight: Matrix) -> Matrix:
    x = np.concatenate([x, np.ones((len(x), 1), dtype=np.float32)], axis=1).astype(np.float64)
    weighted = x * weight[:, None]
    solved = np.linalg.solve(weighted.T @ x + RIDGE * np.eye(x.shape[1]), weighted.T @ y)
    return solved.astype(np.float32)


def main() -> None:
    vader = {
        word: strength
        for word, strength in SentimentIntensityAnalyzer().lexicon.items()
        if word.isascii() and word.replace("'", "").isalpha()
    }
    sentences = own_rows("feelings.txt")
    long_words = [word for word in vader if len(word) > 2]
    x = meanings([row.text for row in sentences] + long_words)
    y = np.array(
        [STRENGTH[row.label] for row in sentences] + [vader[word] / 4 for word in long_words],
        dtype=np.float32,
    )
    weight = np.array([1.0] * len(sentences) + [A_WORD] * len(long_words), dtype=np.float32)
    head = ridge(x, y, weight)
    lexicon = own_words() | {folded(word): strength for word, strength in vader.items()}
    np.savez_compressed(
        WEIGHTS,
        words=np.array("\n".join(lexicon)),
        strengths=np.round(np.array([*lexicon.values()]) * 10).astype(np.int8),
        head=head.astype(np.float16),
    )
    sys.stdout.write(json.dumps({"sentences": len(sentences), "words": len(lexicon)}) + "\n")


if __name__ == "__main__":
    main()
