"""The socket of everybody who tells us things by webhook.

To add one: a module here with a subclass that fills in ``verify``, ``split`` and ``read``, a line
in ``crm/hooks/__init__.py``, and a row a kind in ``tests/crm/test_hook_recordings.py``.
"""

import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.hooks.values import Item, News
from tenants.plugins.errors import ProviderError

UNREADABLE = "unreadable"


class SecretForm(forms.Form):
    """The one setting all of them have."""

    secret = forms.CharField(
        label=_("Secret"), required=False, max_length=500, widget=forms.PasswordInput
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOrder:
    """Whom to call and what is said first. The call is found again by its ``reference``."""

    reference: str
    number: str
    name: str
    disclosure: str


@dataclass(frozen=True, slots=True)
class PlacedCall:
    """A call that the vendor has."""

    external_id: str
    status: str


class HookProvider(ABC):
    """One vendor's webhooks. It reads the wire format; it knows no model and no company."""

    # Where the vendor is told our address, and what it gives us or takes from us.
    how_to: ClassVar[str | Promise] = ""
    # Its app has one address for the accounts of all companies: ``app`` is its platform app.
    app: ClassVar[str] = ""
    makes_secret: ClassVar[bool] = True  # ours to choose; else the vendor gives it

    class ConfigForm(SecretForm):
        """The settings a company enters; fields shown as passwords are never shown back."""

    def __init__(self, config: Mapping[str, str]) -> None:
        self.config = config

    @property
    def secret(self) -> str:
        return str(self.config.get("secret") or "")

    @abstractmethod
    def verify(
        self, *, method: str, url: str, headers: Mapping[str, str], body: bytes, now: float
    ) -> None:
        """Raise SignatureMismatch unless the vendor sent this; ``url`` is as it was called."""

    @abstractmethod
    def split(self, body: bytes) -> Iterator[Item]:
        """The events of a body. Raises PayloadRejected where it is nothing that can be split."""

    @abstractmethod
    def read(self, kind: str, body: bytes) -> Sequence[News]:
        """What one event says. Raises PayloadRejected with a reason."""

    def answer(self, body: bytes) -> dict[str, Any] | None:
        """What the vendor waits for in our answer; None where it waits for nothing."""
        return None

    # -- what only some vendors let us do with a key of the company's

    @property
    def can_call(self) -> bool:
        """Whether it places calls for us, and everything is set that it needs for that."""
        return False

    def start_call(self, order: CallOrder) -> PlacedCall:
        """Place a call, or raise a ProviderError: AnswerLost where it may have been placed."""
        raise NotImplementedError

    def find_call(self, reference: str, *, since: datetime) -> PlacedCall | None:
        """The call of that name, if the vendor has one; raises a ProviderError."""
        raise NotImplementedError

    def news_of_call(self, external_id: str) -> Item:
        """How a call is, as the vendor would tell us of it; raises a ProviderError."""
        raise NotImplementedError

    @property
    def can_subscribe(self) -> bool:
        """Whether its API lets us say where its webhooks go, and we hold the key to it."""
        return False

    def subscribe(self, address: str) -> str:
        """Have its webhooks sent to ``address``, signed with our secret; the subscription's name.

        Asked again it leaves one such subscription, and no other of ours. Raises a ProviderError.
        """
        raise NotImplementedError

    def is_subscribed(self, address: str, name: str) -> bool:
        """Whether that subscription is there and works; raises a ProviderError."""
        raise NotImplementedError

    def unsubscribe(self, name: str) -> None:
        """Have nothing sent any more; one that is gone already is as good."""
        raise NotImplementedError

    def leave(self, address: str, *, but: str = "") -> None:
        """Take back whatever this account of theirs sends to ``address``, save the subscription
        of that name. Raises a ProviderError."""
        raise NotImplementedError

    @classmethod
    def new_secret(cls) -> str:
        return secrets.token_urlsafe(32)


def in_their_words(error: ProviderError) -> ProviderError:
    """The same refusal, saying what the vendor wrote for people instead of its whole answer."""
    payload = error.payload if isinstance(error.payload, dict) else {}
    said = payload.get("message")
    words = "; ".join(map(str, said)) if isinstance(said, list) else str(said or "")
    return type(error)(
        words[:300] or str(error),
        code=error.code,
        retry_after=error.retry_after,
        status=error.status,
        payload=error.payload,
    )
