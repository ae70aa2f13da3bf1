"""Channels to try things out on: a network's look, an account that no network knows.

What a customer writes there comes in by the network's own signed webhook, is understood and
answered as any message, and leaves by the network's own plug-in, which speaks to a stand-in.
"""

import secrets
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

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
from channels_app.services.gallery import card_of
from channels_app.services.visitors import SHOWN
from tenants import context
from tenants.audit.services import record
from tenants.models import WebhookRoute
from tenants.plugins import sandbox
from tenants.plugins.sandbox import Knock

MOST = 10  # of one company at a time
PAGE = 100
State = Message.State


@dataclass(frozen=True, slots=True)
class Look:
    """A network whose look a sandbox can have."""

    platform: str
    label: str
    icon: str


def looks() -> list[Look]:
    cards = map(card_of, sandbox.vendors().platforms())
    return [Look(card.kind, card.label, card.icon) for card in cards]


def open_sandbox(*, platform: str, actor: str = "") -> ChannelConnection:
    """A channel that works at once; raises ValidationError."""
    if platform not in sandbox.vendors().platforms():
        raise ValidationError("Nobody stands in for this network.")
    if ChannelConnection.objects.filter(is_sandbox=True).count() >= MOST:
        raise ValidationError(f"There are {MOST} sandboxes already; remove one first.")
    given = sandbox.vendors().new_account(platform)
    words = CHANNELS.get(platform).secret_names
    made_up = {word: secrets.token_urlsafe(24) for word in words}
    config = fresh_config(platform=platform, given={**made_up, "token": given.token})
    return connect(
        platform=platform,
        account_id=given.account_id,
        name=f"{CHANNELS.label(platform)} sandbox",
        config={**config, **given.settings},
        actor=actor,
        is_sandbox=True,
    )


def new_customer(*, connection: ChannelConnection) -> str:
    """An id of somebody who has never written."""
    return sandbox.vendors().new_person(connection.platform)


def words_of(*, connection: ChannelConnection, person: str, name: str, text: str) -> list[Knock]:
    """The webhooks that the network would send for a customer's words."""
    return sandbox.vendors().written(connection.pretended, person=person, name=name, text=text)


def sight_of(*, connection: ChannelConnection, person: str) -> list[Knock]:
    """The webhooks that tell us that the customer's phone shows what we sent."""
    unseen = _thread(connection, person).filter(
        direction=Message.Direction.OUT,
        state__in=(State.ACCEPTED, State.SENT, State.DELIVERED),
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


def customers_of(*, connection: ChannelConnection) -> QuerySet[Conversation]:
    return connection.conversations.select_related("contact").order_by("-last_message_at")[:PAGE]


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
    return Message.objects.filter(connection=connection, conversation__contact__in=identity)
