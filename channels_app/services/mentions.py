"""Colleagues who are named in notes."""

import re

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from channels_app import notices
from channels_app.models import Conversation, Mention, Message
from tenants.accounts.models import User
from tenants.live import publish

MOST = 20  # of one note


def mention_colleagues(note: Message) -> list[Mention]:
    """Who is called by ``@name`` or ``@their.mail`` in a note is told of it."""
    if "@" not in note.text:
        return []
    said = note.text.casefold()
    people = User.objects.filter(is_active=True)
    named = [person for person in people if person.pk != note.user_id and _is_named(person, said)][
        :MOST
    ]
    rows = Mention.objects.bulk_create(
        Mention(message=note, conversation_id=note.conversation_id, user=person) for person in named
    )
    for row in rows:
        publish("mentioned", conversation=note.conversation_id, user=row.user_id)
    if rows:
        notices.mentioned(note.conversation, [row.user_id for row in rows], note.user)
    return rows


def _is_named(person: User, said: str) -> bool:
    names = {person.name, person.email, person.email.partition("@")[0]}
    return any(
        re.search(rf"(?<!\w)@{re.escape(name.casefold())}(?!\w)", said) for name in names if name
    )


def mentions(user: User) -> Q:
    """The conversations that are not closed and in which this person was named."""
    of_them = Mention.objects.filter(user=user, conversation=OuterRef("pk"))
    return ~Q(status=Conversation.Status.CLOSED) & Q(Exists(of_them))


def unseen_mentions(user: User) -> int:
    return Mention.objects.filter(user=user, seen_at=None).count()


def see_mentions(*, conversation: Conversation, user: User) -> int:
    """They have opened the conversation."""
    seen = Mention.objects.filter(conversation=conversation, user=user, seen_at=None).update(
        seen_at=timezone.now()
    )
    if seen:
        publish("counters", user=user.pk)
    return seen
