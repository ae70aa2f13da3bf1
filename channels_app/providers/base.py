"""What a messaging network must be able to do for us.

A provider speaks one network's wire format: it verifies, splits, reads, sends. It knows no
model, no company and no clock but the one in the payload.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise

from channels_app import wire
from channels_app.providers.access import Probed, Renewed
from channels_app.providers.values import (
    EMPTY,
    UNREADABLE,
    Attachment,
    Inbound,
    Outgoing,
    Polled,
    RawItem,
    Sent,
    TemplateNews,
    Unsupported,
)
from tenants.plugins.downloads import Download, download, gone
from tenants.plugins.errors import (
    AnswerLost,
    Expired,
    PayloadRejected,
    ProviderError,
    Rejected,
    SignatureMismatch,
)


class ChannelProvider(ABC):
    """One messaging network.

    To add one, implement ``verify``, ``signed``, ``split``, ``parse``, ``canary`` and
    ``send``, give it a ``ConfigForm``, a line in ``providers/__init__.py``, a row in
    ``capabilities.py`` and recordings under ``tests/fixtures/channels/<kind>/``.
    """

    ConfigForm: ClassVar[type[forms.Form]]
    # The command line's words for secrets -> names in the config.
    secret_names: ClassVar[Mapping[str, str]] = {}
    # There is no network that gives the account an id: we make one up.
    names_itself: ClassVar[bool] = False
    # Several accounts share one webhook address and one secret: that of our app there.
    has_shared_address: ClassVar[bool] = False
    how_to_connect: ClassVar[str | Promise] = ""
    # Of the answer to the network's question whether an address is ours.
    handshake_type: ClassVar[str] = "text/plain"
    # How large its webhooks may be, where the setting for all of them is too little.
    webhook_bytes: ClassVar[int] = 0
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
    def canary(self, mark: str) -> bytes | None:
        """A webhook as the network would write it about a message that says ``mark``.

        ``signed`` gives its headers, ``split`` one item under a key that only this mark has, and
        ``read`` what is in it without asking anybody. None where the network alone can sign one.
        Whoever sends it is "Channel doctor", should it ever be read by mistake.
        """

    @abstractmethod
    def send(self, message: Outgoing) -> Sent:
        """Deliver a message, or raise a ProviderError."""

    def open_attachment(
        self, attachment: Attachment, item: RawItem | None, *, limit: int
    ) -> Download:
        """A file that came with a message, on its way to us; raises a ProviderError.

        ``item`` is the stored event that announced it, while we still have that. Raise Expired
        where the network keeps the file no longer. Not more than ``limit`` bytes are taken.
        """
        return linked_file(attachment, limit=limit, named_by_company=True)

    def hide(self, external_id: str, *, hidden: bool) -> None:
        """Take a public comment out of sight, or show it again; raises a ProviderError."""
        raise Rejected("This network hides no comments.", code="cannot_hide")

    def templates(self) -> list[TemplateNews]:
        """The message templates of this account; raises a ProviderError."""
        return []

    # -- what only some networks have

    def show_typing(self, recipient_id: str, *, by_ai: bool, is_over: bool = False) -> None:
        """Let the person see that somebody writes; only where capabilities say ``shows_typing``."""
        raise NotImplementedError

    def show_leader(self, recipient_id: str, *, is_person: bool) -> None:
        """Let them see whether a person or the AI will answer; likewise."""
        raise NotImplementedError

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


DOCTOR = "Channel doctor"


def now_in_seconds() -> int:
    return int(datetime.now(UTC).timestamp())


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


def own_file(message: Outgoing, attachment: Mapping[str, Any]) -> tuple[str, bytes, str] | None:
    """Name, bytes and type of an attachment that is a file of ours; None where it is a link."""
    if not attachment.get("media"):
        return None
    name = str(attachment.get("name") or "file")
    mime = str(attachment.get("mime") or "application/octet-stream")
    return name, message.read(attachment), mime


def public_url(attachment: Mapping[str, Any]) -> str:
    """Where the network may fetch a file that we only name."""
    url = wire.web_address(attachment.get("url"))
    if not url:
        raise Rejected("An attachment needs a public web address.", code="attachment")
    return url


def linked_file(
    attachment: Attachment,
    *,
    limit: int,
    headers: Mapping[str, str] | None = None,
    named_by_company: bool = False,
    redirects: int = 0,
) -> Download:
    """A file by the address the network gave; one it no longer serves has expired."""
    if not attachment.url:
        raise Rejected("The network gave no address of this file.", code="unsupported")
    try:
        return download(
            attachment.url,
            limit=limit,
            headers=headers,
            named_by_company=named_by_company,
            redirects=redirects,
        )
    except ProviderError as error:
        if gone(error):
            raise Expired(str(error), code=error.code, status=error.status) from error
        raise


def file_of_ours(said: dict[str, Any]) -> Attachment:
    """What came by a door of our own: the file is here, the door wrote down what it is."""
    return Attachment(
        kind=wire.plain(said.get("kind")) or "file",
        name=wire.label(said, "name"),
        mime=wire.plain(said.get("mime"), 100),
        size=wire.number(said, "size"),
        media=wire.plain(said.get("media"), 64),
    )


def one_item_each(
    events: Any, body: bytes, read: Callable[[dict[str, Any]], RawItem]
) -> Iterator[RawItem]:
    """The items of a batch that names no accounts; ``body`` is all of it, if it holds none."""
    found = False
    for event, as_it_came in wire.objects(events):
        found = True
        yield unreadable(as_it_came) if event is None else read(event)
    if not found:
        yield empty(body)


def unreadable(value: Any, account_id: str = "") -> RawItem:
    """An element of a batch that is no event at all; its siblings go their way."""
    body = wire.dumps(value)
    return RawItem(account_id, wire.key_of(account_id, UNREADABLE, body.hex()), UNREADABLE, body)


def empty(body: bytes, account_id: str = "") -> RawItem:
    """An envelope in which nothing lies."""
    return RawItem(account_id, wire.key_of(account_id, EMPTY, body.hex()), EMPTY, body)
