"""The sample data's channels, people and conversations."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from channels_app.models import (
    ChannelConnection,
    Contact,
    ContactIdentity,
    Conversation,
    Message,
    id_index,
)
from channels_app.notices import ASSIGNED, HANDED_OVER, MENTIONED, PROMISE_BROKEN
from channels_app.providers import CHANNELS
from channels_app.services.connections import connect, fresh_config
from channels_app.services.sandboxes import remove_sandbox
from tenants.notices.models import Notice
from tenants.plugins import sandbox
from tenants.samples.parts import Part, register
from tenants.samples.story import AI, CLOSED, CONTACT, DRAFTED, NOTE, TALKS, WAITING, Line, Talk

OF_TALKS = (ASSIGNED, MENTIONED, HANDED_OVER, PROMISE_BROKEN)
BY_KEY = {talk.key: talk for talk in TALKS}
WHO = {
    CONTACT: (Message.Direction.IN, Message.Author.CONTACT, Message.State.RECEIVED),
    AI: (Message.Direction.OUT, Message.Author.AI, Message.State.READ),
    NOTE: (Message.Direction.NOTE, Message.Author.SYSTEM, Message.State.SENT),
}
BY_PERSON = (Message.Direction.OUT, Message.Author.HUMAN, Message.State.READ)


def sample_conversations() -> QuerySet[Conversation]:
    return Conversation.objects.filter(connection__is_sample=True)


def sample_conversation(talk: Talk) -> Conversation | None:
    """Where the talk stands, if it is loaded."""
    return sample_conversations().filter(thread_index=id_index(talk.person)).first()


@register
class Talks(Part):
    order = 10

    def units(self) -> list[str]:
        return list(BY_KEY)

    def load(self, unit: str) -> None:
        talk = BY_KEY[unit]
        if sample_conversation(talk) is None:
            _begin(talk, _connection(talk.platform))

    def remove(self) -> None:
        told = Notice.objects.filter(kind__in=[kind.name for kind in OF_TALKS])
        told.filter(subject__in=sample_conversations().values("pk")).delete()
        for connection in ChannelConnection.objects.filter(is_sample=True):
            remove_sandbox(connection=connection)


def _connection(platform: str) -> ChannelConnection:
    """The sample's own account at a network; the first talk there opens it."""
    there = ChannelConnection.objects.filter(is_sample=True, platform=platform).first()
    if there is None:
        given = sandbox.vendors().new_account(platform)
        made_up = {word: secrets.token_urlsafe(24) for word in CHANNELS.get(platform).secret_names}
        config = fresh_config(platform=platform, given={**made_up, "token": given.token})
        there = connect(
            platform=platform,
            account_id=given.account_id,
            name=f"{CHANNELS.label(platform)} (sample)",
            config={**config, **given.settings},
            is_sandbox=True,
            is_sample=True,
        )
    return there


@transaction.atomic
def _begin(talk: Talk, connection: ChannelConnection) -> None:
    now = timezone.now()
    contact = Contact.objects.create(name=talk.shown_name, language=talk.language)
    ContactIdentity.objects.create(
        contact=contact,
        platform=connection.platform,
        account_id=connection.account_id,
        external_id=talk.person,
        external_id_index=id_index(talk.person),
        display=talk.shown_name,
    )
    conversation = Conversation.objects.create(
        connection=connection,
        contact=contact,
        external_thread=talk.person,
        thread_index=id_index(talk.person),
        language=talk.language,
        **_standing(talk, now),
    )
    Message.objects.bulk_create(_message(conversation, line, now) for line in talk.lines)
    _was_made(conversation, _at(now, talk.lines[0]))
    _was_made(contact, _at(now, talk.lines[0]))


def _standing(talk: Talk, now: datetime) -> dict[str, object]:
    """How it stands after its last line."""
    said = [line for line in talk.lines if line.who == CONTACT]
    last = [line for line in talk.lines if line.who != NOTE][-1]
    by_person = any(line.who not in {CONTACT, AI, NOTE} for line in talk.lines)
    waits = talk.ends in {WAITING, DRAFTED}
    is_closed = talk.ends == CLOSED
    return {
        "status": Conversation.Status.CLOSED if is_closed else Conversation.Status.OPEN,
        "controller": "human" if by_person or talk.ends == WAITING else "ai",
        "turn_version": len(talk.lines),
        "draft_turn": len(talk.lines) if talk.ends == DRAFTED else None,
        "escalation_reason": talk.reason if talk.ends == WAITING else "",
        "closing_reason": talk.reason if is_closed else "",
        "unread_count": len(said) if waits else 0,
        "last_message_at": _at(now, last),
        "last_inbound_at": _at(now, said[-1]),
        "waiting_since": _at(now, said[0]) if waits else None,
        "preview": last.text,
    }


def _message(conversation: Conversation, line: Line, now: datetime) -> Message:
    direction, author, state = WHO.get(line.who, BY_PERSON)
    at = _at(now, line)
    return Message(
        conversation=conversation,
        connection=conversation.connection,
        direction=direction,
        author=author,
        state=state,
        text=line.text,
        provider_time=at,
        received_at=at,
        processed_at=at,
        state_at=at,
        sent_at=at if direction == Message.Direction.OUT else None,
    )


def _at(now: datetime, line: Line) -> datetime:
    return now - timedelta(minutes=line.ago)


def _was_made(row: Model, at: datetime) -> None:
    """``auto_now_add`` says when it was loaded."""
    type(row)._default_manager.filter(Q(pk=row.pk)).update(created_at=at)
