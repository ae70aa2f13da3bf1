"""Given names, family names and places of some sixty countries; ``training/names.py`` writes them."""

from functools import lru_cache
from pathlib import Path

import numpy as np

from agents.offline.letters import folded

WEIGHTS = Path(__file__).parent / "weights" / "names.npz"


@lru_cache(maxsize=1)
def lists() -> dict[str, frozenset[str]]:
    """``given``, ``family`` and ``places``; ``doubtful`` names are everyday words too, and ``sure``
    ones, in Arabic letters, hardly anything else."""
    with np.load(WEIGHTS) as stored:
        return {name: frozenset(str(stored[name]).split("\n")) for name in stored.files}


def begins_with_a_name(text: str) -> bool:
    """Whether the first word is somebody's given name and nothing else."""
    return folded(text.partition(" ")[0]) in lists()["given"]
