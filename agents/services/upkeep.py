"""What was committed and never finished: runs without a worker, drafts whose time has come."""

from agents.services import drafts, opening


def sweep() -> dict[str, int]:
    """Ring it again, or end it; says how many of each."""
    return {**opening.sweep(), **drafts.sweep()}
