"""Which colleagues look at a conversation at this moment, and who of them writes.

Kept in Redis and nowhere else: it is true for seconds, and without Redis nobody is shown.
"""

import time
from dataclasses import dataclass

import redis

from channels_app.models import Conversation
from tenants import context
from tenants.accounts.models import User
from tenants.live import publish
from tenants.redis import client

HERE = 40.0  # seconds since a page last said so
WRITING = 8.0


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody else who has the conversation open."""

    user: User
    is_writing: bool


def arrive(*, conversation: Conversation, user: User) -> None:
    """They have it open; said again every few seconds."""
    if _note("here", conversation.pk, user.pk):
        publish("presence", conversation=conversation.pk, user=user.pk, here=True)


def leave(*, conversation: Conversation, user: User) -> None:
    gone = _forget("here", conversation.pk, user.pk)
    _forget("writing", conversation.pk, user.pk)
    if gone:
        publish("presence", conversation=conversation.pk, user=user.pk, here=False)


def begin_to_write(*, conversation: Conversation, user: User) -> None:
    if _note("writing", conversation.pk, user.pk):
        publish("typing", conversation=conversation.pk, user=user.pk, over=False)


def stop_writing(*, conversation: Conversation, user: User) -> None:
    if _forget("writing", conversation.pk, user.pk):
        publish("typing", conversation=conversation.pk, user=user.pk, over=True)


def colleagues_at(*, conversation: Conversation, user: User) -> list[Colleague]:
    """Everybody else who has it open, those who write first."""
    here, writing = _members("here", conversation.pk), _members("writing", conversation.pk)
    others = (here | writing) - {user.pk}
    if not others:
        return []
    people = User.objects.filter(pk__in=others, is_active=True)
    found = [Colleague(person, person.pk in writing) for person in people]
    return sorted(found, key=lambda each: (not each.is_writing, str(each.user)))


_LASTS = {"here": HERE, "writing": WRITING}


def _note(what: str, conversation: int, user: int) -> bool:
    """Whether that is news."""
    now = time.time()
    key = context.scoped("desk", what, conversation)
    try:
        with client().pipeline() as journey:
            journey.zremrangebyscore(key, 0, now - _LASTS[what])
            journey.zadd(key, {str(user): now})
            journey.expire(key, int(_LASTS[what]) + 1)
            return bool(journey.execute()[1])
    except redis.RedisError:
        return False


def _forget(what: str, conversation: int, user: int) -> bool:
    try:
        return bool(client().zrem(context.scoped("desk", what, conversation), str(user)))
    except redis.RedisError:
        return False


def _members(what: str, conversation: int) -> set[int]:
    key = context.scoped("desk", what, conversation)
    try:
        found = client().zrangebyscore(key, time.time() - _LASTS[what], "+inf")
    except redis.RedisError:
        return set()
    return set(map(int, found))  # type: ignore[arg-type]
