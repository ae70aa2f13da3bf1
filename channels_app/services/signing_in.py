"""Signing in at a network and coming back with its accounts (OAuth 2, authorization code).

Our apps register one address each to come back to, on the public host; the browser's session
lives on the company's. So the way is: company's host → network → public host → company's host,
with a signed, single-use state on the first half and a one-time word on the second. The code is
traded only in the session that began, by the person who began, within a quarter of an hour.
"""

import hashlib
import logging
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from authlib.common.security import generate_token
from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from channels_app.models import ChannelConnection, SignInAttempt
from channels_app.models.sign_ins import PATIENCE
from channels_app.sign_ins import SIGN_INS, ways_into
from channels_app.sign_ins.base import Account, SignIn
from tenants import context
from tenants.accounts.models import User
from tenants.audit.services import record
from tenants.handover import host_url
from tenants.limits import Rate, take
from tenants.models import Company, Domain
from tenants.platform_apps import app_of
from tenants.plugins.errors import CredentialsRejected, PayloadRejected, ProviderError
from tenants.plugins.registry import UnknownPlugin

logger = logging.getLogger(__name__)

SALT = "channels_app.sign_in"
KEPT = timedelta(days=1)  # an attempt without its secrets, for whoever reloads the page
ATTEMPTS = Rate(30, 600)  # per person
State = SignInAttempt.State
OPEN = (State.STARTED, State.ANSWERED, State.TRADING, State.READY)
# What networks say when the person did not want to: RFC 6749 section 4.1.2.1, and LinkedIn's two.
DENIALS = frozenset({"access_denied", "user_cancelled_login", "user_cancelled_authorize"})


class SignInRefused(Exception):
    """This way back leads nowhere; ``code`` says why: forged, expired, used, mix_up, stranger.

    ``home`` is the company's channels page, where it is known whose attempt it was.
    """

    def __init__(self, code: str, home: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.home = home


def available_ways(platform: str) -> list[str]:
    """The kinds of sign-in for this platform whose app the operator has set up."""
    return [kind for kind in ways_into(platform) if app_of(SIGN_INS.get(kind).app).can_sign_in]


def callback_url(kind: str) -> str:
    """Where the network sends people back to; each of our apps has registered this one address."""
    return f"{settings.PUBLIC_URL}/oauth/callback/{kind}/"


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
    if not take(f"sign-in:{user.pk}", ATTEMPTS).allowed:
        raise ValidationError(_("That was often. Try again in a few minutes."))
    sign_in = _sign_in(kind)
    if not sign_in.credentials.can_sign_in:
        raise ValidationError(_("The operator of this Leadwire has not set this sign-in up."))
    forget_old_attempts()
    attempt = SignInAttempt.objects.create(
        kind=kind,
        platform=platform,
        user=user,
        session=_fingerprint(session_key),
        connection=connection,
        verifier=generate_token(64) if sign_in.uses_pkce else "",
    )
    state = signing.dumps({"s": context.schema(), "a": str(attempt.pk), "k": kind}, salt=SALT)
    return sign_in.authorize_url(
        platform=platform,
        state=state,
        redirect_uri=callback_url(kind),
        verifier=attempt.verifier,
        again=again or connection is not None,
    )


def take_answer(*, kind: str, query: Mapping[str, str]) -> str:
    """The network sent somebody back to the public host: where they go on. Raises SignInRefused."""
    claims = _claims(kind, query.get("state", ""))
    company = context.company_of_schema(claims["s"])
    if company is None or company.is_suspended:
        raise SignInRefused("forged")
    home = _home_of(company)
    if kind != claims["k"] or not _is_from(kind, query.get("iss", "")):
        # RFC 9700 section 4.4: an answer of one network where another one was asked.
        raise SignInRefused("mix_up", f"{home}/channels/")
    with context.inside(company):
        return _note_answer(claims["a"], query, home)


def _note_answer(attempt_id: str, query: Mapping[str, str], home: str) -> str:
    now = timezone.now()
    open_ones = SignInAttempt.objects.filter(pk=attempt_id, state=State.STARTED, expires_at__gt=now)
    page = f"{home}/channels/sign-in/{attempt_id}/"
    code = query.get("code") or query.get("auth_code") or ""
    if query.get("error") or not code:
        denied = query.get("error", "") in DENIALS or query.get("error_reason") == "user_denied"
        said = query.get("error_description") or query.get("error_message") or query.get("error")
        taken = open_ones.update(
            state=State.FAILED,
            error_code="denied" if denied else "refused",
            error_text="" if denied else _plain(said or ""),
            verifier="",
        )
        answer = page
    else:
        word = secrets.token_urlsafe(32)
        taken = open_ones.update(state=State.ANSWERED, code=code[:4000], handover=_hash(word))
        answer = f"{page}back/?word={word}"
    if not taken:
        known = SignInAttempt.objects.filter(pk=attempt_id).first()
        over = known is None or (known.state == State.STARTED and known.is_over)
        raise SignInRefused("expired" if over else "used", f"{home}/channels/")
    return answer


def come_back(*, attempt: SignInAttempt, word: str, user: User, session_key: str) -> SignInAttempt:
    """Trade the code for what the network opens to us; the attempt then says what came."""
    if attempt.user_id != user.pk or not _same(attempt.session, _fingerprint(session_key)):
        # Somebody was led here with a code that is not theirs: it is burnt.
        _fail(attempt, "stranger", "")
        raise SignInRefused("stranger")
    if attempt.state != State.ANSWERED:
        raise SignInRefused("used")
    if not _same(attempt.handover, _hash(word)):
        raise SignInRefused("forged")
    if attempt.is_over:
        _fail(attempt, "expired", "")
        raise SignInRefused("expired")
    claimed = SignInAttempt.objects.filter(pk=attempt.pk, state=State.ANSWERED).update(
        state=State.TRADING, handover=""
    )
    if not claimed:
        raise SignInRefused("used")
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
        _fail(attempt, "refused", str(error))
    except (ProviderError, PayloadRejected) as error:
        logger.warning("sign-in by %s: %s", attempt.kind, error)
        _fail(attempt, "no_answer", str(error))
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


def _fail(attempt: SignInAttempt, code: str, text: str) -> None:
    SignInAttempt.objects.filter(pk=attempt.pk, state__in=OPEN).update(
        state=State.FAILED,
        error_code=code,
        error_text=_plain(text),
        code="",
        verifier="",
        handover="",
        accounts=[],
    )
    attempt.refresh_from_db()


def forget_old_attempts() -> int:
    """Whoever began and did not come back leaves nothing behind."""
    now = timezone.now()
    SignInAttempt.objects.filter(expires_at__lte=now, state__in=OPEN).update(
        state=State.FAILED, error_code="expired", code="", verifier="", handover="", accounts=[]
    )
    gone, _ = SignInAttempt.objects.filter(expires_at__lte=now - KEPT).delete()
    return gone


def operator_hint(platform: str) -> list[str]:
    """The sign-ins this platform could have, were our app set up: what the operator reads."""
    ready = set(available_ways(platform))
    return [kind for kind in ways_into(platform) if kind not in ready]


def _sign_in(kind: str) -> SignIn:
    found = SIGN_INS.get(kind)
    return found(app_of(found.app))


def _claims(kind: str, state: str) -> dict[str, str]:
    if kind not in SIGN_INS:
        raise SignInRefused("forged")
    try:
        claims = signing.loads(state, salt=SALT, max_age=PATIENCE)
    except signing.SignatureExpired as error:
        raise SignInRefused("expired") from error
    except signing.BadSignature as error:
        raise SignInRefused("forged") from error
    return claims


def _is_from(kind: str, issuer: str) -> bool:
    """RFC 9207: where the network names itself, it is the one we asked."""
    try:
        expected = SIGN_INS.get(kind).issuer()
    except UnknownPlugin:
        return False
    return not issuer or not expected or issuer == expected


def _home_of(company: Company) -> str:
    return host_url(Domain.objects.get(tenant=company, is_primary=True).domain)


def _fingerprint(session_key: str) -> str:
    return salted_hmac(SALT, session_key, algorithm="sha256").hexdigest()


def _hash(word: str) -> str:
    return hashlib.sha256(word.encode("utf-8", "surrogatepass")).hexdigest()


def _same(one: str, other: str) -> bool:
    return bool(one) and constant_time_compare(one, other)


def _plain(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())[:300]


def label_of(kind: str) -> str:
    """What the way is called: Facebook, Google."""
    return SIGN_INS.label(kind)
