"""Giving vendors a way back to us, changing it, and closing it."""

import secrets
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.forms import PasswordInput

from crm.hooks import HOOKS
from crm.models import CrmConnection, IncomingHook
from crm.services.access import provider_of
from crm.services.keeping import take_in_unrouted_events
from crm.services.ringing import ring
from crm.services.subscribing import remember_former, unsubscribe_hook
from tenants import context
from tenants.audit.services import record
from tenants.limits import Rate, take
from tenants.models import WebhookRoute, new_route_token
from tenants.platform_apps import app_of
from tenants.plugins.errors import ProviderError

OF_THE_SUBSCRIPTION = (
    *("subscription", "is_subscription_stale", "former_configs", "subscribing_until"),
)
ASKED_AGAIN = Rate(1, 3600.0)  # whose account this is, where the CRM did not tell


@transaction.atomic
def open_hook(
    *,
    kind: str,
    name: str = "",
    config: Mapping[str, Any],
    crm: CrmConnection | None = None,
    actor: str = "system",
) -> IncomingHook:
    """Give a vendor an address of its own. Raises ValidationError keyed by setting."""
    if kind not in HOOKS:
        raise ValidationError({"kind": f"Choose one of: {', '.join(HOOKS)}."})
    crm = _checked_crm(kind, crm)
    hook = IncomingHook.objects.create(
        kind=kind,
        name=name.strip() or HOOKS.label(kind),
        config=checked_config(kind, config, crm=crm),
        token=new_route_token(),
        crm=crm,
    )
    WebhookRoute.objects.create(
        platform=kind,
        account_id=f"hook-{secrets.token_hex(12)}",  # until we know whose account it is
        token=hook.token,
        company=context.current_company(),
        connection_id=hook.pk,
    )
    ring("identify_hook", hook.pk)
    ring("subscribe_hook", hook.pk)
    _audit(hook, "hook.opened", actor)
    return hook


@transaction.atomic
def change_hook(
    *,
    hook: IncomingHook,
    name: str = "",
    config: Mapping[str, Any] | None = None,
    is_active: bool = True,
    actor: str = "system",
) -> IncomingHook:
    """Change name and settings; what is never shown back and is left empty stays as it was."""
    IncomingHook.objects.select_for_update().only("pk").get(pk=hook.pk)
    hook.refresh_from_db(fields=["config", *OF_THE_SUBSCRIPTION])
    given = dict(config or {})
    for kept in hidden_settings(hook.kind):
        given[kept] = given.get(kept) or hook.config.get(kept, "")
    before = dict(hook.config)
    hook.config = checked_config(hook.kind, {**hook.config, **given}, crm=hook.crm)
    hook.name = name.strip() or hook.name
    hook.is_active = is_active
    telling = (*hidden_settings(hook.kind), "scope")
    if any(hook.config.get(name) != before.get(name) for name in telling):
        remember_former(hook, before)
    hook.save(update_fields=["config", "name", "is_active", *OF_THE_SUBSCRIPTION])
    _routes(hook).update(is_active=is_active)
    ring("identify_hook", hook.pk)
    ring("subscribe_hook", hook.pk)
    _audit(hook, "hook.changed", actor)
    return hook


def close_hook(*, hook: IncomingHook, actor: str = "system") -> IncomingHook:
    """Nothing is taken in any more and the secrets go; what came stays."""
    unsubscribe_hook(hook=hook)
    return _close(hook, actor)


@transaction.atomic
def _close(hook: IncomingHook, actor: str) -> IncomingHook:
    hook.subscription, hook.is_subscription_stale, hook.former_configs = "", False, []
    hook.subscribing_until = hook.alarm_at = None
    hook.is_active, hook.token, hook.account_id, hook.config = False, "", "", {}
    hook.save(
        update_fields=[
            *("is_active", "token", "account_id", "config", "alarm_at"),
            *OF_THE_SUBSCRIPTION,
        ]
    )
    _routes(hook).delete()
    _audit(hook, "hook.closed", actor)
    return hook


def identify_hook(*, hook_id: int) -> str:
    """Ask the CRM whose account this is, and claim what comes for it at our app's own address.

    Returns the account's id; "" where nobody can say, or where it is another company's.
    """
    hook = IncomingHook.objects.select_related("crm").get(pk=hook_id)
    if not can_be_identified(hook):
        return hook.account_id
    try:
        account_id = provider_of(hook.crm).account() if hook.crm else ""
    except ProviderError:  # asked again by the sweeper
        return ""
    if not account_id or not _claim(hook, account_id):
        return ""
    take_in_unrouted_events(hook=hook)
    return account_id


def ring_unidentified() -> int:
    """Ask again, from time to time, for the account of hooks whose vendor has an app of ours."""
    kinds = [kind for kind in HOOKS if HOOKS.get(kind).app and app_of(HOOKS.get(kind).app).secret]
    if not kinds:
        return 0
    waiting = IncomingHook.objects.filter(
        kind__in=kinds, is_active=True, account_id="", crm__isnull=False
    )
    rung = [pk for pk in waiting.values_list("pk", flat=True) if _is_time(pk)]
    for pk in rung:
        ring("identify_hook", pk)
    return len(rung)


def can_be_identified(hook: IncomingHook) -> bool:
    """Whether there is something to find out, and something to find it out for."""
    app = HOOKS.get(hook.kind).app
    return bool(hook.is_active and not hook.account_id and hook.crm_id and app)


def hidden_settings(kind: str) -> list[str]:
    """The settings that are never shown back."""
    fields = HOOKS.get(kind).ConfigForm.base_fields.items()
    return [name for name, field in fields if isinstance(field.widget, PasswordInput)]


def made_hook_secrets(hook: IncomingHook, *, given: Mapping[str, Any]) -> dict[str, str]:
    """Secrets that we made up for a new hook: shown once, to whoever opened it."""
    secret = hook.config.get("secret")
    return {"secret": secret} if secret and not given.get("secret") else {}


def checked_config(
    kind: str, config: Mapping[str, Any], *, crm: CrmConnection | None = None
) -> dict[str, Any]:
    """The settings as the vendor's form cleans them; raises ValidationError."""
    provider = HOOKS.get(kind)
    form = provider.ConfigForm({**config})
    if not form.is_valid():
        raise ValidationError({field: list(errors) for field, errors in form.errors.items()})
    cleaned = dict(form.cleaned_data)
    if not cleaned["secret"] and provider.makes_secret:
        cleaned["secret"] = provider.new_secret()
    # Without one its own address takes nothing; our app's may still bring what is the account's.
    by_our_app = bool(crm and provider.app and app_of(provider.app).secret)
    if not cleaned["secret"] and not by_our_app:
        raise ValidationError({"secret": ["Enter the secret that the webhooks are signed with."]})
    return cleaned


def _checked_crm(kind: str, crm: CrmConnection | None) -> CrmConnection | None:
    """The CRM its events are about: the one chosen, else the only one there is."""
    if crm is not None and crm.kind != kind:
        raise ValidationError({"crm": ["This connection is to something else."]})
    if crm is None:
        there = list(CrmConnection.objects.filter(kind=kind)[:2])
        return there[0] if len(there) == 1 else None
    return crm


def _claim(hook: IncomingHook, account_id: str) -> bool:
    try:
        with transaction.atomic():
            _routes(hook).update(account_id=account_id, is_verified=True)
            hook.account_id = account_id
            hook.save(update_fields=["account_id"])
            _audit(hook, "hook.identified", "system")
    except IntegrityError:  # another company has shown the same account: its own address remains
        hook.account_id = ""
        return False
    return True


def _routes(hook: IncomingHook) -> Any:
    return WebhookRoute.objects.filter(
        company=context.current_company(), platform=hook.kind, connection_id=hook.pk
    )


def _is_time(pk: int) -> bool:
    return take(f"hook-identity:{pk}", ASKED_AGAIN).allowed


def _audit(hook: IncomingHook, action: str, actor: str) -> None:
    record(action=action, subject=f"hook:{hook.pk}", actor=actor, details={"kind": hook.kind})
