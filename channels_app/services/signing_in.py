"""Signing in at a network and coming back with its accounts (OAuth 2, authorization code).

The way there and back is ``tenants.sign_ins``; what it is for is here.
"""

import logging
from dataclasses import asdict
from typing import Any

from authlib.common.security import generate_token
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from channels_app.models import ChannelConnection, SignInAttempt
from channels_app.sign_ins import SIGN_INS, ways_into
from channels_app.sign_ins.base import Account, SignIn
from tenants.accounts.models import User
from tenants.audit.services import record
from tenants.platform_apps import app_of
from tenants.plugins.errors import CredentialsRejected, PayloadRejected, ProviderError
from tenants.sign_ins import ways
from tenants.sign_ins.ways import SignInRefused, Way, callback_url

__all__ = [
    "SignInRefused",
    "available_ways",
    "begin",
    "come_back",
    "forget_old_attempts",
    "label_of",
    "operator_hint",
]

logger = logging.getLogger(__name__)

State = SignInAttempt.State


def available_ways(platform: str) -> list[str]:
    """The kinds of sign-in for this platform whose app the operator has set up."""
    return [kind for kind in ways_into(platform) if app_of(SIGN_INS.get(kind).app).can_sign_in]


def begin(
    *,
    kind: str,
    platform: str,
    user: User,
    session_key: str,
    connection: ChannelConnection | None = None,
    again: bool = False,
) -> str:
    """Note who sets out from where, and return the network's address they go to."""
    if kind not in SIGN_INS or platform not in SIGN_INS.get(kind).platforms:
        raise ValidationError(f"One cannot sign in to {platform} by {kind}.")
    ways.check_patience(user)
    sign_in = _sign_in(kind)
    if not sign_in.credentials.can_sign_in:
        raise ValidationError(_("The operator of this Leadwire has not set this sign-in up."))
    forget_old_attempts()
    attempt = SignInAttempt.objects.create(
        kind=kind,
        platform=platform,
        user=user,
        session=ways.fingerprint(session_key),
        connection=connection,
        verifier=generate_token(64) if sign_in.uses_pkce else "",
    )
    return sign_in.authorize_url(
        platform=platform,
        state=ways.state_of(attempt),
        redirect_uri=callback_url(kind),
        verifier=attempt.verifier,
        again=again or connection is not None,
    )


def come_back(*, attempt: SignInAttempt, word: str, user: User, session_key: str) -> SignInAttempt:
    """Trade the code for what the network opens to us; the attempt then says what came."""
    ways.claim(attempt=attempt, word=word, user=user, session_key=session_key)
    _trade(attempt)
    attempt.refresh_from_db()
    return attempt


def _trade(attempt: SignInAttempt) -> None:
    sign_in = _sign_in(attempt.kind)
    try:
        grant = sign_in.grant(
            code=attempt.code,
            redirect_uri=callback_url(attempt.kind),
            verifier=attempt.verifier,
        )
        accounts = sign_in.accounts(grant)
    except CredentialsRejected as error:
        ways.fail(attempt, "refused", str(error))
    except (ProviderError, PayloadRejected) as error:
        logger.warning("sign-in by %s: %s", attempt.kind, error)
        ways.fail(attempt, "no_answer", str(error))
    else:
        _keep(attempt, accounts)


def _keep(attempt: SignInAttempt, accounts: list[Account]) -> None:
    found = [{**asdict(each), **_as_known(attempt, each)} for each in accounts]
    kept = SignInAttempt.objects.filter(pk=attempt.pk, state=State.TRADING).update(
        state=State.READY if found else State.FAILED,
        error_code="" if found else "nothing",
        accounts=found,
        code="",
        verifier="",
    )
    if not kept:
        return  # it ended while the network was asked: what came is not kept
    subject = f"sign-in:{attempt.kind}"
    record(action="channel.signed_in", subject=subject, actor=f"user:{attempt.user_id}")


def _as_known(attempt: SignInAttempt, account: Account) -> dict[str, Any]:
    """The account under the id our connection to it has had so far.

    An address proves nothing: one that another account holds by now is not the one we know.
    """
    config = dict(account.config)
    said = {"account_id": account.account_id, "config": config}
    known = (
        account.formerly
        and ChannelConnection.objects.filter(
            platform=account.platform,
            account_id=account.formerly,
            signed_in_by__in=["", attempt.kind],
        ).first()
    )
    if known and known.config.get("subject", "") in {"", config.get("subject")}:
        said["account_id"] = account.formerly
    return said


def forget_old_attempts() -> int:
    """Whoever began and did not come back leaves nothing behind."""
    return ways.forget_old(SignInAttempt)


def operator_hint(platform: str) -> list[str]:
    """The sign-ins this platform could have, were our app set up: what the operator reads."""
    ready = set(available_ways(platform))
    return [kind for kind in ways_into(platform) if kind not in ready]


def _sign_in(kind: str) -> SignIn:
    found = SIGN_INS.get(kind)
    return found(app_of(found.app))


def label_of(kind: str) -> str:
    """What the way is called: Facebook, Google."""
    return SIGN_INS.label(kind)


def _issuer_of(kind: str) -> str:
    return SIGN_INS.get(kind).issuer()


ways.open_way(
    SIGN_INS,
    Way(SignInAttempt, home="/channels/", pages="/channels/sign-in/", issuer=_issuer_of),
)
