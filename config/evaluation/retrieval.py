"""Retrieval and refusal, by the same services that serve customers, in a company of their own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import dramatiq
from dramatiq.brokers.stub import StubBroker

from config.evaluation.sets import Figure, Item, Sets, figures
from knowledge import services
from knowledge.models import Document
from tenants import context
from tenants.models import Company
from tenants.redis import client
from tenants.services import starter_plan

RANKED = 10
# Group -> metric -> (best of USE + BM25 in BASELINES.md, what we aim at)
EXPECTED: dict[str, dict[str, tuple[float | None, float | None]]] = {
    "xquad-en": {
        "recall@1": (0.971, 0.98),
        "recall@5": (1.0, None),
        "mrr@10": (0.984, None),
        "refusal_auroc": (0.958, 0.98),
        "refusal_macro_f1": (0.911, None),
    },
    "xquad-es": {
        "recall@1": (0.938, 0.96),
        "recall@5": (0.997, None),
        "mrr@10": (0.965, None),
        "refusal_auroc": (0.956, 0.98),
        "refusal_macro_f1": (0.907, None),
    },
    "xquad-ar": {
        "recall@1": (0.886, 0.93),
        "recall@5": (0.994, None),
        "mrr@10": (0.935, None),
        "refusal_auroc": (0.908, 0.95),
        "refusal_macro_f1": (0.806, None),
    },
    "stackfaq": {
        "recall@1": (0.867, 0.97),
        "recall@5": (0.972, None),
        "mrr@10": (0.913, None),
        "refusal_auroc": (0.841, None),
        "refusal_macro_f1": (0.629, None),
    },
    "es question, en passages": {
        "recall@1": (0.857, None),
        "recall@5": (0.977, None),
        "mrr@10": (0.911, None),
        "refusal_auroc": (0.846, None),
        "refusal_macro_f1": (None, None),
    },
    "ar question, en passages": {
        "recall@1": (0.708, None),
        "recall@5": (0.925, None),
        "mrr@10": (0.803, None),
        "refusal_auroc": (0.764, None),
        "refusal_macro_f1": (None, None),
    },
}
FOREIGN = {"xquad-en": ("xquad-es", "xquad-ar")}


def measure(sets: Sets) -> Iterator[Figure]:
    """Fill a company with one knowledge base after the other, and ask all its questions."""
    documents, questions = (
        sets.read("retrieval_docs.jsonl"),
        sets.read("retrieval_queries.jsonl.gz"),
    )
    with _company():
        for base in dict.fromkeys(item["kb"] for item in documents):
            _teach([item for item in documents if item["kb"] == base])
            asked = [item for item in questions if item["kb"] == base]
            yield from _figures(sets, base, asked)
            for other in FOREIGN.get(base, ()):
                asked = [item for item in questions if item["kb"] == other]
                group = f"{asked[0]['lang']} question, en passages"
                yield from _figures(sets, group, asked)
            for document in Document.objects.all():
                services.remove_document(document=document)


@contextmanager
def _company() -> Iterator[None]:
    """A company that is gone afterwards."""
    context.leave()
    company = Company(
        schema_name=f"evaluation-{os.getpid()}", name="Evaluation", plan=starter_plan()
    )
    company.save(verbosity=0)
    broker = dramatiq.get_broker()
    deaf = StubBroker()  # the worker shall not hear of what we index ourselves
    deaf.declare_queue("indexing")
    dramatiq.set_broker(deaf)
    try:
        with context.inside(company):
            yield
            client().delete(context.scoped("live"))
    finally:
        dramatiq.set_broker(broker)
        context.leave()
        company.delete(force_drop=True)


def _teach(documents: list[Item]) -> None:
    for item in documents:
        document = services.add_document(
            title=item["title"],
            source_name=item["doc_id"],
            content=item["text"].encode(),
            kind="txt",
        )
        services.index_document(document_id=document.pk)


def _figures(sets: Sets, group: str, asked: list[Item]) -> Iterator[Figure]:
    names = dict(Document.objects.values_list("pk", "source_name"))
    predictions = [_prediction(item, names) for item in asked]
    scored = sets.score("score_retrieval.py", asked, predictions)
    own = next(iter(scored.values()))
    yield from figures("retrieval", group, own, EXPECTED[group])


def _prediction(item: Item, names: dict[int, str]) -> Item:
    found = services.search(question=item["text"], limit=RANKED)
    ranked = dict.fromkeys(names[passage.document_id] for passage in found.passages)
    return {
        "id": item["id"],
        "ranked": [*ranked],
        "confidence": found.confidence,
        "answered": found.is_grounded(services.THRESHOLD),
    }
