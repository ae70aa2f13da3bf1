"""The way to a vendor and back (OAuth 2, authorization code), whatever is connected by it.

Our apps register one address each to come back to, on the public host; the browser's session
lives on the company's. So the way is: company's host → vendor → public host → company's host,
with a signed, single-use state on the first half and a one-time word on the second. The code is
traded only in the session that began, by the person who began, within a quarter of an hour.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from tenants import context
from tenants.accounts.models import User
from tenants.handover import host_url
from tenants.limits import Rate, take
from tenants.models import Company, Domain
from tenants.sign_ins.attempts import PATIENCE, Attempt

SALT = "tenants.sign_ins"
KEPT = timedelta(days=1)  # an attempt without its secrets, for whoever reloads the page
ATTEMPTS = Rate(30, 600)  # per person
State = Attempt.State
# What vendors say when the person did not want to: RFC 6749 section 4.1.2.1, LinkedIn's two, and
# Pipedrive's.
DENIALS = frozenset(
    {"access_denied", "user_cancelled_login", "user_cancelled_authorize", "user_denied"}
)


class SignInRefused(Exception):
    """This way back leads nowhere; ``code`` says why: forged, expired, used, mix_up, stranger.

    ``home`` is the company's page it began on, where it is known whose attempt it was.
    """

    def __init__(self, code: str, home: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.home = home


@dataclass(frozen=True, slots=True)
class Way:
    """What an app's sign-ins have in common. ``issuer`` says what a vendor calls itself in ``iss``
    (RFC 9207), empty where it says nothing."""

    attempts: type[Attempt]
    home: str  # where people set out, on the company's host: /channels/
    pages: str  # where an attempt is shown: /channels/sign-in/
    issuer: Callable[[str], str]


_ways: dict[str, Way] = {}


def open_way(kinds: Iterable[str], way: Way) -> None:
    """An app's sign-ins come back through us; each kind has an address of its own."""
    _ways.update(dict.fromkeys(kinds, way))


def callback_url(kind: str) -> str:
    """Where the vendor sends people back to; each of our apps has registered this one address."""
    return f"{settings.PUBLIC_URL}/oauth/callback/{kind}/"


def check_patience(user: User) -> None:
    """Raises ValidationError for whoever sets out again and again."""
    if not take(f"sign-in:{user.pk}", ATTEMPTS).allowed:
        raise ValidationError(_("That was often. Try again in a few minutes."))


def state_of(attempt: Attempt) -> str:
    """What the vendor hands back to us: whose attempt it is, signed."""
    claims = {"s": context.schema(), "a": str(attempt.pk), "k": attempt.kind}
    return signing.dumps(claims, salt=SALT)


def fingerprint(session_key: str) -> str:
    return salted_hmac(SALT, session_key, algorithm="sha256").hexdigest()


def take_answer(*, kind: str, query: Mapping[str, str]) -> str:
    """A vendor sent somebody back to the public host: where they go on. Raises SignInRefused."""
    claims = _claims(kind, query.get("state", ""))
    company = context.company_of_schema(claims["s"])
    way = _ways.get(claims["k"])
    if company is None or company.is_suspended or way is None:
        raise SignInRefused("forged")
    host = _host_of(company)
    if kind != claims["k"] or not _is_from(way, kind, query.get("iss", "")):
        # RFC 9700 section 4.4: an answer of one vendor where another one was asked.
        raise SignInRefused("mix_up", host + way.home)
    with context.inside(company):
        return _note_answer(way, claims["a"], query, host)


def _note_answer(way: Way, attempt_id: str, query: Mapping[str, str], host: str) -> str:
    rows = way.attempts._default_manager
    now = timezone.now()
    open_ones = rows.filter(pk=attempt_id, state=State.STARTED, expires_at__gt=now)
    page = f"{host}{way.pages}{attempt_id}/"
    code = query.get("code") or query.get("auth_code") or ""
    if query.get("error") or not code:
        denied = query.get("error", "") in DENIALS or query.get("error_reason") == "user_denied"
        said = query.get("error_description") or query.get("error_message") or query.get("error")
        taken = open_ones.update(
            state=State.FAILED,
            error_code="denied" if denied else "refused",
            error_text="" if denied else plain(said or ""),
            verifier="",
        )
        answer = page
    else:
        word = secrets.token_urlsafe(32)
        taken = open_ones.update(state=State.ANSWERED, code=code[:4000], handover=_hash(word))
        answer = f"{page}back/?word={word}"
    if not taken:
        known = rows.filter(pk=attempt_id).first()
        over = known is None or (known.state == State.STARTED and known.is_over)
        raise SignInRefused("expired" if over else "used", host + way.home)
    return answer


def claim(*, attempt: Attempt, word: str, user: User, session_key: str) -> None:
    """The code may now be traded, by this request alone; raises SignInRefused."""
    if attempt.user_id != user.pk or not _same(attempt.session, fingerprint(session_key)):
        # Somebody was led here with a code that is not theirs: it is burnt.
        fail(attempt, "stranger")
        raise SignInRefused("stranger")
    if attempt.state != State.ANSWERED:
        raise SignInRefused("used")
    if not _same(attempt.handover, _hash(word)):
        raise SignInRefused("forged")
    if attempt.is_over:
        fail(attempt, "expired")
        raise SignInRefused("expired")
    rows = type(attempt)._default_manager.filter(pk=attempt.pk, state=State.ANSWERED)
    if not rows.update(state=State.TRADING, handover=""):
        raise SignInRefused("used")


def fail(attempt: Attempt, code: str, text: str = "") -> None:
    """It ended; what is done already stays done."""
    rows = type(attempt)._default_manager.filter(pk=attempt.pk, state__in=Attempt.OPEN)
    rows.update(
        state=State.FAILED,
        error_code=code,
        error_text=plain(text),
        **attempt.without_secrets(),
    )
    attempt.refresh_from_db()


def forget_old(attempts: type[Attempt]) -> int:
    """Whoever began and did not come back leaves nothing behind."""
    now = timezone.now()
    rows = attempts._default_manager
    rows.filter(expires_at__lte=now, state__in=Attempt.OPEN).update(
        state=State.FAILED, error_code="expired", **attempts.without_secrets()
    )
    gone, _by_model = rows.filter(expires_at__lte=now - KEPT).delete()
    return gone


def plain(text: str) -> str:
    """A vendor's words as they are kept and shown."""
    return "".join(letter for letter in text if letter.isprintable())[:300]


def _claims(kind: str, state: str) -> dict[str, str]:
    if kind not in _ways:
        raise SignInRefused("forged")
    try:
        claims = signing.loads(state, salt=SALT, max_age=PATIENCE)
    except signing.SignatureExpired as error:
        raise SignInRefused("expired") from error
    except signing.BadSignature as error:
        raise SignInRefused("forged") from error
    return claims


def _is_from(way: Way, kind: str, issuer: str) -> bool:
    """Where the vendor names itself, it is the one we asked."""
    expected = way.issuer(kind)
    return not issuer or not expected or issuer == expected


def _host_of(company: Company) -> str:
    return host_url(Domain.objects.get(tenant=company, is_primary=True).domain)


def _hash(word: str) -> str:
    return hashlib.sha256(word.encode("utf-8", "surrogatepass")).hexdigest()


def _same(one: str, other: str) -> bool:
    return bool(one) and constant_time_compare(one, other)
