"""A company's own intents by its own examples: which one, and whether it is one at all."""

from collections.abc import Iterator

from agents.offline.own_intents import Example, OwnIntents
from config.evaluation.sets import Figure, Item, Sets, figures
from knowledge.services import embed

# Set -> what it learns from, what it is asked, best baselines: accuracy in scope, AUROC.
COMPANIES = {
    "CureKart": ("hint3_curekart_train", "hint3_curekart_test", 0.878, 0.890),
    "SOF Mattress": ("hint3_sofmattress_train", "hint3_sofmattress_test", 0.792, 0.884),
    "CLINC150": ("clinc150_train20", "clinc150_dev", 0.960, 0.973),
    "Banking77 en": ("banking77_train10_en", "banking77_dev_en", 0.837, None),
    "Banking77 ar": ("banking77_train10_ar", "banking77_dev_ar", 0.614, None),
}


def measure(sets: Sets) -> Iterator[Figure]:
    for company, (examples, asked, accuracy, auroc) in COMPANIES.items():
        known = sets.read(f"custom_{examples}.jsonl")
        vectors = embed([item["text"] for item in known])
        own = OwnIntents(
            [
                Example(item["label"], item["text"], vector)
                for item, vector in zip(known, vectors, strict=True)
            ]
        )
        gold = sets.read(f"custom_{asked}.jsonl")
        scored = sets.score("score_custom.py", gold, _said(own, gold))
        yield from figures(
            "own intents",
            company,
            scored,
            {"inscope_accuracy": (accuracy, None), "oos_auroc": (auroc, None)},
        )


def _said(own: OwnIntents, asked: list[Item]) -> Iterator[Item]:
    vectors = embed([item["text"] for item in asked])
    for item, vector in zip(asked, vectors, strict=True):
        match = own.match(item["text"], vector)
        if match is not None:
            yield {"id": item["id"], "label": match.key, "confidence": match.confidence}
