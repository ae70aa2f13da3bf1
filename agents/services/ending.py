"""How a run ends: its row, its message and its record in one transaction."""

from collections.abc import Callable
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from agents.guardrails.autonomy import Act, Ruling
from agents.models import Run
from agents.refusals import refusal_sentence
from agents.services import drafts
from agents.services.acknowledging import acknowledgement
from agents.services.autonomy import matrix_of
from agents.services.disclosures import Telling, record_telling, telling_due
from agents.services.intents import own_intents_of
from agents.services.opening import open_or_extend
from agents.services.replying import Drafted
from agents.services.thought import Thought, new_calls
from channels_app import outbox
from channels_app import services as channels
from channels_app.models import Message
from tenants import live
from tenants.audit.services import record
from tenants.prepared import PreparedUpdate
from tenants.statements import write_together
from tenants.transactions import UNHURRIED
from tenants.workspace.services import usage

SAVED = [
    "turn_version",
    "status",
    "outcome",
    "outcome_reason",
    "intent",
    "own_intent",
    "confidence",
    "sentiment",
    "language",
    "draft",
    "sources",
    "ruling",
    "warnings",
    "cost",
    "agent_version",
    "experiment",
    "finished_at",
]


class Overtaken(Exception):
    """Another worker took the run up after us: what we thought no longer counts."""


def send(thought: Thought, drafted: Drafted) -> None:
    """Send the reply, unless the conversation has moved on since we read it."""
    thought.run.sources = drafted.sources

    def deed() -> None:
        _post(thought, drafted.text)

    _try(thought, Run.Outcome.SENT, "", deed)


def hold(thought: Thought, drafted: Drafted, ruling: Ruling) -> None:
    """Keep the reply as a draft: for a person's word, or for the time in which one may undo it."""
    thought.run.sources = drafted.sources
    expires_hours = matrix_of(thought.profile).expires_hours

    def deed() -> None:
        drafts.keep(run=thought.run, text=drafted.text, ruling=ruling, expires_hours=expires_hours)

    reason = "delayed" if ruling.act is Act.DELAY else "approval"
    _try(thought, Run.Outcome.DRAFTED, reason, deed)


def refuse(thought: Thought) -> None:
    """Say the exact refusal sentence and fetch a person."""
    profile = thought.profile
    sentence = refusal_sentence(
        thought.run.language, profile.refusal, usual=(profile.languages or [""])[0]
    )
    thought.run.draft = sentence

    def deed() -> None:
        _fetch_person(thought, "not_grounded", saying=sentence)

    _try(thought, Run.Outcome.HANDED_OVER, "not_grounded", deed)


def hand_over(thought: Thought, *, reason: str, quietly: bool = False) -> None:
    """Give the conversation to a person, and tell the contact so where that is news to them."""
    sentence = "" if quietly else acknowledgement(thought)

    def deed() -> None:
        _fetch_person(thought, reason, saying=sentence)

    _try(thought, Run.Outcome.HANDED_OVER, reason, deed)


def end(thought: Thought, *, outcome: str, reason: str) -> None:
    """Nothing goes out; where silence is the answer, nobody waits for one any more."""

    def deed() -> None:
        channels.let_rest(
            conversation=thought.conversation, reason=reason, seen_turn=thought.run.turn_version
        )

    _close(thought, Run.Status.DONE, outcome, reason, deed)


def supersede(thought: Thought, *, reason: str) -> None:
    """The conversation moved on; newer words get a run of their own."""
    _close(thought, Run.Status.SUPERSEDED, "", reason, deed=None)


def _try(thought: Thought, outcome: str, reason: str, deed: Callable[[], None]) -> None:
    try:
        _close(thought, Run.Status.DONE, outcome, reason, deed)
    except outbox.StaleTurn:
        supersede(thought, reason="conversation_moved_on")
    except outbox.SendRefused as error:
        thought.warn(f"send refused: {error.code}")
        # What may not go out is not said; the person is fetched all the same.
        refused = f"send_refused:{error.code}"
        hand_over(thought, reason=refused if outcome == Run.Outcome.SENT else reason, quietly=True)


def _close(
    thought: Thought,
    status: str,
    outcome: str,
    reason: str,
    deed: Callable[[], None] | None,
) -> None:
    run = thought.run
    try:
        with transaction.atomic():
            run.status, run.outcome, run.outcome_reason = status, outcome, reason[:60]
            run.finished_at = timezone.now()
            newer = _finish(run)
            if deed is not None:
                deed()
            live.publish(
                "run",
                run=run.pk,
                conversation=run.conversation_id,
                status=status,
                outcome=outcome,
                reason=run.outcome_reason,
            )
            _account(thought)
    except Overtaken:
        return
    if newer is None and status == Run.Status.SUPERSEDED:
        newer = _newest_inbound(run)
    if newer is not None:
        # Its conversation as it is now, not as we read it.
        open_or_extend(message=Message.objects.select_related("conversation").get(pk=newer))


def _finish(run: Run) -> int | None:
    """Write our run, and hold it; returns the message that came while we thought.

    Raises Overtaken. Should the deed that follows fail, this is undone with it.
    """
    finished = _FINISH.row(run)
    if finished is None:
        raise Overtaken
    newer: int | None = finished[0]
    return newer


# A run that a crash of PostgreSQL undoes is taken up again; a reply leaves by its courier's commit.
_FINISH = PreparedUpdate(
    Run,
    SAVED,
    where="id = %(id)s AND claim = %(claim)s AND status = 'thinking'",
    returning=f"newer_message_id, {UNHURRIED}",
)


def _newest_inbound(run: Run) -> int | None:
    """The contact's last word, if nobody has answered it: an edit makes a turn stale too."""
    latest = (
        Message.objects.filter(conversation=run.conversation_id)
        .exclude(direction=Message.Direction.NOTE)
        .order_by("-pk")
        .values_list("pk", "direction")
        .first()
    )
    if latest and latest[1] == Message.Direction.IN:
        return latest[0]
    return None


def _post(thought: Thought, text: str) -> None:
    telling = _telling(thought)
    message = outbox.post_message(
        conversation=thought.conversation,
        text=telling.before(text) if telling else text,
        author=Message.Author.AI,
        run_id=thought.run.pk,
        seen_turn=thought.run.turn_version,
    )
    if telling:
        record_telling(telling=telling, message=message)


def _telling(thought: Thought) -> Telling | None:
    return telling_due(
        conversation=thought.conversation, ours=thought.profile, language=thought.run.language
    )


def _fetch_person(thought: Thought, reason: str, *, saying: str = "") -> None:
    """Fenced as a reply is: nobody is fetched to a conversation that has moved on."""
    telling = _telling(thought) if saying else None
    channels.hand_over(
        conversation=thought.conversation,
        reason=reason,
        text=telling.before(saying) if telling else saying,
        seen_turn=thought.run.turn_version,
        run_id=thought.run.pk,
        assignee_id=own_intents_of(thought.profile).owners.get(thought.run.own_intent),
    )
    if telling:
        said = Message.objects.filter(run_id=thought.run.pk).latest("pk")
        record_telling(telling=telling, message=said)


def _account(thought: Thought) -> None:
    """What was done and what it took. Usage and audit hold a row of the whole company: they
    come last."""
    run = thought.run
    tokens = sum(call.input_tokens + call.output_tokens for call in thought.calls)
    used = usage(tokens=tokens, cost=run.cost if run.cost else Decimal(0))
    write_together([thought.new_steps(), new_calls(thought.calls, run=run), used])
    if run.status != Run.Status.DONE:
        return
    record(
        action=f"agents.run_{run.outcome}",
        subject=f"run:{run.pk}",
        actor="ai",
        details={"conversation": run.conversation_id, "reason": run.outcome_reason},
    )
