"""What an outcome makes of a record: the right-hand side of the state machine."""

import logging
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from crm.models import CrmConnection, SyncAttempt, SyncRecord
from crm.providers import CRMS
from crm.providers.base import Outcome, Upsert
from crm.services.fields import note_pushed
from tenants.audit.services import record
from tenants.plugins.errors import (
    AnswerLost,
    CredentialsRejected,
    ProviderError,
    RateLimited,
)
from tenants.plugins.http import ForbiddenAddress

logger = logging.getLogger(__name__)
State = SyncRecord.State
Health = CrmConnection.Health

# 1, 2, 4, … minutes, at most four hours: the last of the tries comes after about a day.
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=4)
MAX_ATTEMPTS = 14

# Shown in the reader's language.
REFUSED = gettext_noop("The CRM refused our credentials.")
TOO_LITTLE = gettext_noop("The CRM grants us too little.")

# Nothing heals these but a person who connects anew; no record is to blame.
RECONNECT = (CredentialsRejected, ForbiddenAddress)


@dataclass(slots=True)
class Counts:
    """How one batch went. ``trouble``: the next batch would meet the same."""

    synced: int = 0
    failed: int = 0
    dead: int = 0
    trouble: ProviderError | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent of one record."""

    record: SyncRecord
    version: int
    upsert: Upsert


@transaction.atomic
def record_outcomes(
    *,
    connection: CrmConnection,
    claim: uuid.UUID,
    outcomes: Mapping[str, Outcome],
    sent: Mapping[str, Sent],
    milliseconds: int,
) -> Counts:
    """Write down what became of each record of a claim; records without outcome wait again.

    A claim that the sweeper has taken back in the meantime is not ours to write any more.
    """
    held = {row.pk: row for row in SyncRecord.objects.select_for_update().filter(claim=claim)}
    counts = Counts()
    tries = []
    rows = {}
    for key, each in sent.items():
        row = held.get(each.record.pk)
        if row is None:
            continue
        rows[key] = row
        outcome = outcomes.get(key)
        settle(row, outcome, each.version, counts)
        if outcome is not None:
            tries.append(_attempt(row, outcome, each, milliseconds))
    SyncRecord.objects.bulk_update(list(held.values()), SETTLED)
    SyncAttempt.objects.bulk_create(tries)
    if CRMS.get(connection.kind).has_people:
        note_pushed(
            rows=rows,
            upserts={key: sent[key].upsert for key in rows},
            outcomes=outcomes,
            rules=connection.rules(),
        )
    note_health(connection, counts)
    if tries:
        record(
            action="crm.pushed",
            subject=f"crm_connection:{connection.pk}",
            details={"synced": counts.synced, "failed": counts.failed, "dead": counts.dead},
        )
    return counts


SETTLED = [
    "state",
    "synced_version",
    "external_id",
    "attempts",
    "next_attempt_at",
    "claim",
    "claimed_at",
    "error_code",
    "error_text",
    "last_synced_at",
    "discarded_at",
]


def settle(row: SyncRecord, outcome: Outcome | None, version: int, counts: Counts) -> None:
    """Move one record on."""
    row.claim = row.claimed_at = None
    row.state = State.DIRTY
    row.next_attempt_at = timezone.now()
    if outcome is None:  # not tried
        return
    if outcome.error is None:
        _taken(row, outcome, version)
        counts.synced += 1
        return
    error = outcome.error
    row.error_code = (error.code or str(error.status or "") or type(error).__name__)[:64]
    row.error_text = str(error)[:500]
    if isinstance(error, RECONNECT):
        counts.trouble = error
        counts.failed += 1
    elif isinstance(error, RateLimited):
        row.next_attempt_at += timedelta(seconds=max(error.retry_after or 10.0, 1.0))
        counts.trouble = error
        counts.failed += 1
    elif error.retryable or isinstance(error, AnswerLost):  # an upsert may be asked twice
        _try_again(row, error)
        counts.trouble = error
        counts.failed += row.state == State.FAILED
        counts.dead += row.state == State.DEAD
    else:
        row.attempts += 1
        _give_up(row)
        counts.dead += 1


def _taken(row: SyncRecord, outcome: Outcome, version: int) -> None:
    row.synced_version = max(row.synced_version, version)
    row.external_id = outcome.external_id or row.external_id
    row.attempts = 0
    row.error_code = row.error_text = ""
    row.last_synced_at = timezone.now()
    if not row.is_behind:
        row.state = State.CLEAN


def _give_up(row: SyncRecord) -> None:
    row.state = State.DEAD
    row.discarded_at = None  # it died anew: somebody has to look again


def _try_again(row: SyncRecord, error: ProviderError) -> None:
    row.attempts += 1
    if row.attempts >= MAX_ATTEMPTS:
        _give_up(row)
        return
    row.state = State.FAILED
    wait = min(FIRST_WAIT * 2 ** (row.attempts - 1), LONGEST_WAIT)
    if error.retry_after:
        wait = max(wait, timedelta(seconds=error.retry_after))
    # A tenth more or less, so that a thousand records do not come back in one second.
    row.next_attempt_at += wait * random.uniform(0.9, 1.1)  # noqa: S311


def _attempt(row: SyncRecord, outcome: Outcome, sent: Sent, milliseconds: int) -> SyncAttempt:
    code = "" if outcome.error is None else row.error_code
    return SyncAttempt(
        record=row,
        version=sent.version,
        delivery_id=sent.upsert.delivery_id,
        status=outcome.status or (outcome.error.status if outcome.error else 0),
        request_id=outcome.request_id[:64],
        error_code=code,
        milliseconds=milliseconds,
    )


def note_health(connection: CrmConnection, counts: Counts) -> None:
    """Show trouble on the connection; once it works again, what waited follows at once."""
    was_in_trouble = connection.health != Health.OK
    if isinstance(counts.trouble, RECONNECT):
        # Our own words say more than these two; a vendor's could hold anybody's data.
        said = {401: REFUSED, 403: TOO_LITTLE}
        connection.health = Health.RECONNECT
        text = said.get(counts.trouble.status) or str(counts.trouble)[:300]
    elif counts.trouble is not None and not counts.synced:
        connection.health, text = Health.TROUBLE, type(counts.trouble).__name__
    else:
        connection.health, text = Health.OK, ""
    connection.health_text = text
    if counts.synced:
        connection.last_synced_at = timezone.now()
    connection.save(update_fields=["health", "health_text", "last_synced_at"])
    if connection.health == Health.OK and was_in_trouble:
        SyncRecord.objects.filter(connection=connection, state=State.FAILED).update(
            next_attempt_at=timezone.now()
        )
    if counts.trouble is not None:
        logger.warning(
            "crm push: connection %s: %s %s",
            connection.pk,
            type(counts.trouble).__name__,
            counts.trouble.code,
        )
