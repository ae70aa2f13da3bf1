"""Meta's Graph API: how we ask it to send, and what its refusals mean."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from django.conf import settings

from tenants.plugins import http
from tenants.plugins.errors import (
    AccountStopped,
    AccountTrouble,
    AnswerLost,
    CredentialsRejected,
    OptedOut,
    PairLimited,
    ProviderError,
    RateLimited,
    RecipientUnreachable,
    Rejected,
    TemplateRefused,
    Unavailable,
    WindowClosed,
)

UPLOAD_SECONDS = 60.0
File = tuple[str, bytes, str]  # name, content, type

# https://developers.facebook.com/docs/graph-api/guides/error-handling
# https://developers.facebook.com/docs/messenger-platform/error-codes
# https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes
MEANINGS: dict[int, type[ProviderError]] = {
    0: CredentialsRejected,
    1: Unavailable,
    2: Unavailable,
    4: RateLimited,
    10: CredentialsRejected,
    32: RateLimited,
    190: CredentialsRejected,
    200: CredentialsRejected,
    230: CredentialsRejected,
    299: CredentialsRejected,
    368: AccountStopped,  # the account is blocked for a breach of policy
    551: RecipientUnreachable,
    613: RateLimited,
    80006: RateLimited,
    80007: RateLimited,
    130429: RateLimited,
    131000: Unavailable,
    131016: Unavailable,
    131005: CredentialsRejected,
    131026: RecipientUnreachable,
    131031: AccountStopped,  # the business account is locked
    131042: AccountTrouble,  # no valid means of payment
    131045: AccountTrouble,  # the number's certificate
    131047: WindowClosed,
    131048: AccountTrouble,  # too much of what we sent was called spam
    131050: OptedOut,  # the person stopped marketing messages
    131056: PairLimited,  # too many messages to this one person
    131064: RateLimited,
    132001: TemplateRefused,  # does not exist in this language
    132015: TemplateRefused,  # paused for its quality
    132016: TemplateRefused,  # disabled for its quality
    133004: Unavailable,
    133010: AccountTrouble,  # the number is not registered
}
# Seconds to wait where the answer names none: the documented pace is one in six seconds.
PAUSES: dict[int, float] = {131056: 12.0}
SUBCODES: dict[int, type[ProviderError]] = {
    2018001: RecipientUnreachable,  # no matching user
    2018108: RecipientUnreachable,  # this person is not receiving messages now
    2018278: WindowClosed,
    1545041: RecipientUnreachable,
}


INSTAGRAM_VERSION = "v25.0"


def instagram() -> str:
    """Instagram's own Graph API, for accounts that signed in at Instagram."""
    return f"{settings.INSTAGRAM_GRAPH_URL}/{INSTAGRAM_VERSION}"


def post(path: str, token: str, body: Mapping[str, Any], *, base: str = "") -> dict[str, Any]:
    """Send a message; raises a ProviderError that says what may be done about it.

    ``base`` is Instagram's own Graph API, for accounts that signed in there.
    """
    try:
        answer = http.request(
            "POST",
            f"{base or settings.META_GRAPH_URL}/{path}",
            json=body,
            headers={"Authorization": f"Bearer {token}"},
        )
    except ProviderError as error:
        raise meaning_of(error) from error
    if not isinstance(answer, dict):
        raise AnswerLost("The Graph API answered something else than an object.")
    return answer


def upload(path: str, token: str, fields: Mapping[str, str], file: File) -> dict[str, Any]:
    """Hand a file over, to be named in a message later; may be done again at no harm."""
    try:
        answer = http.request(
            "POST",
            f"{settings.META_GRAPH_URL}/{path}",
            data=fields,
            files={"file": file},
            headers={"Authorization": f"Bearer {token}"},
            idempotent=True,
            timeout=UPLOAD_SECONDS,
        )
    except ProviderError as error:
        raise meaning_of(error) from error
    return answer if isinstance(answer, dict) else {}


def get(path: str, token: str, params: Mapping[str, str], *, base: str = "") -> dict[str, Any]:
    """Ask for something; raises a ProviderError."""
    try:
        answer = http.request(
            "GET",
            f"{base or settings.META_GRAPH_URL}/{path}",
            params=params,
            headers={"Authorization": f"Bearer {token}"},
            idempotent=True,
        )
    except ProviderError as error:
        raise meaning_of(error) from error
    return answer if isinstance(answer, dict) else {}


def delete(path: str, token: str) -> None:
    """Take something away; that it is gone already does no harm."""
    try:
        http.request(
            "DELETE",
            f"{settings.META_GRAPH_URL}/{path}",
            headers={"Authorization": f"Bearer {token}"},
            idempotent=True,
        )
    except ProviderError as error:
        raise meaning_of(error) from error


def segment(identifier: str) -> str:
    """An id as one part of a path, whatever is in it."""
    if not identifier:
        raise Rejected("There is nothing to answer.", code="nothing_to_answer")
    return quote(identifier, safe="")


def meaning_of_code(code: int) -> type[ProviderError]:
    """What a refusal with this code would have been."""
    return MEANINGS.get(code, Rejected)


def meaning_of(error: ProviderError) -> ProviderError:
    """The same failure, in the words of our error tree."""
    payload = error.payload if isinstance(error.payload, dict) else {}
    detail = payload.get("error")
    if not isinstance(detail, dict):
        # A gateway's 502 or 504 says nothing about what happened behind it.
        lost = error.status >= 500 and error.status != 503
        return AnswerLost(str(error), status=error.status) if lost else error
    code = detail.get("code", -1)
    kind = (
        SUBCODES.get(_number(detail.get("error_subcode")))
        or MEANINGS.get(_number(code))
        or (Unavailable if detail.get("is_transient") else None)
        or (Unavailable if error.status >= 500 else Rejected)
    )
    return kind(
        str(detail.get("message") or error)[:400],
        code=str(code)[:64],
        retry_after=error.retry_after or PAUSES.get(_number(code)),
        status=error.status,
        payload=payload,
    )


def _number(value: Any) -> int:
    return value if isinstance(value, int) else -1
