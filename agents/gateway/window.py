"""How much of a thread a task may read, in tokens."""

from collections.abc import Sequence

from agents.gateway.budget import Rung

# What is said before costs with every message; what falls out is kept as a summary.
HISTORY_TOKENS = {"understand": 300, "reply": 600, "chat": 600}
SPARED = 4  # the part of it where we have to save
SOURCES, SPARED_SOURCES = 5, 3
BYTES_A_TOKEN = 4  # Arabic takes two a letter and two letters a token, English one and four
TURN_TOKENS = 8


def tokens_in(text: str) -> int:
    """About how many tokens a vendor will count."""
    return len(text.encode()) // BYTES_A_TOKEN + TURN_TOKENS


def room(task: str, texts: Sequence[str], rung: Rung = Rung.FULL) -> int:
    """How many of the newest texts the task may read; at least the last one."""
    left = HISTORY_TOKENS[task] // (SPARED if rung >= Rung.SMALLER else 1)
    for number, text in enumerate(reversed(texts)):
        left -= tokens_in(text)
        if left < 0 and number:
            return number
    return len(texts)


def sources_for(rung: Rung) -> int:
    """How many passages a reply is written from."""
    return SPARED_SOURCES if rung >= Rung.SMALLER else SOURCES
