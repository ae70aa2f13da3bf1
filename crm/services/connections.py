"""Connecting a CRM, and connecting it again."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from crm.models import CrmConnection
from crm.providers import CRMS
from crm.providers.webhook import new_secret
from crm.services.backfilling import start_backfill
from tenants.audit.services import record


@transaction.atomic
def connect(
    *, kind: str, name: str, config: Mapping[str, Any], actor: str = "system"
) -> CrmConnection:
    """Connect a CRM and bring every lead into it. Raises ValidationError keyed by setting."""
    if kind not in CRMS:
        raise ValidationError({"kind": f"Choose one of: {', '.join(CRMS)}."})
    connection = CrmConnection.objects.create(
        kind=kind, name=name.strip() or CRMS.label(kind), config=checked(kind, config)
    )
    start_backfill(connection=connection)
    _audit(connection, "crm.connected", actor)
    return connection


@transaction.atomic
def reconnect(
    *,
    connection: CrmConnection,
    config: Mapping[str, Any] | None = None,
    name: str = "",
    is_active: bool = True,
    actor: str = "system",
) -> CrmConnection:
    """Give a connection new settings; a secret left empty stays as it was. What waited goes out."""
    given = {key: value for key, value in (config or {}).items() if value}
    connection.config = checked(connection.kind, {**connection.config, **given})
    connection.name = name.strip() or connection.name
    connection.is_active = is_active
    connection.health, connection.health_text = CrmConnection.Health.OK, ""
    connection.save(update_fields=["config", "name", "is_active", "health", "health_text"])
    if is_active:
        start_backfill(connection=connection)
    _audit(connection, "crm.reconnected", actor)
    return connection


def checked(kind: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings as the provider's form cleans them; raises ValidationError."""
    form = CRMS.get(kind).ConfigForm({**config})
    if not form.is_valid():
        raise ValidationError({field: list(errors) for field, errors in form.errors.items()})
    cleaned = dict(form.cleaned_data)
    if kind == "webhook" and not cleaned["secret"]:
        cleaned["secret"] = new_secret()
    return cleaned


def made_secrets(connection: CrmConnection, *, given: Mapping[str, Any]) -> dict[str, str]:
    """Secrets that we made up for a new connection: shown once, to whoever connected it."""
    secret = connection.config.get("secret")
    return {"secret": secret} if secret and not given.get("secret") else {}


def _audit(connection: CrmConnection, action: str, actor: str) -> None:
    record(
        action=action,
        subject=f"crm_connection:{connection.pk}",
        actor=actor,
        details={"kind": connection.kind},
    )
