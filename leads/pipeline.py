"""The six stages everybody has, and what a company's own stage counts as. Pure.

A stage of the company's own carries in its key which of the six it counts as: ``qualified-3``
counts as ``qualified``. So a query, the figures and a CRM know without asking whether it is won,
and renaming or reordering stages changes no lead.
"""

from collections.abc import Iterable

STAGES = ("new", "contacted", "qualified", "proposal", "won", "lost")
CLOSED = ("won", "lost")
LONGEST_KEY = 16
LONGEST_NAME = 40
MOST_STAGES = 16
_MARK = "-"


def counts_as(stage: str) -> str:
    """Which of the six this stage is, for figures and CRMs."""
    return stage.partition(_MARK)[0]


def is_closed(stage: str) -> bool:
    return counts_as(stage) in CLOSED


def next_key(base: str, taken: Iterable[str]) -> str:
    """A key nobody has for one more stage that counts as ``base``."""
    numbers = [key.partition(_MARK)[2] for key in taken if counts_as(key) == base]
    return f"{base}{_MARK}{max([int(each) for each in numbers if each] or [1]) + 1}"
