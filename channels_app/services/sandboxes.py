"""Channels to try things out on: a network's look, an account that no network knows.

What a customer writes there comes in as the network would bring it: by its own signed webhook,
or because we look for news. It is understood and answered as any message, and leaves by the
network's own plug-in, which speaks to a stand-in.
"""

import secrets
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from channels_app.capabilities import capabilities_of
from channels_app.models import (
    ChannelConnection,
    Contact,
    ContactIdentity,
    Conversation,
    Message,
    id_index,
)
from channels_app.providers import CHANNELS
from channels_app.services.connections import connect, fresh_config
from channels_app.services.gallery import gallery
from channels_app.services.polling import poll
from channels_app.services.ringing import ring_now
from channels_app.services.visitors import SHOWN
from tenants import context
from tenants.audit.services import record
from tenants.models import WebhookRoute
from tenants.plugins import sandbox
from tenants.plugins.sandbox import Knock

MOST = 10  # of one company at a time
PAGE = 100
State = Message.State
# What a network may report, the furthest first; a message in a state before it is still awaited.
TOLD = (State.READ, State.DELIVERED, State.SENT)
BEFORE = (State.ACCEPTED, State.SENT, State.DELIVERED, State.READ)


@dataclass(frozen=True, slots=True)
class Look:
    """A network whose look a sandbox can have, and what is particular about trying it."""

    platform: str
    label: str
    icon: str
    about: str
    hint: str


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody who has written to a sandbox; ``person`` is what its network calls them."""

    person: str
    contact: Contact
    preview: str


def looks() -> list[Look]:
    """In the order of the gallery."""
    tried = sandbox.vendors().platforms()
    return [
        Look(card.kind, card.label, card.icon, card.about, hint_about(card.kind))
        for group in gallery()
        for card in group.cards
        if card.kind in tried
    ]


def hint_about(platform: str) -> str:
    """What is particular about trying a network; empty where nothing is."""
    can = capabilities_of(platform)
    if can.answered_by:
        return _("Answers leave by a mailbox: a sandbox of one is opened along with it.")
    if platform == "linkedin":
        return _("What is written is looked for, as at a page without webhooks.")
    return ""


def open_sandbox(*, platform: str, actor: str = "") -> ChannelConnection:
    """A channel that works at once; raises ValidationError.

    One that cannot answer by itself brings the one that answers for it.
    """
    if platform not in sandbox.vendors().platforms():
        raise ValidationError("Nobody stands in for this network.")
    carrier = capabilities_of(platform).answered_by
    if carrier and not _sandboxes().filter(platform=carrier, is_active=True).exists():
        open_sandbox(platform=carrier, actor=actor)
    if _sandboxes().filter(is_sample=False).count() >= MOST:
        text = _("There are %(most)d sandboxes already; remove one first.")
        raise ValidationError(text % {"most": MOST})
    given = sandbox.vendors().new_account(platform)
    words = CHANNELS.get(platform).secret_names
    made_up = {word: secrets.token_urlsafe(24) for word in words}
    config = fresh_config(platform=platform, given={**made_up, "token": given.token})
    connection = connect(
        platform=platform,
        account_id=given.account_id,
        name=f"{CHANNELS.label(platform)} sandbox",
        config={**config, **given.settings},
        actor=actor,
        is_sandbox=True,
    )
    poll(connection_id=connection.pk)  # where it is looked at: whatever comes from now on is news
    return connection


def new_customer(*, connection: ChannelConnection) -> str:
    """An id of somebody who has never written."""
    return sandbox.vendors().new_person(connection.platform)


def is_customer(*, connection: ChannelConnection, person: str) -> bool:
    """Whether the network could call somebody so."""
    return sandbox.vendors().is_person(connection.platform, person)


def words_of(*, connection: ChannelConnection, person: str, name: str, text: str) -> list[Knock]:
    """The webhooks that the network would send for a customer's words.

    None where it sends none: there we look for news, and now rather than in a few minutes.
    """
    knocks = sandbox.vendors().written(connection.pretended, person=person, name=name, text=text)
    if not connection.provider().poll_every():
        return knocks
    ChannelConnection.objects.filter(pk=connection.pk).update(poll_due_at=timezone.now())
    ring_now("poll_connection", connection.pk)
    return []


def sight_of(*, connection: ChannelConnection, person: str) -> list[Knock]:
    """The webhooks that tell us that the customer's phone shows what we sent."""
    can = connection.capabilities
    last = next((state for state in TOLD if state in can.statuses), None)
    if last is None:
        return []
    unseen = _thread(connection, person).filter(
        direction=Message.Direction.OUT,
        connection=connection,
        state__in=BEFORE[: BEFORE.index(last)],
    )
    return [
        knock
        for message in unseen.order_by("pk")[:PAGE]
        if message.external_id
        for knock in sandbox.vendors().seen(
            connection.pretended, person=person, external_id=message.external_id
        )
    ]


def phone_of(*, connection: ChannelConnection, person: str) -> list[Message]:
    """What the customer's phone shows: their own words, and what has reached them."""
    inbound = _thread(connection, person).filter(direction=Message.Direction.IN)
    reached = _thread(connection, person).filter(direction=Message.Direction.OUT, state__in=SHOWN)
    both = (inbound | reached).select_related("conversation__contact").order_by("-pk")
    return list(both[:PAGE])[::-1]


def customers_of(*, connection: ChannelConnection) -> list[Customer]:
    """Whoever has written, the last one first, each once."""
    here = {"platform": connection.platform, "account_id": connection.account_id}
    names = {
        each.contact_id: each.external_id for each in ContactIdentity.objects.filter(**here)[:PAGE]
    }
    threads = connection.conversations.select_related("contact").order_by("-last_message_at")
    found: dict[int, Customer] = {}
    for thread in threads[:PAGE]:
        if thread.contact_id in names:
            shown = Customer(names[thread.contact_id], thread.contact, thread.preview)
            found.setdefault(thread.contact_id, shown)
    return list(found.values())


@transaction.atomic
def remove_sandbox(*, connection: ChannelConnection, actor: str = "") -> None:
    """The channel and everything that came of it: threads, contacts, leads, runs, events.

    A contact who is known on a real channel as well stays.
    """
    if not connection.is_sandbox:
        raise ValidationError("Only a sandbox can be removed with all its data.")
    here = {"platform": connection.platform, "account_id": connection.account_id}
    people = set(connection.conversations.values_list("contact_id", flat=True))
    people |= set(ContactIdentity.objects.filter(**here).values_list("contact_id", flat=True))
    connection.conversations.all().delete()
    connection.messages.all().delete()  # carried for another channel
    ContactIdentity.objects.filter(**here).delete()
    gone = Contact.objects.filter(pk__in=people, identities=None, conversations=None)
    count = gone.count()
    gone.delete()
    WebhookRoute.objects.filter(
        company=context.current_company(),
        platform=connection.platform,
        connection_id=connection.pk,
    ).delete()
    subject = f"connection:{connection.pk}"
    connection.delete()
    record(
        action="channel.sandbox_removed",
        subject=subject,
        actor=actor or "system",
        details={"contacts": count},
    )


def is_real(contact: OuterRef) -> Q:
    """That a contact is somebody: who is known from sandboxes only is nothing for a CRM."""
    threads = Conversation.objects.filter(contact=contact)
    pretended = Exists(threads.filter(connection__is_sandbox=True))
    return ~pretended | Exists(threads.filter(connection__is_sandbox=False))


def _thread(connection: ChannelConnection, person: str) -> QuerySet[Message]:
    identity = ContactIdentity.objects.filter(
        platform=connection.platform,
        account_id=connection.account_id,
        external_id_index=id_index(person),
    ).values("contact_id")
    return Message.objects.filter(
        conversation__connection=connection, conversation__contact__in=identity
    )


def _sandboxes() -> QuerySet[ChannelConnection]:
    return ChannelConnection.objects.filter(is_sandbox=True)
