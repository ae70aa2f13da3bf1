"""Waiting for the replies that reach the vendor."""

import time
from typing import Any

from config.demo.stage import Stage
from tests.benchmarks.stand import load

PATIENCE = 60  # seconds a pipeline may take
WARM = 50_000  # numbers of texts that nobody asks later: they would be answered from memory


def warm(stage: Stage, people: str, count: int = 40) -> None:
    """The first messages load models and dictionaries; they are not measured.

    Two hundred are what two workers' pools need: each connection plans a statement five times
    before it keeps a plan.
    """
    name = f"warm{people}"
    load(
        stage,
        stage.plan.ports.web,
        "/webhooks/messenger/",
        run=name,
        people=name,
        count=count,
        texts_from=WARM,
        seconds=PATIENCE,
        connections=4,
    )
    answers(stage, count, name)


def answers(stage: Stage, count: int, prefix: str) -> list[dict[str, Any]]:
    """The replies that reached the vendor, once all have or patience ends."""
    deadline = time.monotonic() + PATIENCE
    found: list[dict[str, Any]] = []
    people: set[str] = set()
    since = 0
    while len(people) < count and time.monotonic() < deadline:
        time.sleep(0.5)
        new = stage.simulator.sends(platform="messenger", brief=1, since=since)
        since = new[-1]["number"] if new else since
        found += [entry for entry in new if entry["recipient"].startswith(prefix)]
        people |= {entry["recipient"] for entry in new if entry["recipient"].startswith(prefix)}
    return found
