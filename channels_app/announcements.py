"""What happens in conversations and to contacts, as a company's own addresses are told of it.

Each is called in the transaction that makes it true, and costs nothing where nobody subscribed.
"""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from channels_app.models import Contact, Conversation, Message
from tenants.outgoing.events import CONTACTS, CONVERSATIONS, EventType, Shape, declare
from tenants.outgoing.services import announce, is_wanted


class Person(Shape):
    """A contact, as far as they are known."""

    id: int
    name: str
    email: str
    phone: str
    language: str


class Attached(Shape):
    kind: str
    name: str
    mime: str


class Said(Shape):
    """A message. ``text`` ends after 16,000 characters."""

    message: int
    conversation: int
    contact: Person
    connection: int
    platform: str
    surface: str
    author: str
    state: str
    text: str
    attachments: list[Attached]
    at: datetime
    is_sandbox: bool


class NotSent(Said):
    error_code: str
    error_text: str


class Talk(Shape):
    """A conversation. ``reason`` is why it was handed over or closed, where somebody said so."""

    conversation: int
    contact: Person
    connection: int
    platform: str
    status: str
    controller: str
    assignee: int | None
    reason: str
    is_sandbox: bool


class Broken(Talk):
    """``target`` is `first` (response), `next` (response) or `resolve` (all of it)."""

    target: str
    due_at: datetime


class Merged(Shape):
    """Two contacts that are one, or two again; ``contact`` is the one that stands."""

    contact: Person
    other: int


class Wish(Shape):
    """What somebody wants no more, or again. Empty: of every kind, or on every channel."""

    contact: Person
    purpose: str
    connection: int | None


class LeftAlone(Shape):
    """How many customers wait in vain since the last look, and in which ways."""

    count: int
    kinds: list[str]


MARIA = Person(
    id=31, name="María Soler", email="maria@example.com", phone="+34600000001", language="es"
)
_AT = datetime.fromisoformat("2026-05-04T09:29:58+00:00")
_SAID = Said(
    message=8812,
    conversation=204,
    contact=MARIA,
    connection=3,
    platform="whatsapp",
    surface="direct",
    author="contact",
    state="received",
    text="How much is the standing desk Nova?",
    attachments=[Attached(kind="image", name="room.jpg", mime="image/jpeg")],
    at=_AT,
    is_sandbox=False,
)
_ANSWERED = _SAID.model_copy(
    update={
        "message": 8813,
        "author": "ai",
        "state": "sent",
        "attachments": [],
        "text": "The standing desk Nova costs 499 €.",
    }
)
_TALK = Talk(
    conversation=204,
    contact=MARIA,
    connection=3,
    platform="whatsapp",
    status="open",
    controller="human",
    assignee=None,
    reason="asks_for_human",
    is_sandbox=False,
)


RECEIVED = declare(
    "message.received",
    group=CONVERSATIONS,
    label=_("A contact wrote"),
    text="A contact wrote. What blocked contacts write is not told.",
    example=_SAID,
)
EDITED = declare(
    "message.edited",
    group=CONVERSATIONS,
    label=_("A contact changed a message"),
    text="A contact changed what they had written; `text` is what it says now.",
    example=_SAID.model_copy(update={"text": "How much is the standing desk Vega?"}),
)
DELETED = declare(
    "message.deleted",
    group=CONVERSATIONS,
    label=_("A contact took a message back"),
    text="A contact took a message back at their network.",
    example=_SAID.model_copy(update={"text": "", "attachments": []}),
)
SENT = declare(
    "message.sent",
    group=CONVERSATIONS,
    label=_("A message of yours was sent"),
    text="The network took a message of ours; `author` is `ai`, `human`, `system` or, for one"
    " written in the network's own app, `echo`.",
    example=_ANSWERED,
)
FAILED = declare(
    "message.failed",
    group=CONVERSATIONS,
    label=_("A message of yours was not sent"),
    text="A message of ours was given up, or the network could not deliver it.",
    example=NotSent(
        **{**_ANSWERED.model_dump(), "state": "failed"},
        error_code="window_closed",
        error_text="The network allows an answer only once they write again.",
    ),
)
ESCALATED = declare(
    "conversation.escalated",
    group=CONVERSATIONS,
    label=_("The AI handed a conversation to people"),
    text="The AI handed a conversation to people; `reason` says why.",
    example=_TALK,
)
DEEDS: dict[str, EventType[Talk]] = {
    "taken_over": declare(
        "conversation.taken_over",
        group=CONVERSATIONS,
        label=_("A person took a conversation over"),
        text="A person leads from here on.",
        example=_TALK.model_copy(update={"assignee": 2, "reason": ""}),
    ),
    "handed_back": declare(
        "conversation.handed_back",
        group=CONVERSATIONS,
        label=_("A conversation went back to the AI"),
        text="The AI leads again.",
        example=_TALK.model_copy(update={"controller": "ai", "reason": ""}),
    ),
    "assigned": declare(
        "conversation.assigned",
        group=CONVERSATIONS,
        label=_("A conversation was given to somebody"),
        text="A conversation was given to a colleague, or to nobody in particular.",
        example=_TALK.model_copy(update={"assignee": 2, "reason": ""}),
    ),
    "closed": declare(
        "conversation.closed",
        group=CONVERSATIONS,
        label=_("A conversation was closed"),
        text="A person closed a conversation.",
        example=_TALK.model_copy(update={"status": "closed", "reason": "Ordered by telephone."}),
    ),
    "reopened": declare(
        "conversation.reopened",
        group=CONVERSATIONS,
        label=_("A conversation was opened again"),
        text="A person opened a closed conversation. A contact's words open one without this.",
        example=_TALK.model_copy(update={"reason": ""}),
    ),
}
LEFT_ALONE = declare(
    "incident.opened",
    group=CONVERSATIONS,
    label=_("Customers were left alone"),
    text="Customers wait in vain: nobody read, answered or delivered in time.",
    example=LeftAlone(count=1, kinds=["unanswered"]),
)
BROKEN = declare(
    "conversation.sla_breached",
    group=CONVERSATIONS,
    label=_("An answer in time was promised, and did not come"),
    text="The time is over by which a contact was to be answered (`first`, `next`), or their"
    " matter dealt with (`resolve`). Told once for each.",
    example=Broken(**_TALK.model_dump(exclude={"reason"}), reason="", target="first", due_at=_AT),
)
CREATED = declare(
    "contact.created",
    group=CONTACTS,
    label=_("Somebody wrote for the first time"),
    text="Somebody new wrote, or was written to.",
    example=MARIA,
)
UPDATED = declare(
    "contact.updated",
    group=CONTACTS,
    label=_("More is known of a contact"),
    text="A name, an address or a number of a contact became known.",
    example=MARIA,
)
MERGED = declare(
    "contact.merged",
    group=CONTACTS,
    label=_("Two contacts became one"),
    text="`other` is part of `contact` from now on.",
    example=Merged(contact=MARIA, other=58),
)
PARTED = declare(
    "contact.parted",
    group=CONTACTS,
    label=_("A merge was undone"),
    text="`other` stands by itself again.",
    example=Merged(contact=MARIA, other=58),
)
OPTED_OUT = declare(
    "contact.opted_out",
    group=CONTACTS,
    label=_("A contact wants nothing more"),
    text="A contact wants no messages, of a purpose or at all.",
    example=Wish(contact=MARIA, purpose="marketing", connection=None),
)
OPTED_IN = declare(
    "contact.opted_in",
    group=CONTACTS,
    label=_("A contact wants messages again"),
    text="A contact wants messages again.",
    example=Wish(contact=MARIA, purpose="marketing", connection=None),
)

_CHANGES = {"new": RECEIVED, "edited": EDITED, "deleted": DELETED}
_TAKEN = (Message.State.ACCEPTED, Message.State.SENT)


def heard(message: Message, change: str) -> None:
    """A contact's words came, changed or went."""
    if event := _CHANGES.get(change):
        announce(event, lambda: _said(message), unless=lambda: message.connection.is_sample)


def went_out(message: Message) -> None:
    """A network has it for the first time."""
    announce(SENT, lambda: _said(message), unless=lambda: message.connection.is_sample)


def not_sent(message: Message) -> None:
    announce(
        FAILED,
        lambda: NotSent(
            **_said(message).model_dump(),
            error_code=message.error_code,
            error_text=message.error_text,
        ),
        unless=lambda: message.connection.is_sample,
    )


def none_sent(keys: Sequence[int]) -> None:
    """Several were given up at once."""
    if keys and is_wanted(FAILED.name):
        for message in Message.objects.filter(pk__in=keys).order_by("pk"):
            not_sent(message)


def follows_sends() -> bool:
    """Whether a send has to be written down in a transaction with its event."""
    return is_wanted(SENT.name)


def escalated(conversation: Conversation, reason: str) -> None:
    announce(
        ESCALATED,
        lambda: _talk_of(conversation, reason),
        unless=lambda: conversation.connection.is_sample,
    )


def done(conversation: Conversation, action: str) -> None:
    """What a person did with a conversation."""
    if event := DEEDS.get(action):
        announce(
            event,
            lambda: _talk_of(conversation, conversation.closing_reason),
            unless=lambda: conversation.connection.is_sample,
        )


def broken(conversation: Conversation, target: str, due_at: datetime) -> None:
    """A promise of an answer in time was not kept."""
    announce(
        BROKEN,
        lambda: Broken(**_talk_of(conversation, "").model_dump(), target=target, due_at=due_at),
        unless=lambda: conversation.connection.is_sample,
    )


def left_alone(count: int, kinds: list[str]) -> None:
    announce(LEFT_ALONE, lambda: LeftAlone(count=count, kinds=kinds))


def appeared(contact: Contact) -> None:
    announce(CREATED, lambda: _person(contact), unless=lambda: contact.is_sample)


def learnt(contact: Contact) -> None:
    announce(UPDATED, lambda: _person(contact), unless=lambda: contact.is_sample)


def merged(survivor: Contact, absorbed: Contact) -> None:
    announce(
        MERGED,
        lambda: Merged(contact=_person(survivor), other=absorbed.pk),
        unless=lambda: survivor.is_sample,
    )


def parted(survivor: Contact, absorbed: Contact) -> None:
    announce(
        PARTED,
        lambda: Merged(contact=_person(survivor), other=absorbed.pk),
        unless=lambda: survivor.is_sample,
    )


def opted_out(contact: Contact, purpose: str, connection_id: int | None) -> None:
    announce(
        OPTED_OUT,
        lambda: _wish(contact, purpose, connection_id),
        unless=lambda: contact.is_sample,
    )


def opted_in(contact: Contact, purpose: str, connection_id: int | None) -> None:
    announce(
        OPTED_IN,
        lambda: _wish(contact, purpose, connection_id),
        unless=lambda: contact.is_sample,
    )


def _wish(contact: Contact, purpose: str, connection_id: int | None) -> Wish:
    said = "" if purpose == "all" else purpose
    return Wish(contact=_person(contact), purpose=said, connection=connection_id)


def _person(contact: Contact) -> Person:
    return Person(
        id=contact.pk,
        name=contact.name,
        email=contact.email,
        phone=contact.phone,
        language=contact.language,
    )


def _said(message: Message) -> Said:
    conversation = message.conversation
    is_gone = message.deleted_at is not None
    return Said(
        message=message.pk,
        conversation=conversation.pk,
        contact=_person(conversation.contact),
        connection=message.connection_id,
        platform=message.connection.platform,
        surface=conversation.surface,
        author=message.author,
        state=message.state,
        text="" if is_gone else message.text,
        attachments=[] if is_gone else [_attached(each) for each in message.attachments],
        at=message.provider_time,
        is_sandbox=message.connection.is_sandbox,
    )


def _attached(file: dict[str, object]) -> Attached:
    return Attached(**{name: str(file.get(name) or "") for name in ("kind", "name", "mime")})


def _talk_of(conversation: Conversation, reason: str) -> Talk:
    return Talk(
        conversation=conversation.pk,
        contact=_person(conversation.contact),
        connection=conversation.connection_id,
        platform=conversation.connection.platform,
        status=conversation.status,
        controller=conversation.controller,
        assignee=conversation.assignee_id,
        reason=reason,
        is_sandbox=conversation.connection.is_sandbox,
    )
