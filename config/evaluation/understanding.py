"""What the offline engine makes of a message, task by task."""

from collections.abc import Callable, Iterator

import numpy as np

from agents.offline.entities import find_entities, without_addresses
from agents.offline.intent import IntentGuess, classify
from agents.offline.language import detect_language
from agents.offline.sentiment import sentiment_of
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
        {"id": item["id"], "score": guess.spam}
        for item, guess in zip(gold, _guesses(gold), strict=True)
    ]
    scored = sets.score("score_spam.py", gold, said)
    yield from figures("spam", "spam_dev", scored["all"], {"f1": (0.86, 0.90)})


def measure_sentiment(sets: Sets) -> Iterator[Figure]:
    gold = sets.read("sentiment_score_dev.jsonl")
    scored = sets.score("score_sentiment.py", gold, _feelings(gold))
    yield from figures("sentiment", "scores", scored["all"], {"pearson": (0.75, 0.78)})
    gold = sets.read("sentiment3_dev.jsonl")
    scored = sets.score("score_sentiment.py", gold, _feelings(gold))
    # on other data the best simple models reached these
    for language, baseline, aim in (("en", 0.63, 0.66), ("es", 0.59, 0.62), ("ar", 0.58, 0.62)):
        (own,) = (each for key, each in scored.items() if key.endswith(f"/{language}"))
        yield from figures("sentiment", language, own, {"macro_f1": (baseline, aim)})


def measure_entities(sets: Sets) -> Iterator[Figure]:
    """Overlap F1 a type; the large set was annotated by many, the small one is like our leads."""
    for name in ("entities_dev.jsonl.gz", "leads_dev.jsonl"):
        gold = sets.read(name)
        said = [{"id": item["id"], "entities": _entities(item["text"])} for item in gold]
        scored = sets.score("score_entities.py", gold, said)["overlap"]
        group = name.partition(".")[0]
        for kind, expected in ENTITIES.items():
            if kind in scored:
                f1 = {kind: scored[kind]["f1"]}
                yield from figures("entities", group, f1, {kind: expected})


# best extractor of BASELINES.md by overlap, and our aim
ENTITIES: dict[str, tuple[float | None, float | None]] = {
    "email": (0.99, None),
    "phone": (0.86, 0.92),
    "budget": (0.93, 0.90),
    "timeline": (0.76, 0.82),
    "name": (0.48, 0.68),
    "company": (0.19, 0.50),
    "location": (0.39, 0.65),
    "interest": (None, None),
}


def _entities(text: str) -> list[Item]:
    return [
        {"start": found.start, "end": found.end, "type": found.name}
        for found in find_entities(text)
    ]


def _feelings(items: list[Item]) -> list[Item]:
    texts = [item["text"] for item in items]
    meanings = np.array(embed(texts), dtype=np.float32)
    return [
        {"id": item["id"], "score": sentiment_of(text, meaning)}
        for item, text, meaning in zip(items, texts, meanings, strict=True)
    ]


def _guesses(items: list[Item]) -> list[IntentGuess]:
    """As the engine asks: without the addresses that are found beside it."""
    texts = [without_addresses(item["text"], find_entities(item["text"])) for item in items]
    meanings = np.array(embed(texts), dtype=np.float32)
    return [classify(text, meaning) for text, meaning in zip(texts, meanings, strict=True)]


TASKS: dict[str, Callable[[Sets], Iterator[Figure]]] = {
    "language": measure_language,
    "intent": measure_intent,
    "spam": measure_spam,
    "sentiment": measure_sentiment,
    "entities": measure_entities,
}
