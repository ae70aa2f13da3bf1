"""Signing in at a CRM and coming back with its account (OAuth 2, authorization code).

The way there and back is ``tenants.sign_ins``; what it is for is here.
"""

import logging
from dataclasses import dataclass

from authlib.common.security import generate_token
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.models import CrmConnection, CrmSignInAttempt, FieldLedger, SyncRecord
from crm.services.access import credentials_of, ends_at, provider_of, sign_in_of
from crm.services.backfilling import start_backfill
from crm.sign_ins import SIGN_INS, ways_into
from crm.sign_ins.base import Account
from tenants.accounts.models import User
from tenants.audit.services import record
from tenants.platform_apps import APP_KINDS, app_of
from tenants.plugins.errors import CredentialsRejected, PayloadRejected, ProviderError
from tenants.sign_ins import ways
from tenants.sign_ins.ways import Way, callback_url

logger = logging.getLogger(__name__)
State = CrmSignInAttempt.State


class AnotherAccount(Exception):
    """The person consented for another account than the one whose access was to be renewed."""


def available_ways(crm: str) -> list[str]:
    """The kinds of sign-in for this CRM whose app the operator has set up."""
    return [kind for kind in ways_into(crm) if app_of(SIGN_INS.get(kind).app).can_sign_in]


@dataclass(frozen=True, slots=True)
class Offered:
    """A sign-in as a button."""

    kind: str
    label: str


def offered_ways(crm: str) -> list[Offered]:
    return [Offered(kind, label_of(kind)) for kind in available_ways(crm)]


def wanting_app(crm: str) -> str:
    """Our app there that the operator has not entered yet; "" where nobody can sign in anyway."""
    ways_there = ways_into(crm)
    if not ways_there or available_ways(crm):
        return ""
    return APP_KINDS[SIGN_INS.get(ways_there[0]).app].label


def label_of(kind: str) -> str:
    """What the way is called: HubSpot, Salesforce Sandbox."""
    return SIGN_INS.label(kind)


def begin(
    *, kind: str, user: User, session_key: str, connection: CrmConnection | None = None
) -> str:
    """Note who sets out from where, and return the CRM's address they go to."""
    if kind not in SIGN_INS or (connection and connection.kind != SIGN_INS.get(kind).crm):
        raise ValidationError(_("One cannot sign in there by this."))
    ways.check_patience(user)
    sign_in = sign_in_of(kind)
    if not sign_in.credentials.can_sign_in:
        raise ValidationError(_("The operator of this Leadwire has not set this sign-in up."))
    forget_old_attempts()
    attempt = CrmSignInAttempt.objects.create(
        kind=kind,
        user=user,
        session=ways.fingerprint(session_key),
        connection=connection,
        verifier=generate_token(64) if sign_in.uses_pkce else "",
    )
    return sign_in.authorize_url(
        state=ways.state_of(attempt), redirect_uri=callback_url(kind), verifier=attempt.verifier
    )


def come_back(
    *, attempt: CrmSignInAttempt, word: str, user: User, session_key: str
) -> CrmSignInAttempt:
    """Trade the code and connect the account it is for; the attempt then says what came of it."""
    ways.claim(attempt=attempt, word=word, user=user, session_key=session_key)
    sign_in = sign_in_of(attempt.kind)
    try:
        grant = sign_in.grant(
            code=attempt.code,
            redirect_uri=callback_url(attempt.kind),
            verifier=attempt.verifier,
        )
        account = sign_in.account(grant)
        is_new = _is_new_there(attempt.connection, account)
        _keep(attempt, account, is_new=is_new)
    except CredentialsRejected as error:
        ways.fail(attempt, "scopes" if error.code == "scopes" else "refused", str(error))
    except (ProviderError, PayloadRejected) as error:
        logger.warning("sign-in by %s: %s", attempt.kind, error)
        ways.fail(attempt, "no_answer", str(error))
    except AnotherAccount:
        ways.fail(attempt, "another_account")
    attempt.refresh_from_db()
    return attempt


def forget_old_attempts() -> int:
    """Whoever began and did not come back leaves nothing behind."""
    return ways.forget_old(CrmSignInAttempt)


def _is_new_there(connection: CrmConnection | None, account: Account) -> bool:
    """Whether the ids we remember may be another account's: then they are found anew by our key.

    Raises AnotherAccount where they certainly are.
    """
    if connection is None:
        return False
    known = connection.account_id
    if not known:  # it was connected by a key, which may still tell
        try:
            known = provider_of(connection).account()
        except ProviderError:
            return True
    if known and known != account.account_id:
        raise AnotherAccount
    return not known


@transaction.atomic
def _keep(attempt: CrmSignInAttempt, account: Account, *, is_new: bool) -> None:
    """The connection, the attempt's end and the audit entry, or nothing."""
    rows = CrmSignInAttempt.objects.filter(pk=attempt.pk, state=State.TRADING)
    if not rows.update(state=State.DONE, **attempt.without_secrets()):
        return  # it ended while the CRM was asked: what came is not kept
    kind = SIGN_INS.get(attempt.kind).crm
    connection = _connection_for(attempt, kind, account)
    is_first = connection.pk is None
    if is_new:
        _forget_ids(connection)
    others = {
        name: value for name, value in connection.config.items() if name not in credentials_of(kind)
    }
    connection.config = {**others, **account.config}
    connection.signed_in_by, connection.signed_in_at = attempt.kind, timezone.now()
    connection.account_id, connection.scopes = account.account_id, list(account.scopes)
    connection.token_expires_at = ends_at(account.seconds)
    connection.renewing_until = connection.told_at = None
    connection.is_active = True
    connection.health, connection.health_text = CrmConnection.Health.OK, ""
    connection.save()
    CrmSignInAttempt.objects.filter(pk=attempt.pk).update(connection=connection)
    start_backfill(connection=connection)
    _send_what_waited(connection)
    record(
        action="crm.connected" if is_first else "crm.reconnected",
        subject=f"crm_connection:{connection.pk}",
        actor=f"user:{attempt.user_id}",
        details={"kind": kind, "by": attempt.kind},
    )


def _connection_for(attempt: CrmSignInAttempt, kind: str, account: Account) -> CrmConnection:
    """The one that was meant, or that we have to this account already; else a new one."""
    rows = CrmConnection.objects.select_for_update()
    if attempt.connection_id is not None:
        return rows.get(pk=attempt.connection_id)
    known = rows.filter(kind=kind, account_id=account.account_id).order_by("pk").first()
    return known or CrmConnection(kind=kind, name=account.name[:100])


def _forget_ids(connection: CrmConnection) -> None:
    """Each record is found anew there by our key, so that nobody else's is written to."""
    records = SyncRecord.objects.filter(connection=connection).exclude(state=SyncRecord.State.GONE)
    FieldLedger.objects.filter(record__in=records).update(parts={})
    records.update(external_id="", synced_version=0, heard={})
    records.filter(state__in=[SyncRecord.State.CLEAN, SyncRecord.State.DEAD]).update(
        state=SyncRecord.State.DIRTY, attempts=0, next_attempt_at=timezone.now()
    )


def _send_what_waited(connection: CrmConnection) -> None:
    waiting = SyncRecord.objects.filter(connection=connection, state=SyncRecord.State.FAILED)
    waiting.update(next_attempt_at=timezone.now())


def _issuer_of(kind: str) -> str:
    return SIGN_INS.get(kind).issuer()


ways.open_way(
    SIGN_INS, Way(CrmSignInAttempt, home="/crm/", pages="/crm/sign-in/", issuer=_issuer_of)
)
