"""What was committed and never finished: runs, trials of drafts, replies whose time has come."""

from agents.services import drafts, opening, replays


def sweep() -> dict[str, int]:
    """Ring it again, or end it; says how many of each."""
    return {**opening.sweep(), **drafts.sweep(), **replays.sweep_replays()}
