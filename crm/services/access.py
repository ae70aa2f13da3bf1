"""Access that somebody signed in for is made to last.

A refresh token often works once only, so one worker at a time trades it, and what it got is kept
in a commit of its own at once. The others wait for what comes of it.
"""

import logging
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from crm.models import CrmConnection
from crm.providers import CRMS
from crm.providers.base import CrmProvider
from crm.sign_ins import SIGN_INS
from crm.sign_ins.base import CrmSignIn, Renewed
from tenants import context
from tenants.audit.services import record
from tenants.platform_apps import app_of
from tenants.plugins.errors import CredentialsRejected, ProviderError, Unavailable

logger = logging.getLogger(__name__)

AHEAD = timedelta(minutes=5)  # as often as the beat looks into every CRM
LEASE = timedelta(minutes=2)  # longer than any answer can take
PATIENCE = 10.0  # seconds that one waits for another worker's renewal
LOOKS_EVERY = 0.2
TAKEN_BACK = gettext_noop("Our access was taken back there, or has ended. Connect it again.")
Health = CrmConnection.Health


def provider_of(connection: CrmConnection) -> CrmProvider:
    """The plug-in of a connection, with access that does not end in the middle of its work.

    Renewed a little before its end; and once more where it is refused all the same, for a CRM
    ends access as it likes, and not every one says when it will.
    """
    if not connection.is_signed_in:
        return connection.provider()
    ends = connection.token_expires_at
    if ends is not None and ends - timezone.now() < AHEAD:
        try:
            renewed(connection_id=connection.pk, spent=_token(connection.config), patience=0.0)
            connection.refresh_from_db(fields=["config", "token_expires_at"])
        except ProviderError as error:  # what it has may still do; if not, its requests say so
            logger.info("crm access: connection %s: %s", connection.pk, error)
    return connection.provider(partial(_next_token, connection.pk))


def renewed(*, connection_id: int, spent: str, patience: float = PATIENCE) -> dict[str, Any]:
    """The config with access after the one that is spent. Safe to ask from anywhere.

    Raises CredentialsRejected where a person has to sign in again, Unavailable where the CRM, or
    the worker that is at it, does not answer in time.
    """
    gives_up = time.monotonic() + patience
    while True:
        lease = _claim(connection_id)
        row = CrmConnection.objects.get(pk=connection_id)
        if _token(row.config) != spent or not row.is_signed_in:
            _release(row, lease)
            return dict(row.config)  # another worker was faster, or somebody connected it anew
        if row.health == Health.RECONNECT:
            _release(row, lease)
            raise CredentialsRejected(TAKEN_BACK, code="invalid_grant")
        if lease is not None:
            return _renew(row, lease)
        if time.monotonic() >= gives_up:
            raise Unavailable("Its access is being renewed.", code="renewing")
        context.release()
        time.sleep(LOOKS_EVERY)


def sign_in_of(kind: str) -> CrmSignIn:
    found = SIGN_INS.get(kind)
    return found(app_of(found.app))


def give_access_back(*, kind: str, account_id: str, config: Mapping[str, Any]) -> bool:
    """Tell the CRM that we need a consent no more; a refusal keeps nobody from going.

    Vendors end it for the account as a whole, so it stays while another connection works by it.
    """
    if kind not in SIGN_INS:
        return False
    if CrmConnection.objects.filter(signed_in_by=kind, account_id=account_id).exists():
        return False
    try:
        return sign_in_of(kind).revoke(config)
    except ProviderError as error:
        logger.info("crm access: a consent at %s was not given back: %s", kind, error)
        return False


def ends_at(seconds: int) -> datetime | None:
    """When access ends that lasts so long from now; None where nobody says."""
    return timezone.now() + timedelta(seconds=seconds) if seconds else None


def _next_token(connection_id: int, spent: str) -> str:
    return _token(renewed(connection_id=connection_id, spent=spent))


def _claim(connection_id: int) -> datetime | None:
    now = timezone.now()
    lease = now + LEASE
    free = Q(renewing_until=None) | Q(renewing_until__lte=now)
    taken = CrmConnection.objects.filter(free, pk=connection_id).update(renewing_until=lease)
    return lease if taken else None


def _release(row: CrmConnection, lease: datetime | None) -> None:
    if lease is not None:
        CrmConnection.objects.filter(pk=row.pk, renewing_until=lease).update(renewing_until=None)


def _renew(row: CrmConnection, lease: datetime) -> dict[str, Any]:
    try:
        fresh = sign_in_of(row.signed_in_by).renew(row.config)
    except CredentialsRejected as error:
        if _give_up(row, lease):
            logger.warning("crm access: connection %s was taken back: %s", row.pk, error)
            raise CredentialsRejected(TAKEN_BACK, code="invalid_grant") from error
        return dict(CrmConnection.objects.get(pk=row.pk).config)  # it was connected anew meanwhile
    except ProviderError:
        _release(row, lease)
        raise
    return _keep(row, fresh)


@transaction.atomic
def _keep(row: CrmConnection, fresh: Renewed) -> dict[str, Any]:
    """Wherever the row still holds the refresh token that was traded."""
    held = CrmConnection.objects.select_for_update().get(pk=row.pk)
    if held.config.get("refresh_token") != row.config.get("refresh_token"):
        return dict(held.config)
    held.config = {**held.config, **fresh.config}
    held.token_expires_at = ends_at(fresh.seconds)
    held.renewing_until = None
    held.save(update_fields=["config", "token_expires_at", "renewing_until"])
    record(action="crm.renewed", subject=f"crm_connection:{held.pk}")
    return dict(held.config)


def _give_up(row: CrmConnection, lease: datetime) -> bool:
    """Nobody but the company can help: they must sign in again. What waits for the CRM, waits."""
    return bool(
        CrmConnection.objects.filter(pk=row.pk, renewing_until=lease).update(
            renewing_until=None, health=Health.RECONNECT, health_text=TAKEN_BACK
        )
    )


def _token(config: Mapping[str, Any]) -> str:
    return str(config.get("access_token") or "")


def credentials_of(kind: str) -> frozenset[str]:
    """The settings whose place a sign-in takes."""
    return CRMS.get(kind).credentials
