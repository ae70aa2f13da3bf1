"""The socket of every CRM.

To add one: a module here with a subclass that fills in ``fields``, ``ConfigForm`` and ``push``,
a line in ``crm/providers/__init__.py``, and recordings under ``tests/fixtures/crms/<kind>/``.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from django import forms

from tenants.plugins.errors import ProviderError, Rejected
from tenants.plugins.oauth import Access


@dataclass(frozen=True, slots=True)
class Field:
    """One property of the CRM: its name there, what of the lead fills it, and what it takes.

    ``kind``: text, long_text, email, number, moment, choice, or raw (as it is).
    """

    name: str
    source: str
    kind: str = "text"
    max_length: int = 0
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Property:
    """A field as the CRM itself describes it.

    ``type``: text, long_text, number, choice, day, moment, flag, phone, email, or other, into
    which we write nothing. ``kind`` and ``taken`` are what a ``Field`` for it is made of.
    """

    name: str
    label: str
    type: str
    kind: str
    choices: tuple[str, ...] = ()  # as people read them
    taken: tuple[str, ...] = ()  # as they are sent; the same where empty
    max_length: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """A record that stands beside the lead's own: its id there, and a digest of what it was told
    last, so that it is told again only what changed."""

    id: str = ""
    told: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What a field holds there, and since when, where the CRM says so."""

    value: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Upsert:
    """A lead as the CRM shall know it. ``key`` is ours and never changes; sending it again with
    the same ``delivery_id`` must leave the CRM as it was."""

    key: str
    delivery_id: str
    changed_at: datetime
    properties: Mapping[str, Any] = field(default_factory=dict)
    external_id: str = ""  # the CRM's own id, where we know it
    parts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # company, deal, note
    known: Mapping[str, Part] = field(default_factory=dict)  # those that are there already


@dataclass(frozen=True, slots=True)
class Changed:
    """A record that was changed there, with what it holds now."""

    external_id: str
    at: datetime
    values: Mapping[str, Found]
    owner_email: str = ""  # where the CRM says it in passing
    # It counts for this lead of theirs alone: our key, or an id that we remember with the record.
    only_of: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one record: ``error`` is None where the CRM took it."""

    key: str
    external_id: str = ""
    status: int = 0
    request_id: str = ""
    error: ProviderError | None = None
    parts: Mapping[str, Part] = field(default_factory=dict)  # as they are known from now on


class CrmProvider(ABC):
    """One CRM. It speaks the wire format; it knows no model and no company."""

    fields: ClassVar[tuple[Field, ...]] = ()
    # What else of a lead the CRM keeps, each in a record of its own: company, deal, note.
    parts: ClassVar[Mapping[str, tuple[Field, ...]]] = {}
    # Whether its fields are ones that people there change as well.
    has_people: ClassVar[bool] = True
    batch_size: ClassVar[int] = 1
    # Batches per seconds that one connection may use of the vendor's allowance.
    rate: ClassVar[tuple[int, float]] = (10, 1.0)

    # The settings whose place a sign-in takes: ``access_token``, ``refresh_token``, ``api_url``.
    credentials: ClassVar[frozenset[str]] = frozenset()

    class ConfigForm(forms.Form):
        """The settings a company enters; fields shown as passwords are never shown back."""

    def __init__(
        self, config: Mapping[str, str], renew: Callable[[str], str] | None = None
    ) -> None:
        """``renew`` gives the token after one that was refused, where somebody signed in."""
        self.config = config
        self.access = Access(config.get("access_token", ""), renew)

    @abstractmethod
    def push(self, records: Sequence[Upsert]) -> list[Outcome]:
        """Create or update these records, at most ``batch_size`` of them.

        Returns an outcome for each record that was tried; a record without one was not sent.
        Raises a ProviderError where the request as a whole was refused or did not get through.
        """

    def schema(self) -> list[Property]:
        """The fields that a lead's record has there and that may be written. Asks over HTTP."""
        return [
            Property(one.name, one.name, one.kind, one.kind, one.choices) for one in self.fields
        ]

    def rehearsed(self, method: str, url: str, body: Any) -> Any:
        """What the CRM would answer if it took everything, for a push that is only looked at."""
        return {}

    def read(self, records: Sequence[Upsert], names: Sequence[str]) -> dict[str, dict[str, Found]]:
        """What these fields hold there now, by our key; a record that is not there is left out.

        Asked before a push, so that nothing is written over what people there have changed.
        """
        return {}

    def changed(self, since: datetime, names: Sequence[str]) -> list[Changed]:
        """Records of ours that were changed there since, by anybody, the oldest change first.

        At most as many as fit into one answer: whoever asks goes on from the last one's time.
        """
        return []

    def owner_email(self, owner_id: str) -> str:
        """The e-mail of one of its people; "" where it does not know them. May ask over HTTP."""
        return ""

    def account(self) -> str:
        """Its id of the account that our credentials are for; "" where it has none to tell."""
        return ""

    def request_id_of(self, error: ProviderError) -> str:
        """What the vendor calls the request that failed, where it says so."""
        return ""


def needed(config: Mapping[str, str], name: str) -> str:
    """A setting without which nobody there can be asked; raises Rejected where it is missing."""
    value = config.get(name, "")
    if not value:
        raise Rejected(f"The connection's settings name no {name}.")
    return value
