"""What the AI knows of conversations that nobody answered."""

from collections.abc import Iterable

from django.utils import timezone

from agents.models import Run
from channels_app.services import Explanation
from tenants.workspace.services import profile

Status, Outcome = Run.Status, Run.Outcome


def explain_silence(conversation_ids: Iterable[int]) -> dict[int, Explanation]:
    """Why there is no answer, by conversation: its last run says so; one query."""
    wanted = list(conversation_ids)
    runs = (
        Run.objects.filter(conversation__in=wanted)
        .order_by("conversation_id", "-pk")
        .distinct("conversation_id")
        .only(
            *("conversation_id", "status", "outcome", "outcome_reason", "claimed_until"),
            *("turn_version", "conversation__turn_version"),
        )
        .select_related("conversation")
    )
    nothing = Explanation("no_run" if profile().ai_enabled else "ai_off")
    known = {run.conversation_id: _of(run, nothing) for run in runs}
    return {pk: known.get(pk, nothing) for pk in wanted}


def _of(run: Run, nothing: Explanation) -> Explanation:
    if run.status == Status.GATHERING:
        return Explanation("run_waiting")
    if run.status == Status.THINKING:
        over = run.claimed_until is not None and run.claimed_until < timezone.now()
        return Explanation("run_stuck" if over else "run_slow")
    if run.status == Status.FAILED:
        return Explanation("run_failed", run.outcome_reason)
    if run.turn_version != run.conversation.turn_version:
        return nothing  # what they said since has had no run
    if run.outcome == Outcome.DRAFTED:
        return Explanation("drafted", covered=True)
    return Explanation(f"run_{run.outcome or run.status}", run.outcome_reason)
