"""What was committed and never finished: runs, trials, replies whose time has come, gaps."""

from agents.services import approvals, drafts, experiments, lessons, opening, replays
from agents.services.unanswered import gather_gaps


def sweep() -> dict[str, int]:
    """Ring it again, or end it; says how many of each."""
    return {
        **opening.sweep(),
        **drafts.sweep(),
        **replays.sweep_replays(),
        **experiments.guard_experiment(),
        "expired_approvals": approvals.expire_old(),
        "gaps": gather_gaps(),
        "lessons": lessons.note_corrections(),
    }
