"""From the address a webhook was sent to, or the account it is about, to the company's hook."""

from collections.abc import Iterable
from dataclasses import dataclass

from crm.hooks import HOOKS
from crm.hooks.base import HookProvider
from crm.models import IncomingHook
from tenants import context
from tenants.models import WebhookRoute
from tenants.platform_apps import app_of


@dataclass(frozen=True, slots=True)
class HookRoute:
    """Where events are kept; ``account_id`` is known where the vendor names it."""

    schema: str
    hook_id: int
    account_id: str = ""


@dataclass(frozen=True, slots=True)
class HookAddress:
    """A webhook address: who verifies and splits, and whose it is (nobody's if shared)."""

    provider: HookProvider
    route: HookRoute | None


def hook_address(*, kind: str, token: str) -> HookAddress | None:
    """The address a webhook was sent to; ``token`` is empty for the one of our own app."""
    if kind not in HOOKS or not token.isprintable():
        return None
    return _own_address(kind, token) if token else _shared_address(kind)


def hook_routes(*, kind: str, account_ids: Iterable[str]) -> dict[str, HookRoute]:
    """Account -> its hook, for those accounts that somebody has shown to be theirs."""
    rows = WebhookRoute.objects.filter(
        platform=kind, account_id__in=list(account_ids), is_active=True, is_verified=True
    ).values_list("account_id", "company__schema_name", "connection_id")
    return {account: HookRoute(schema, pk, account) for account, schema, pk in rows}


def _own_address(kind: str, token: str) -> HookAddress | None:
    row = (
        WebhookRoute.objects.filter(platform=kind, token=token, is_active=True)
        .values_list("company__schema_name", "connection_id")
        .first()
    )
    if row is None:
        return None
    schema, hook_id = row
    context.enter(schema)
    try:
        hook = IncomingHook.objects.filter(pk=hook_id, kind=kind, is_active=True).first()
        if hook is None:
            return None
        return HookAddress(hook.provider(), HookRoute(schema, hook_id, hook.account_id))
    finally:
        context.leave()


def _shared_address(kind: str) -> HookAddress | None:
    """Our own app's; there is none until the operator has told us its secret."""
    app = HOOKS.get(kind).app
    secret = app_of(app).secret if app else ""
    return HookAddress(HOOKS.get(kind)({"secret": secret}), None) if secret else None
