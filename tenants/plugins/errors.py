"""What can go wrong when we ask somebody else's service to do something.

Every provider plug-in, SDK-based or not, raises these and nothing else, so that
one retry policy (``tenants.jobs``) can serve them all.
"""

from typing import Any


def legible(text: str) -> str:
    """Somebody else's words without what no column takes: NUL and lone surrogates."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")


class ProviderError(Exception):
    """A provider could not do what we asked; ``retryable`` says if asking again may help.

    ``code`` is the provider's own error code, kept for people and for branching.
    ``retry_after`` is the number of seconds the provider asked us to wait, if it said so.
    ``status`` and ``payload`` are the HTTP status and the decoded JSON of the answer, if any.
    """

    retryable = True

    def __init__(
        self,
        message: str = "",
        *,
        code: str = "",
        retry_after: float | None = None,
        status: int = 0,
        payload: Any = None,
    ) -> None:
        super().__init__(legible(message))
        self.code = legible(code)
        self.retry_after = retry_after
        self.status = status
        self.payload = payload


class Unavailable(ProviderError):
    """The provider is down, slow or answering 5xx; nothing was accepted."""


class AnswerLost(ProviderError):
    """The request went out and its answer never came: it may or may not have been accepted.

    Never simply tried again by a sender: that is how a customer gets a message twice.
    """

    retryable = False


class RateLimited(ProviderError):
    """The provider asked us to slow down."""


class PairLimited(RateLimited):
    """The provider asked us to slow down towards this one person; others are not concerned."""


class Rejected(ProviderError):
    """The provider understood us and said no."""

    retryable = False


class Expired(Rejected):
    """What was offered for a time is not there any more."""


class CredentialsRejected(Rejected):
    """The company must reconnect: the key is wrong, revoked or expired."""


class WindowClosed(Rejected):
    """The platform allows no free-form message to this person now."""


class AccountTrouble(Rejected):
    """Something is wrong with the company's account there that its administrator must mend."""


class AccountStopped(AccountTrouble):
    """The provider has locked or suspended the account: nothing goes out until it relents."""


class OptedOut(Rejected):
    """The person told the provider that they want no messages of this kind."""


class WantsNothing(OptedOut):
    """The person told the provider that they want no message of ours at all."""


class TemplateRefused(Rejected):
    """The message template is not (or no longer) approved."""


class RecipientUnreachable(Rejected):
    """The person blocked us, left, or never existed."""


class SignatureMismatch(Rejected):
    """A webhook was not signed by the provider it claims to come from."""


class PayloadRejected(Rejected):
    """A verified webhook item cannot be read; the reason is kept beside the raw bytes."""


_KINDS: dict[int, type[ProviderError]] = {
    401: CredentialsRejected,
    403: CredentialsRejected,
    408: Unavailable,
    429: RateLimited,
}


def kind_of(status: int) -> type[ProviderError]:
    """What an HTTP status of 300 or more means, where the provider's own code says no more."""
    return _KINDS.get(status, Unavailable if status >= 500 else Rejected)
