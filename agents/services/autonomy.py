"""What the AI may do with a reply by itself: the company's table, and what it says of this one."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from agents.guardrails.autonomy import (
    DEFAULT,
    Act,
    Matrix,
    Place,
    Ruling,
    matrix_from,
    rows_of,
    rule,
)
from agents.guardrails.risk import Signals, risk_of
from agents.models import AutonomyPolicy
from agents.offline.language import detect_language, is_clearly_not
from agents.services.replying import Drafted
from agents.services.thought import Thought
from tenants import context
from tenants.audit.services import record
from tenants.workspace.models import Profile
from tenants.workspace.services import change_profile, profile

# Fewer words have no language that could be doubted.
WORDS_TO_DOUBT = 4


def require_draft(thought: Thought, *, reason: str) -> None:
    """Whatever the policy says, this thought's reply is not sent without a person's word.

    ``reason`` is a code that people read beside the draft (``console.REASONS``). May be called at
    any time before the run ends, by any step.
    """
    thought.care[reason] = Act.DRAFT


def rule_on(thought: Thought, drafted: Drafted) -> Ruling:
    """The policy's answer for a reply that passed the checks; no model, no row of the message."""
    conversation = thought.conversation
    return rule(
        matrix_of(thought.profile),
        place=Place(platform=conversation.connection.platform, is_public=conversation.is_public),
        intents=thought.intents,
        risk=risk_of(_signals(thought, drafted)),
        at_least=thought.care,
    )


def _signals(thought: Thought, drafted: Drafted) -> Signals:
    run, conversation = thought.run, thought.conversation
    return Signals(
        said=thought.asked,
        reply=drafted.text,
        confidence=run.confidence or 0.0,
        gate=thought.profile.confidence_gate,
        sentiment=run.sentiment or 0.0,
        language=run.language,
        detected=_doubted_language(thought.asked, run.language),
        is_public=conversation.is_public,
        is_first_in_public=conversation.is_public and not any(t.ours for t in thought.history),
        dropped=drafted.dropped,
        was_rewritten=drafted.was_rewritten,
    )


def _doubted_language(said: str, language: str) -> str:
    """The other language their words are clearly in; "" where there is no doubt."""
    if len(said.split()) < WORDS_TO_DOUBT or not is_clearly_not(said, language):
        return ""
    return detect_language(said)


def matrix_of(ours: Profile) -> Matrix:
    """The table in force. A version never changes, so a process reads each once."""
    if not ours.autonomy_policy:
        return DEFAULT
    return _matrix(context.schema(), ours.autonomy_policy)


@lru_cache(maxsize=2_000)
def _matrix(schema: str, policy_id: int) -> Matrix:
    return AutonomyPolicy.objects.get(pk=policy_id).matrix


def policy_in_force() -> AutonomyPolicy:
    """The version in force; the built-in table as one that is not stored (version 0)."""
    chosen = profile().autonomy_policy
    if chosen:
        return AutonomyPolicy.objects.get(pk=chosen)
    return AutonomyPolicy(
        version=0,
        rows=rows_of(DEFAULT),
        delay_seconds=DEFAULT.delay_seconds,
        expires_hours=DEFAULT.expires_hours,
    )


@transaction.atomic
def change_policy(
    *,
    rows: Iterable[Mapping[str, Any]],
    delay_seconds: int,
    expires_hours: int,
    actor: str,
    note: str = "",
) -> AutonomyPolicy:
    """Store a new version and put it in force; raises ValidationError for a table that is none."""
    try:
        matrix = matrix_from(rows, delay=delay_seconds, expires=expires_hours)
    except (ValueError, KeyError, TypeError) as error:
        raise ValidationError(str(error)) from error
    # Held until we commit: of two admins at once the later one gets the later number.
    Profile.objects.select_for_update().filter(pk=Profile.current().pk).first()
    newest = AutonomyPolicy.objects.aggregate(newest=Max("version"))["newest"] or 0
    made = AutonomyPolicy.objects.create(
        version=newest + 1,
        rows=rows_of(matrix),
        delay_seconds=matrix.delay_seconds,
        expires_hours=matrix.expires_hours,
        note=note.strip()[:200],
        changed_by=actor,
    )
    change_profile(actor=actor, autonomy_policy=made.pk)
    record(
        action="autonomy.changed",
        subject=f"autonomy:{made.pk}",
        actor=actor,
        details={"version": made.version, "rows": len(made.rows)},
    )
    return made


def restore_policy(*, version: int, actor: str) -> AutonomyPolicy:
    """Put what an earlier version said in force again, as a new one; 0 is the built-in table."""
    old = AutonomyPolicy.objects.filter(version=version).first() if version else None
    if version and old is None:
        raise ValidationError(f"There is no version {version}.")
    return change_policy(
        rows=old.rows if old else rows_of(DEFAULT),
        delay_seconds=old.delay_seconds if old else DEFAULT.delay_seconds,
        expires_hours=old.expires_hours if old else DEFAULT.expires_hours,
        actor=actor,
        note=f"as version {version}",
    )
