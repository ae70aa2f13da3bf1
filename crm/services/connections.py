"""Connecting a CRM, and connecting it again."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from crm.models import CrmConnection
from crm.providers import CRMS
from crm.providers.webhook import new_secret
from crm.services.access import credentials_of, give_access_back
from crm.services.backfilling import start_backfill
from tenants.audit.services import record

# What a sign-in brings: in the config, and beside it.
ACCESS = ("access_token", "refresh_token", "api_url")
SIGNED_IN = ("signed_in_by", "signed_in_at", "account_id", "token_expires_at", "renewing_until")


@transaction.atomic
def connect(
    *, kind: str, name: str, config: Mapping[str, Any], actor: str = "system"
) -> CrmConnection:
    """Connect a CRM and bring every lead into it. Raises ValidationError keyed by setting."""
    if kind not in CRMS:
        raise ValidationError({"kind": f"Choose one of: {', '.join(CRMS)}."})
    connection = CrmConnection.objects.create(
        kind=kind, name=name.strip() or CRMS.label(kind), config=checked(kind, _typed(config))
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
    """Give a connection new settings; a secret left empty stays as it was. What waited goes out.

    A key that is typed where somebody had signed in takes the place of their consent,
    which is given back: access that nobody uses any more is access to be stolen.
    """
    held = CrmConnection.objects.select_for_update().get(pk=connection.pk)
    given = {key: value for key, value in _typed(config or {}).items() if value}
    if held.is_signed_in and given.keys() & credentials_of(held.kind):
        kind, account_id, consent = held.signed_in_by, held.account_id, dict(held.config)
        transaction.on_commit(
            partial(give_access_back, kind=kind, account_id=account_id, config=consent)
        )
        held.config = _typed(held.config)
        held.signed_in_by, held.account_id = "", ""
        held.signed_in_at = held.token_expires_at = held.renewing_until = None
    connection.config = checked(held.kind, {**held.config, **given})
    for name_of_field in SIGNED_IN:
        setattr(connection, name_of_field, getattr(held, name_of_field))
    connection.name = name.strip() or connection.name
    connection.is_active = is_active
    connection.health, connection.health_text = CrmConnection.Health.OK, ""
    connection.save(
        update_fields=["config", "name", "is_active", "health", "health_text", *SIGNED_IN]
    )
    if is_active:
        start_backfill(connection=connection)
    _audit(connection, "crm.reconnected", actor)
    return connection


def checked(kind: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings as the provider's form cleans them; raises ValidationError.

    Of a connection that somebody signed in for only the others are asked.
    """
    form = CRMS.get(kind).ConfigForm({**config})
    access = {name: config[name] for name in ACCESS if name in config}
    for name in credentials_of(kind) if access else ():
        form.fields.pop(name)
    if not form.is_valid():
        raise ValidationError({field: list(errors) for field, errors in form.errors.items()})
    cleaned = dict(form.cleaned_data)
    if kind == "webhook" and not cleaned["secret"]:
        cleaned["secret"] = new_secret()
    return {**cleaned, **access}


def _typed(config: Mapping[str, Any]) -> dict[str, Any]:
    """Without what only a sign-in brings: nobody types whom we trust with a token."""
    return {name: value for name, value in config.items() if name not in ACCESS}


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
