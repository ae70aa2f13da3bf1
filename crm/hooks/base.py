"""The socket of everybody who tells us things by webhook.

To add one: a module here with a subclass that fills in ``verify``, ``split`` and ``read``, a line
in ``crm/hooks/__init__.py``, and a row a kind in ``tests/crm/test_hook_recordings.py``.
"""

import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.hooks.values import Item, News

UNREADABLE = "unreadable"


class SecretForm(forms.Form):
    """The one setting all of them have."""

    secret = forms.CharField(
        label=_("Secret"), required=False, max_length=500, widget=forms.PasswordInput
    )


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

    @classmethod
    def new_secret(cls) -> str:
        return secrets.token_urlsafe(32)
