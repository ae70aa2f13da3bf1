"""Train the intent and spam classifiers and write their weights.

    python -m agents.offline.training.intent POOL.jsonl.gz

Learns from our own sentences (``examples.txt``, ``scenes.txt``, ``feelings.txt``) and, of a public pool of
labelled messages, only from the sources named in ``rows.PERMITTED``, whose licences allow it. The
texts are not kept; the weights are. The same input gives the same weights. Prints what it used,
and how well it did and how well its confidence fits (expected calibration error) on held-out rows.
"""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.offline.features import HASHED, PIECES, hashed_words, letter_pieces, telling
from agents.offline.intent import WANTS, WEIGHTS, softmax
from agents.offline.training.leads import lead_rows
from agents.offline.training.rows import Matrix, Row, meanings, own_rows, public_rows

EPOCHS = 90
RATE = 0.05
# Against learning by heart: of what a message means and how it looks, and of how it is spelt.
L2 = (1e-3, 1e-4)
SPAM_L2 = (1e-3, 1e-4)
SPELT = HASHED + PIECES
FOLDS = 5
# The engine answers alone from the confidence on from which it is right this often. Who is taken
# for an advertiser gets no answer at all.
TALK_IS_RIGHT, SPAM_IS_RIGHT = 0.98, 0.998
# How often each intent is met in an inbox, beside a fifth: questions and complaints are common.
PRIORS = {"sales": 1.0, "support": 1.6, "general": 1.0, "urgent": 0.7}
SPAM_SHARE = 0.2
A_FEELING = 1.0
OF_THE_DAY = ("own", "general")
# Bank and assistant questions are like no advertisement: they say little.
AS_SPAM, LITTLE = {"own": 2.0, "sms-spam": 5.0, "youtube-spam": 3.0, "hint3-curekart": 1.0}, 0.3
# How people pass things on: with a handle before it, a tag or a link behind it.
DRESSES = ("RT @user: {} URL", "@user {}", "{} #{}", "{} URL", "@user @user {} 😂", "RT @user: {}…")

Labels = NDArray[np.int64]


class Seen(NamedTuple):
    """Messages as the classifiers see them; words and pieces as positions of one long line."""

    telling: Matrix
    positions: Labels
    values: Matrix
    starts: Labels
    rows: Labels  # whose each position is

    @classmethod
    def of(cls, telling: Matrix, positions: Labels, values: Matrix, lengths: Labels) -> "Seen":
        starts = np.concatenate([[0], np.cumsum(lengths)])
        return cls(telling, positions, values, starts, np.repeat(np.arange(len(lengths)), lengths))

    def part(self, chosen: NDArray[np.bool_]) -> "Seen":
        lengths = np.diff(self.starts)
        kept = np.repeat(chosen, lengths)
        spelt = self.positions[kept], self.values[kept]
        return Seen.of(self.telling[chosen], *spelt, lengths[chosen])

    def scores(self, weights: Matrix) -> Matrix:
        width = self.telling.shape[1]
        scores = self.telling @ weights[:width]
        for label in range(weights.shape[1]):
            spelt = weights[width + self.positions, label] * self.values
            scores[:, label] += np.bincount(self.rows, weights=spelt, minlength=len(scores))
        return scores

    def slope(self, errors: Matrix) -> Matrix:
        """What the weights are to be moved by."""
        spelt = [
            np.bincount(
                self.positions, weights=errors[self.rows, label] * self.values, minlength=SPELT
            )
            for label in range(errors.shape[1])
        ]
        whole = np.concatenate([self.telling.T @ errors, np.stack(spelt, axis=1)])
        return whole.astype(np.float32)


def features(rows: Sequence[Row]) -> Seen:
    texts = [row.text for row in rows]
    seen = [telling(text, meaning) for text, meaning in zip(texts, meanings(texts), strict=True)]
    spelt: list[tuple[Labels, Labels]] = [
        (np.array(hashed_words(text), dtype=np.int64), letter_pieces(text) + HASHED)
        for text in texts
    ]
    values = [np.full(len(each), 1 / np.sqrt(len(each) or 1)) for both in spelt for each in both]
    return Seen.of(
        np.stack([np.append(each, 1) for each in seen]).astype(np.float32),
        np.concatenate([each for both in spelt for each in both]).astype(np.int64),
        np.concatenate(values).astype(np.float32),
        np.array([len(words) + len(pieces) for words, pieces in spelt]),
    )


def fit(x: Seen, y: Labels, weight: Matrix, classes: int, l2: tuple[float, float]) -> Matrix:
    """Multinomial logistic regression by Adam, full batch, from zero: no chance involved."""
    w = np.zeros((x.telling.shape[1] + SPELT, classes), dtype=np.float32)
    shrink = np.full((len(w), 1), l2[1], dtype=np.float32)
    shrink[: x.telling.shape[1]] = l2[0]
    first, second = np.zeros_like(w), np.zeros_like(w)
    wanted = np.eye(classes, dtype=np.float32)[y]
    share = (weight / weight.sum())[:, None].astype(np.float32)
    for step in range(1, EPOCHS + 1):
        slope = x.slope((softmax(x.scores(w)) - wanted) * share) + shrink * w
        first = 0.9 * first + 0.1 * slope
        second = 0.999 * second + 0.001 * slope**2
        w -= RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return w


def balanced(y: Labels, weight: Matrix, shares: Sequence[float]) -> Matrix:
    """Every class weighs its share, however many examples it has."""
    totals = np.array([weight[y == label].sum() for label in range(len(shares))])
    wanted = np.array(shares) / sum(shares)
    scaled: Matrix = weight * (weight.sum() * wanted / np.maximum(totals, 1e-6))[y]
    return scaled


def held_out(
    x: Seen, y: Labels, weight: Matrix, classes: int, parts: Labels, l2: tuple[float, float]
) -> Matrix:
    """Each row's scores by a model that saw nothing of its part."""
    scores = np.zeros((len(y), classes), dtype=np.float32)
    for part in sorted(set(parts.tolist())):
        out = parts == part
        scores[out] = x.part(out).scores(fit(x.part(~out), y[~out], weight[~out], classes, l2))
    return scores


def temperature(scores: Matrix, y: Labels, weight: Matrix) -> float:
    """What to divide scores by so that confidence means accuracy."""
    candidates = np.linspace(0.3, 3.0, 55)
    at = np.arange(len(y))
    losses = [
        -np.average(np.log(softmax(scores / t)[at, y] + 1e-9), weights=weight) for t in candidates
    ]
    return float(candidates[int(np.argmin(losses))])


def platt(scores: Matrix, y: Labels, weight: Matrix) -> tuple[float, float]:
    """Scale and shift that make a score a probability. (Platt 1999)"""
    best = (np.inf, 1.0, 0.0)
    for scale in np.linspace(0.3, 4.0, 38):
        for shift in np.linspace(-2.0, 2.0, 41):
            share = 1 / (1 + np.exp(-(scores * scale + shift)))
            loss = -np.average(
                np.where(y == 1, np.log(share + 1e-9), np.log(1 - share + 1e-9)), weights=weight
            )
            best = min(best, (float(loss), float(scale), float(shift)))
    return best[1], best[2]


def calibration_error(shares: Matrix, y: Labels) -> float:
    """How far confidence is from accuracy, on average over ten bins."""
    sure, right = shares.max(axis=1), shares.argmax(axis=1) == y
    bins = np.minimum((sure * 10).astype(int), 9)
    return float(
        sum(
            abs(sure[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean()
            for b in range(10)
            if (bins == b).any()
        )
    )


def surely(share: Matrix, said: NDArray[np.bool_], right: NDArray[np.bool_], often: float) -> float:
    """The least confidence from which on what is said of held-out rows is right often enough."""
    for least in np.linspace(0.5, 0.995, 100):
        chosen = said & (share >= least)
        if chosen.any() and right[chosen].mean() >= often:
            return float(least)
    return 1.0


def train_wants(rows: list[Row]) -> dict[str, Matrix | float]:
    x = features(rows)
    y = np.array([WANTS.index(row.label) for row in rows])
    weight = balanced(
        y, np.array([row.weight for row in rows], dtype=np.float32), [*PRIORS.values()]
    )
    # Judged on sources it did not learn from: a customer's words come from none of them, and
    # among its own every classifier looks surer than it has reason to be.
    sources = sorted({row.source for row in rows if row.source not in {"youtube-spam", "sms-spam"}})
    parts = np.array([sources.index(row.source) if row.source in sources else 0 for row in rows])
    scores = held_out(x, y, weight, len(WANTS), parts, L2)
    alike = 1 / np.bincount(parts)[parts]  # every source weighs the same
    chosen = temperature(scores, y, alike)
    shares = softmax(scores / chosen)
    report("wants", rows, accuracy=np.average(shares.argmax(axis=1) == y, weights=alike),
           calibration_error=calibration_error(shares, y), temperature=chosen)  # fmt: skip
    talk = WANTS.index("general")
    sure = surely(shares[:, talk], shares.argmax(axis=1) == talk, y == talk, TALK_IS_RIGHT)
    report("small talk alone", rows, from_share=sure)
    return {"wants": fit(x, y, weight, len(WANTS), L2), "temperature": chosen, "talk_sure": sure}


def train_spam(rows: list[Row]) -> dict[str, Matrix | float]:
    x = features(rows)
    y = np.array([int(row.label == "spam") for row in rows])
    weight = balanced(
        y, np.array([row.weight for row in rows], dtype=np.float32), [1 - SPAM_SHARE, SPAM_SHARE]
    )
    both = held_out(x, y, weight, 2, np.arange(len(y)) % FOLDS, SPAM_L2)
    scores = both[:, 1] - both[:, 0]
    scale, shift = platt(scores, y, weight)
    share = 1 / (1 + np.exp(-(scores * scale + shift)))
    report("spam", rows, accuracy=((share > 0.5) == y).mean(),
           calibration_error=calibration_error(np.stack([1 - share, share], 1), y))  # fmt: skip
    w = fit(x, y, weight, 2, SPAM_L2)
    sure = surely(share, share >= 0.5, y == 1, SPAM_IS_RIGHT)
    report("spam alone", rows, from_share=sure)
    return {
        "spam": w[:, 1:] - w[:, :1],
        "spam_scale": scale,
        "spam_shift": shift,
        "spam_sure": sure,
    }


def dress(text: str, number: int) -> str:
    words = text.split()
    return DRESSES[number % len(DRESSES)].format(text, words[number % len(words)].strip(".,!?؟،"))


def report(name: str, rows: list[Row], **measured: float) -> None:
    said = {key: round(float(value), 3) for key, value in measured.items()}
    labels = Counter(row.label for row in rows)
    sys.stdout.write(json.dumps({"trained": name, "labels": labels, **said}) + "\n")


def main(pool: str) -> None:
    rows = [*own_rows("examples.txt"), *own_rows("scenes.txt"), *lead_rows(), *public_rows(pool)]
    # What people post about their day is no advertisement, however it is dressed up.
    calm = [row._replace(weight=A_FEELING) for row in own_rows("feelings.txt")]
    day = [row._replace(label="general") for row in calm if row.label != "negative"]
    calm += [
        row._replace(weight=A_FEELING) for row in rows if (row.source, row.label) == OF_THE_DAY
    ]
    calm += [row._replace(text=dress(row.text, n)) for n, row in enumerate(calm)]
    about_spam = [row._replace(weight=AS_SPAM.get(row.source, LITTLE)) for row in rows]
    weights = {
        **train_wants([row for row in [*rows, *day] if row.label != "spam"]),
        **train_spam(about_spam + calm),
    }
    WEIGHTS.parent.mkdir(exist_ok=True)
    stored: dict[str, Any] = {name: np.asarray(each, np.float16) for name, each in weights.items()}
    np.savez_compressed(WEIGHTS, **stored)


if __name__ == "__main__":
    main(sys.argv[1])
