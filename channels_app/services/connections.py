"""Connecting an account of the company, and where its webhooks come in."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from channels_app.models import ChannelConnection
from channels_app.providers import CHANNELS
from channels_app.services.claiming import claim_routes, give_up_routes
from channels_app.services.intake import take_in_unrouted
from channels_app.services.polling import start_polling
from channels_app.services.refusals import forget_refusals
from channels_app.services.ringing import ring, ring_now
from channels_app.services.subscriptions import give_access_back, unsubscribe
from channels_app.services.tokens import watch_token
from channels_app.wire import MAX_ACCOUNT
from tenants.audit.services import record

TAKEN = "This account is connected to another workspace; disconnect it there first."


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """How the access was got: by which sign-in, what it allows, for how many seconds."""

    by: str
    scopes: tuple[str, ...] = ()
    seconds: int = 0


def connect(
    *,
    platform: str,
    account_id: str,
    name: str = "",
    config: Mapping[str, Any],
    actor: str = "",
    vouched: bool = False,
    signed_in: SignedIn | None = None,
    is_sandbox: bool = False,
    is_sample: bool = False,
) -> ChannelConnection:
    """Connect an account, or renew the connection the company already has to it.

    Webhooks at the connection's own address are taken at once. Those at the address that all
    companies share, and those that came before, wait until the network says that the account is
    the company's, or ``vouched`` says that the operator knows. Raises ValidationError, also when
    another company holds the account: it belongs to one company at a time. Where no network
    gives the account an id, it may be left empty: every such connection is a new one.
    """
    account_id = account_id or _made_up_account(platform)
    _check(platform, account_id, config)
    values = {
        "name": name or _usual_name(platform, account_id),
        "is_sandbox": is_sandbox,
        "is_sample": is_sample,
        "config": dict(config),
        "signed_in_by": signed_in.by if signed_in else "",
        "signed_in_at": timezone.now() if signed_in else None,
        "scopes": list(signed_in.scopes) if signed_in else [],
    }
    try:
        with transaction.atomic():
            connection, _ = ChannelConnection.objects.update_or_create(
                platform=platform,
                account_id=account_id,
                defaults={**values, "is_active": True, "health": "ok", "health_text": ""},
            )
            route = claim_routes(connection=connection, vouched=vouched)
            connection.webhook_token = route.token
            connection.save(update_fields=["webhook_token"])
            start_polling(connection=connection)
            watch_token(connection=connection, seconds=signed_in.seconds if signed_in else 0)
            ring("subscribe_connection", connection.pk)
            subject = f"connection:{connection.pk}"
            record(action="channel.connected", subject=subject, actor=actor or "system")
    except IntegrityError as error:
        raise ValidationError({"account_id": TAKEN}) from error
    take_in_unrouted(connection=connection)
    return connection


def disconnect(*, connection: ChannelConnection, actor: str = "") -> ChannelConnection:
    """Take nothing in and send nothing out any more; what was said stays, the secrets go."""
    page = connection.config.get("page_id")
    if connection.is_active:
        unsubscribe(connection=connection)
        give_access_back(connection=connection)
    gone = _disconnect(connection, actor)
    if page:  # what else hangs on the same page asks for its webhooks again
        others = ChannelConnection.objects.filter(is_active=True, signed_in_by="facebook")
        for other in others:
            if other.config.get("page_id") == page:
                ring_now("subscribe_connection", other.pk)
    return gone


@transaction.atomic
def _disconnect(connection: ChannelConnection, actor: str) -> ChannelConnection:
    connection.is_active = False
    connection.config = {}
    connection.scopes = []
    connection.webhook_token = ""
    connection.poll_due_at = connection.renew_due_at = connection.token_expires_at = None
    connection.save(
        update_fields=[
            "is_active",
            "config",
            "scopes",
            "webhook_token",
            "poll_due_at",
            "renew_due_at",
            "token_expires_at",
        ]
    )
    give_up_routes(connection=connection)
    subject = f"connection:{connection.pk}"
    record(action="channel.disconnected", subject=subject, actor=actor or "system")
    return connection


def configure(
    *, connection: ChannelConnection, name: str, changes: Mapping[str, str], actor: str = ""
) -> ChannelConnection:
    """Change the name and those secrets that were typed anew; empty ones stay as they are.

    Raises ValidationError where what was typed names an account of another company's.
    """
    try:
        return _configure(connection, name, changes, actor)
    except IntegrityError as error:
        raise ValidationError({"account_id": TAKEN}) from error


@transaction.atomic
def _configure(
    connection: ChannelConnection, name: str, changes: Mapping[str, str], actor: str
) -> ChannelConnection:
    connection.name = name or connection.name
    typed = {key: value for key, value in changes.items() if value}
    connection.config = {**connection.config, **typed}
    if typed:
        connection.health, connection.health_text = ChannelConnection.Health.OK, ""
    connection.save(update_fields=["name", "config", "health", "health_text"])
    if typed:
        forget_refusals(connection_id=connection.pk)
        if connection.is_active:
            claim_routes(connection=connection)
        start_polling(connection=connection)
        watch_token(connection=connection)
        ring("subscribe_connection", connection.pk)
    subject = f"connection:{connection.pk}"
    details = {"changed": sorted(typed)}
    record(action="channel.configured", subject=subject, actor=actor or "system", details=details)
    return connection


@transaction.atomic
def adjust(
    *, connection: ChannelConnection, changes: Mapping[str, Any], actor: str = ""
) -> ChannelConnection:
    """Put other settings in place of the old ones, empty ones too; what is not named stays."""
    news = sorted(name for name, value in changes.items() if connection.config.get(name) != value)
    connection.config = {**connection.config, **changes}
    connection.save(update_fields=["config"])
    subject = f"connection:{connection.pk}"
    details = {"changed": news}
    record(action="channel.configured", subject=subject, actor=actor or "system", details=details)
    return connection


def webhook_url(connection: ChannelConnection) -> str:
    """The connection's own webhook address; empty once it is disconnected."""
    return connection.webhook_url


def script_tag(connection: ChannelConnection) -> str:
    """What a website includes to show the chat; empty where there is none to show."""
    if connection.platform != "webchat" or not connection.webhook_token:
        return ""
    address = f"{settings.PUBLIC_URL}/chat/{connection.webhook_token}.js"
    return f'<script src="{address}" async></script>'


def fresh_config(*, platform: str, given: Mapping[str, str]) -> dict[str, str]:
    """A config from the words every platform shares (secret, token, verify_token).

    What is missing and ours to choose is made up.
    """
    provider = CHANNELS.get(platform)
    config = {}
    for word, key in provider.secret_names.items():
        config[key] = given.get(word) or provider.new_secret(word)
    return config


def _made_up_account(platform: str) -> str:
    if platform not in CHANNELS or not CHANNELS.get(platform).names_itself:
        return ""
    return f"{platform}-{secrets.token_hex(8)}"


def _usual_name(platform: str, account_id: str) -> str:
    label = CHANNELS.label(platform)
    return label if CHANNELS.get(platform).names_itself else f"{label} {account_id}"


def _check(platform: str, account_id: str, config: Mapping[str, Any]) -> None:
    if platform not in CHANNELS:
        raise ValidationError({"platform": f"Choose one of: {', '.join(CHANNELS)}."})
    if not 1 <= len(account_id) <= MAX_ACCOUNT or not account_id.isprintable():
        raise ValidationError({"account_id": f"Give the account's id, up to {MAX_ACCOUNT} long."})
    form = CHANNELS.get(platform).ConfigForm(dict(config))
    if not form.is_valid():
        raise ValidationError({name: list(errors) for name, errors in form.errors.items()})
