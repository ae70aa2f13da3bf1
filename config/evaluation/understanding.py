"""What the offline engine makes of a message, task by task."""

from collections.abc import Callable, Iterator

import numpy as np

from agents.offline.intent import IntentGuess, classify
from agents.offline.language import detect_language
from config.evaluation.sets import Figure, Item, Sets, figures
from knowledge.services import embed

URGENT: dict[str, tuple[float | None, float | None]] = {
    "urgent recall": (None, 0.75),
    "urgent precision": (None, 0.5),
}


def measure_language(sets: Sets) -> Iterator[Figure]:
    gold = sets.read("langid_dev.jsonl")
    said = [{"id": item["id"], "lang": detect_language(item["text"])} for item in gold]
    scored = sets.score("score_langid.py", gold, said)
    # best baseline: lingua, 13 languages
    own = {"accuracy": scored["en/es/ar"]["accuracy"]}
    yield from figures("language", "en, es, ar only", own, {"accuracy": (0.986, 0.99)})
    own = {"accuracy": scored["all"]["accuracy"]}
    yield from figures("language", "all eight", own, {"accuracy": (None, None)})


def measure_intent(sets: Sets) -> Iterator[Figure]:
    # best baseline that runs on what we ship: USE and words, logistic regression
    expected: dict[str, dict[str, tuple[float | None, float | None]]] = {
        "intent_dev_gold": {"accuracy": (0.648, 0.70), "macro_f1": (0.442, 0.55)},
        "intent_dev_mapped": {"accuracy": (0.933, None), "macro_f1": (0.930, None)},
    }
    for name, metrics in expected.items():
        gold = sets.read(f"{name}.jsonl")
        said = [
            {"id": item["id"], "intent": guess.intent, "confidence": guess.confidence}
            for item, guess in zip(gold, _guesses(gold), strict=True)
        ]
        scored = sets.score("score_intent.py", gold, said)
        yield from figures("intent", name, scored, metrics)
        urgent = scored["classes"]["urgent"]
        shown = {f"urgent {metric}": urgent[metric] for metric in ("recall", "precision")}
        yield from figures("intent", name, shown, URGENT)


def measure_spam(sets: Sets) -> Iterator[Figure]:
    gold = sets.read("spam_dev.jsonl.gz")
    said = [
        {"id": item["id"], "label": int(guess.intent == "spam")}
        for item, guess in zip(gold, _guesses(gold), strict=True)
    ]
    scored = sets.score("score_spam.py", gold, said)
    yield from figures("spam", "spam_dev", scored["all"], {"f1": (0.86, 0.90)})


def _guesses(items: list[Item]) -> list[IntentGuess]:
    texts = [item["text"] for item in items]
    meanings = np.array(embed(texts), dtype=np.float32)
    return [classify(text, meaning) for text, meaning in zip(texts, meanings, strict=True)]


TASKS: dict[str, Callable[[Sets], Iterator[Figure]]] = {
    "language": measure_language,
    "intent": measure_intent,
    "spam": measure_spam,
}
