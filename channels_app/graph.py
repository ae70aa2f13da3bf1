"""Meta's Graph API: how we ask it to send, and what its refusals mean."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from tenants.plugins import http
from tenants.plugins.errors import (
    AnswerLost,
    CredentialsRejected,
    ProviderError,
    RateLimited,
    RecipientUnreachable,
    Rejected,
    Unavailable,
    WindowClosed,
)

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
    368: CredentialsRejected,  # the account is temporarily blocked
    551: RecipientUnreachable,
    613: RateLimited,
    80006: RateLimited,
    80007: RateLimited,
    130429: RateLimited,
    131000: Unavailable,
    131016: Unavailable,
    131026: RecipientUnreachable,
    131031: CredentialsRejected,  # the business account is locked
    131042: CredentialsRejected,  # no valid means of payment
    131047: WindowClosed,
    131050: RecipientUnreachable,  # the person stopped marketing messages
    131056: RateLimited,  # too many messages to this one person
    133004: Unavailable,
}
SUBCODES: dict[int, type[ProviderError]] = {
    2018001: RecipientUnreachable,  # no matching user
    2018108: RecipientUnreachable,  # this person is not receiving messages now
    2018278: WindowClosed,
    1545041: RecipientUnreachable,
}


def post(path: str, token: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Send a message; raises a ProviderError that says what may be done about it."""
    try:
        answer = http.request(
            "POST",
            f"{settings.META_GRAPH_URL}/{path}",
            json=body,
            headers={"Authorization": f"Bearer {token}"},
        )
    except ProviderError as error:
        raise meaning_of(error) from error
    if not isinstance(answer, dict):
        raise AnswerLost("The Graph API answered something else than an object.")
    return answer


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
        retry_after=error.retry_after,
        status=error.status,
        payload=payload,
    )


def _number(value: Any) -> int:
    return value if isinstance(value, int) else -1
