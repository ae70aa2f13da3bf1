"""What a messaging network must be able to do for us.

A provider speaks one network's wire format: it verifies, splits, reads, sends. It knows no
model, no company and no clock but the one in the payload.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from django import forms

from channels_app import wire
from tenants.plugins.errors import (
    AnswerLost,
    PayloadRejected,
    ProviderError,
    Rejected,
    SignatureMismatch,
)


class Surface:
    """Where something is said."""

    DIRECT = "direct"
    COMMENTS = "comments"  # in public, under a post


UNREADABLE = "unreadable"  # kinds of events that no network knows
EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class RawItem:
    """One event of a webhook, still in the network's own words.

    ``account_id`` is empty where the network does not name it: the webhook's address does.
    ``key`` is equal for two deliveries of the same event and for nothing else.
    """

    account_id: str
    key: str
    kind: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody on a network. ``aliases`` are further ids of the same person there."""

    id: str
    aliases: tuple[str, ...] = ()
    name: str = ""
    phone: str = ""
    email: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """Something that came with a message; ``ref`` is the network's own id to fetch it by."""

    kind: str  # image, audio, video, file, location, contact, sticker, link
    url: str = ""
    name: str = ""
    mime: str = ""
    size: int = 0
    ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """What a contact wrote. ``thread_id`` is set where it is not simply the sender's (a group).

    ``surface`` says where: in private, or in public under a post. ``is_standby`` means that
    another app leads the thread, so that we only listen.
    ``references`` are messages it belongs to, nearest first: it joins the conversation of the
    first one that is ours. ``quiet`` says why nobody is to be called for it (an automatic
    reply); ``details`` is what else people may want to see, as plain JSON.
    """

    external_id: str
    sender: Person
    sent_at: datetime | None
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    thread_id: str = ""
    reply_to: str = ""
    sequence: int = 0
    references: tuple[str, ...] = ()
    quiet: str = ""
    surface: str = Surface.DIRECT
    is_standby: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundEdit:
    """The contact changed what they wrote earlier."""

    external_id: str
    text: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundDelete:
    """The contact took a message back."""

    external_id: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundEcho:
    """Something our side sent: by us (then ``reference`` or the id is known) or in the
    network's own app by a colleague.

    A public answer has no ``recipient``; it stands under ``reply_to``.
    """

    external_id: str
    recipient: Person | None
    sent_at: datetime | None
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    reference: str = ""
    by_our_app: bool = False
    sequence: int = 0
    reply_to: str = ""
    quiet: str = ""  # why it changes nothing about who leads


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundStatus:
    """What became of a message of ours: sent, delivered, read or failed.

    ``with_earlier`` says the same of everything we sent in the thread before. ``meaning`` is
    the error that a refusal of the send for this reason would have been.

    Where the network names no message, the last one to ``recipient`` is meant. ``unreachable``:
    the next one would fare no better.
    """

    external_id: str
    state: str
    at: datetime | None
    reference: str = ""
    error_code: str = ""
    error_text: str = ""
    recipient: str = ""
    unreachable: bool = False
    meaning: type[ProviderError] | None = None
    with_earlier: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundOptOut:
    """Somebody told the network that they want nothing more of ours."""

    recipient: str
    reason: str
    purpose: str = "all"  # all, marketing
    is_over: bool = False  # they want it again
    external_id: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundWatermark:
    """Everything of ours in this thread up to a moment reached this state."""

    thread_id: str
    state: str
    up_to: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundReaction:
    """An emoji on a message; an empty one takes the earlier one back.

    ``on_ours`` names what is meant where it may be no message at all (a post of the page).
    """

    external_id: str
    by: str
    emoji: str
    at: datetime | None
    on_ours: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundHidden:
    """A public message was taken out of sight at the network, or is shown again."""

    external_id: str
    hidden: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundControl:
    """The thread passed from one app to another; ``is_ours`` says whether we lead it now."""

    thread_id: str
    is_ours: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountNews:
    """The network speaks about our account. ``health`` is empty where nothing changes."""

    text: str
    health: str = ""  # ok, trouble, reconnect, stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateNews:
    """A message template was approved, refused, paused or changed."""

    external_id: str
    name: str
    language: str
    status: str = ""
    category: str = ""
    components: tuple[Mapping[str, Any], ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A genuine event that is understood and changes no conversation."""

    outcome: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsupported:
    """A genuine event that we know or do not know, and do nothing about."""

    reason: str


Inbound = (
    InboundMessage
    | InboundEdit
    | InboundDelete
    | InboundEcho
    | InboundStatus
    | InboundOptOut
    | InboundWatermark
    | InboundReaction
    | InboundHidden
    | InboundControl
    | AccountNews
    | TemplateNews
    | Noted
    | Unsupported
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message to be sent. ``tag`` is what the send policy found necessary, or empty.

    ``is_private`` answers a public message in private. ``template`` is one that the network
    approved: name, language, components.

    ``answers`` and what follows is for networks whose capabilities say ``threads``: the contact's
    last message, those before it (oldest first), and its subject.
    """

    recipient_id: str
    text: str
    reference: str
    attachments: tuple[Mapping[str, Any], ...] = ()
    tag: str = ""
    by_ai: bool = False
    answers: str = ""
    thread: tuple[str, ...] = ()
    subject: str = ""
    surface: str = Surface.DIRECT
    is_private: bool = False
    template: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """The network took the message and calls it so.

    ``recipient_id`` is what it calls the person in private, where we did not know that yet.
    """

    external_id: str
    recipient_id: str = ""


@dataclass(frozen=True, slots=True)
class Polled:
    """What one look brought: the items behind the old cursor, and the cursor behind them.

    Both are kept in one transaction. ``more`` asks to look again at once.
    """

    items: tuple[RawItem, ...]
    cursor: Mapping[str, Any]
    more: bool = False


@dataclass(frozen=True, slots=True)
class Renewed:
    """Fresh values for the config, and for how many seconds they last (0: for good)."""

    config: Mapping[str, Any]
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Probed:
    """What the network says about our access: sentences for people; none means all is well."""

    problems: tuple[str, ...] = ()


class ToBeFetched(Exception):
    """The webhook only announced its item: ``fetch`` must bring it before it can be read."""


class ChannelProvider(ABC):
    """One messaging network.

    To add one, implement ``verify``, ``signed``, ``split``, ``parse`` and ``send``, give it a
    ``ConfigForm``, a line in ``providers/__init__.py``, a row in ``capabilities.py`` and
    recordings under ``tests/fixtures/channels/<kind>/``.
    """

    ConfigForm: ClassVar[type[forms.Form]]
    # The command line's words for secrets -> names in the config.
    secret_names: ClassVar[Mapping[str, str]] = {}
    # Several accounts share one webhook address and one secret: that of our app there.
    has_shared_address: ClassVar[bool] = False
    how_to_connect: ClassVar[str] = ""
    # Of the answer to the network's question whether an address is ours.
    handshake_type: ClassVar[str] = "text/plain"
    # Kinds of events that the network wants an answer to, apart from any message.
    acknowledged: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config

    @classmethod
    @abstractmethod
    def new_secret(cls, name: str) -> str:
        """A fresh value for a secret that we choose ourselves; empty if the network chooses."""

    def also_known_as(self) -> tuple[str, ...]:
        """Further accounts whose webhook items are this connection's."""
        return ()

    @abstractmethod
    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Raise SignatureMismatch unless the network itself sent this webhook."""

    @abstractmethod
    def signed(self, body: bytes) -> dict[str, str]:
        """The headers with which the network would send this body (for replay and tests)."""

    def handshake(self, query: Mapping[str, str]) -> str:
        """The answer to the network's question whether this address is ours."""
        raise SignatureMismatch("This network asks no such question.")

    @abstractmethod
    def split(self, body: bytes) -> Iterator[RawItem]:
        """The events of a webhook, one by one; raises PayloadRejected if it is none at all."""

    def read(self, kind: str, body: bytes) -> list[Inbound]:
        """What one stored event means; raises PayloadRejected with the reason if it is nothing."""
        if kind == UNREADABLE:
            raise PayloadRejected("No event of this network looks like that.")
        if kind == EMPTY:
            return [Unsupported(reason="An envelope without an event.")]
        return self.parse(kind, body)

    @abstractmethod
    def parse(self, kind: str, body: bytes) -> list[Inbound]:
        """What one event means; raises PayloadRejected with the reason it cannot be read."""

    @abstractmethod
    def send(self, message: Outgoing) -> Sent:
        """Deliver a message, or raise a ProviderError."""

    def hide(self, external_id: str, *, hidden: bool) -> None:
        """Take a public comment out of sight, or show it again; raises a ProviderError."""
        raise Rejected("This network hides no comments.", code="cannot_hide")

    def templates(self) -> list[TemplateNews]:
        """The message templates of this account; raises a ProviderError."""
        return []

    # -- what only some networks have

    def verify_at(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """As ``verify``; for networks that sign the address they were given as well."""
        self.verify(headers, body)

    def poll_every(self) -> int:
        """Seconds between two looks at the network; 0 if it tells us by itself."""
        return 0

    def poll(self, cursor: Mapping[str, Any]) -> Polled:
        """What happened behind ``cursor``, oldest first; the first cursor is empty.

        Asked again with the same cursor, it gives the same items under the same keys, so that
        a crash between two looks neither skips nor repeats anything.
        """
        raise NotImplementedError

    def fetch(self, kind: str, body: bytes) -> RawItem:
        """What a webhook only announced (``parse`` raised ToBeFetched), under the same key."""
        raise NotImplementedError

    def acknowledge(self, kind: str, body: bytes) -> None:
        """Tell the network that an event of an ``acknowledged`` kind was taken."""
        raise NotImplementedError

    def renews(self) -> bool:
        """Whether the access we were given ends by itself and can be made to last longer."""
        return False

    def renew(self) -> Renewed:
        """Trade the refresh token for a new access token, or raise a ProviderError."""
        raise NotImplementedError

    def subscribe(self, webhook_url: str) -> bool:
        """Ask the network to send its webhooks there; False where its API does not let us."""
        return False

    def owns(self, account_id: str) -> bool:
        """Whether our key opens the account, as the network says; False where it cannot say.

        Asked only of networks whose companies share one webhook address, for the connection's
        account and for each it is ``also_known_as``.
        """
        return False

    def unsubscribe(self) -> bool:
        """Ask it to send no more; False where its API does not let us."""
        return False

    def probe(self) -> Probed:
        """Ask the network whether our access works and webhooks come."""
        return Probed()


def strict_config(config: Mapping[str, Any], name: str) -> bytes:
    """A secret of the config as bytes; an empty one never verifies anything."""
    secret = str(config.get(name) or "")
    if not secret:
        raise SignatureMismatch(f"No {name.replace('_', ' ')} is set for this connection.")
    return secret.encode()


def renewed(answer: Any) -> Renewed:
    """A token answer of OAuth 2 (RFC 6749 section 5.1) as new values for the config."""
    if not isinstance(answer, dict) or not isinstance(answer.get("access_token"), str):
        raise AnswerLost("The answer holds no access token.")
    config = {"access_token": answer["access_token"]}
    if isinstance(answer.get("refresh_token"), str) and answer["refresh_token"]:
        config["refresh_token"] = answer["refresh_token"]
    return Renewed(config, wire.number(answer, "expires_in"))


def one_file(message: Outgoing) -> Mapping[str, Any]:
    """The message's attachment, for networks that take one; more are refused, not left out."""
    if len(message.attachments) > 1:
        raise Rejected("This network takes one file a message.", code="attachments")
    return message.attachments[0]


def public_url(attachment: Mapping[str, Any]) -> str:
    """Where the network may fetch a file that we only name."""
    url = wire.web_address(attachment.get("url"))
    if not url:
        raise Rejected("An attachment needs a public web address.", code="attachment")
    return url


def unreadable(value: Any, account_id: str = "") -> RawItem:
    """An element of a batch that is no event at all; its siblings go their way."""
    body = wire.dumps(value)
    return RawItem(account_id, wire.key_of(account_id, UNREADABLE, body.hex()), UNREADABLE, body)


def empty(body: bytes, account_id: str = "") -> RawItem:
    """An envelope in which nothing lies."""
    return RawItem(account_id, wire.key_of(account_id, EMPTY, body.hex()), EMPTY, body)
