"""The socket of embedders: texts in, points of 512 dimensions out."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 512

Vectors = NDArray[np.float32]


class Embedder(ABC):
    """Turns texts into vectors of length one, whose dot product says how close they mean.

    ``space`` names the model: vectors of different spaces must never be compared, so passages
    carry the name of theirs. One instance a process, used by many threads at once.
    """

    space: ClassVar[str]
    is_remote: ClassVar[bool] = False

    @abstractmethod
    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row a text, in order; raise a ProviderError when that cannot be done."""


def unit(vectors: Vectors) -> Vectors:
    """The vectors made one long; what means nothing (all zeros) points somewhere all the same."""
    vectors = np.nan_to_num(np.asarray(vectors, dtype=np.float32))
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    nothing = lengths[:, 0] < 1e-6
    vectors[nothing, 0] = lengths[nothing, 0] = 1.0
    return vectors / lengths
