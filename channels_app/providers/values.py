"""What a network and we say to each other, as plain values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tenants.plugins.errors import ProviderError, Rejected


class Surface:
    """Where something is said."""

    DIRECT = "direct"
    COMMENTS = "comments"  # in public, under a post


UNSHOWN = "unsupported"  # kind of an attachment
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
    """Somebody on a network. ``aliases`` are further ids of the same person there.

    ``proven`` says which of ``phone`` and ``email`` the network itself vouches for: the number a
    message came from, not one that was typed into it.
    """

    id: str
    aliases: tuple[str, ...] = ()
    name: str = ""
    phone: str = ""
    email: str = ""
    language: str = ""
    proven: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """Something that came with a message; ``ref`` is the network's own id to fetch it by.

    ``media`` is the id of a file of ours: what came over a channel that is our own server is
    here already. No network's word may become one.
    """

    kind: str  # image, audio, video, file, location, contact, sticker, link, unsupported
    url: str = ""
    name: str = ""
    mime: str = ""
    size: int = 0
    ref: str = ""
    media: str = ""


def unshown(kind: str = "") -> tuple[Attachment, ...]:
    """What stands for the content of a message that cannot be shown: its kind, if it has a name."""
    return (Attachment(kind=UNSHOWN, name=kind),)


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
    """The contact changed what they wrote earlier.

    ``said`` is the message as it reads now, where the event tells whose it is: should the first
    never have come, this is what they wrote.
    """

    external_id: str
    text: str
    at: datetime | None
    said: InboundMessage | None = None


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

    Where the network names no message, the last one to ``recipient`` is meant. ``sent_to`` finds
    the one whose answer was lost, so that we never learnt its name. ``unreachable``: the next
    one would fare no better.
    """

    external_id: str
    state: str
    at: datetime | None
    reference: str = ""
    error_code: str = ""
    error_text: str = ""
    recipient: str = ""
    sent_to: str = ""
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
class InboundPerson:
    """Somebody told us more about themselves, without a word to read."""

    person: Person


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
    """A genuine event that we know or do not know, and do nothing about.

    ``said``: a contact's message of a kind that cannot be shown. It stands in their conversation
    as ``unshown``, for they wait for an answer to it like to any other. ``is_unseen``: somebody
    wrote, and the network does not even tell who; people have to look there.
    """

    reason: str
    said: InboundMessage | None = None
    is_unseen: bool = False


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
    | InboundPerson
    | AccountNews
    | TemplateNews
    | Noted
    | Unsupported
)


def nothing_to_read(attachment: Mapping[str, Any]) -> bytes:
    raise Rejected("There is no such file to be sent.", code="unknown_file")


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
    # The bytes of an attachment that is a file of ours.
    read: Callable[[Mapping[str, Any]], bytes] = nothing_to_read


@dataclass(frozen=True, slots=True)
class Sent:
    """The network took the message and calls it so.

    ``recipient_id`` is what it calls the person in private, where we did not know that yet.
    ``is_sent``: no status will say so later, it is on its way already.
    """

    external_id: str
    recipient_id: str = ""
    is_sent: bool = False


@dataclass(frozen=True, slots=True)
class Polled:
    """What one look brought: the items behind the old cursor, and the cursor behind them.

    Both are kept in one transaction. ``more`` asks to look again at once.
    """

    items: tuple[RawItem, ...]
    cursor: Mapping[str, Any]
    more: bool = False


class ToBeFetched(Exception):
    """The webhook only announced its item: ``fetch`` must bring it before it can be read."""
