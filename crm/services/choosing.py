"""Which of our fields goes into which of theirs, and who wins in it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm.ledger import OWNER, USUAL, Policy, is_pulled
from crm.mapping import misfit
from crm.models import CrmConnection, SyncRecord
from crm.providers.base import Property
from crm.services.access import provider_of
from tenants.audit.services import record

MOST = 60


def properties_of(*, connection: CrmConnection) -> list[Property]:
    """The fields there, as the CRM describes them. Asks over HTTP; raises ProviderError."""
    rows = provider_of(connection).schema()
    return sorted(
        (row for row in rows if row.type != "other"), key=lambda row: row.label.casefold()
    )


def chosen_rows(*, connection: CrmConnection) -> list[dict[str, str]]:
    """The mapping as people see it: ours, theirs, and who wins."""
    return [
        {"source": rule.field.source, "target": rule.field.name, "policy": str(rule.policy)}
        for rule in connection.rules()
    ]


def change_mapping(
    *,
    connection: CrmConnection,
    rows: Sequence[Mapping[str, str]],
    there: Iterable[Property],
    actor: str,
) -> CrmConnection:
    """Write down what was chosen, if each of theirs takes what is ours. No rows: as it came.

    ``there`` is what the CRM has just said of its fields. Raises ValidationError by row.
    """
    kept, wrong = _judged(rows, {row.name: row for row in there})
    if wrong:
        raise ValidationError({str(number): text for number, text in wrong.items()})
    with transaction.atomic():
        connection = CrmConnection.objects.select_for_update().get(pk=connection.pk)
        connection.mapping = kept
        connection.save(update_fields=["mapping"])
        waiting = SyncRecord.objects.filter(connection=connection, state=SyncRecord.State.DEAD)
        record(
            action="crm.mapped",
            subject=f"crm_connection:{connection.pk}",
            actor=actor,
            details={"fields": len(kept), "dead": waiting.count()},
        )
    return connection


def _judged(
    rows: Sequence[Mapping[str, str]], there: Mapping[str, Property]
) -> tuple[list[dict[str, Any]], dict[int, str]]:
    kept: list[dict[str, Any]] = []
    wrong: dict[int, str] = {}
    taken: set[str] = set()
    for number, row in enumerate(rows[:MOST]):
        source, target = row.get("source", ""), row.get("target", "")
        policy = row.get("policy") or USUAL.get(source, Policy.OURS)
        text = _wrong(source, target, str(policy), there, taken)
        if text:
            wrong[number] = text
            continue
        taken.add(target)
        kept.append({"source": source, "target": target, "policy": str(policy)})
        if target:
            found = there[target]
            kept[-1] |= {
                "kind": found.kind,
                "choices": list(found.taken or found.choices),
                "max_length": found.max_length,
            }
    return kept, wrong


def _wrong(
    source: str, target: str, policy: str, there: Mapping[str, Property], taken: set[str]
) -> str:
    if policy not in set(Policy):
        return _("Say who wins: ours, theirs, the newest, or ask.")
    if not is_pulled(source) and policy != Policy.OURS:
        return _("Nobody there can know this better: ours wins.")
    if source == OWNER and not target:
        return ""  # heard of, and not sent
    if target not in there:
        return _("The CRM has no such field, or nobody may write it.")
    if target in taken:
        return _("Something else goes there already.")
    return misfit(source, there[target])
