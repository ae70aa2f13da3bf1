"""Bringing a file in: claimed in its row, fetched outside any transaction, put away once.

A row says where its bytes will lie before the first of them is written. Whoever dies on the
way leaves nothing that nobody knows of: the next attempt clears that place and takes its own.
"""

import random
from dataclasses import fields
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from channels_app.media import vault
from channels_app.media.ringing import ring_now
from channels_app.media.services import STORED_FIELDS, MediaRefused, lock_away
from channels_app.models import Media, Message
from channels_app.providers.values import Attachment, RawItem
from tenants import context
from tenants.live import publish
from tenants.plugins.downloads import Download, TooMuch
from tenants.plugins.errors import AnswerLost, CredentialsRejected, Expired, ProviderError
from tenants.plugins.http import ForbiddenAddress

State = Media.State
LEASE = timedelta(minutes=3)  # longer than any download may take (downloads.MAX_SECONDS)
MAX_ATTEMPTS = 6
LONGEST_PAUSE = 900.0  # seconds
NAMES = frozenset(field.name for field in fields(Attachment))


def fetch(*, media_id: UUID | str) -> str:
    """Fetch one announced file, if it is its turn; return its state, or "" if it is not ours.

    Safe to call at any time, any number of times.
    """
    media = _claim(media_id)
    if media is None:
        return ""
    try:
        with _opened(media) as download:
            media.source = {**media.source, **_learned(media, download)}
            lock_away(media=media, chunks=download.chunks, sha256=download.sha256)
    except MediaRefused as refused:
        return _end(media, State.REFUSED, refused.code)
    except ProviderError as error:
        return _not_fetched(media, error)
    return _end(media, State.STORED)


def try_again(*, media: Media) -> bool:
    """Begin anew with a file that could not be had; False where that cannot help."""
    renewed = Media.objects.filter(
        pk=media.pk, state__in=[State.FAILED, State.REFUSED], message__isnull=False
    ).update(state=State.PENDING, reason="", attempts=0, next_attempt_at=None, claimed_until=None)
    if renewed:
        media.state, media.reason = State.PENDING, ""
        ring_now(media.pk)
    return bool(renewed)


def _claim(media_id: UUID | str) -> Media | None:
    """The file's row, ours for LEASE, with a fresh place for its bytes."""
    now = timezone.now()
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lt=now)
    due = Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lte=now)
    rows = Media.objects.filter(free, due, pk=media_id, state=State.PENDING, message__isnull=False)
    before = rows.values_list("path", flat=True).first()
    if before is None:
        return None
    claimed = rows.filter(path=before).update(
        path=vault.new_path(UUID(str(media_id)).hex),
        claimed_until=now + LEASE,
        attempts=F("attempts") + 1,
    )
    if not claimed:
        return None  # somebody else was faster
    vault.delete(before)
    media = Media.objects.select_related("message__connection", "event").get(pk=media_id)
    media.key = vault.new_key()
    media.save(update_fields=["key"])
    return media


def _opened(media: Media) -> Download:
    """What the network hands over; the connection to the database is given back meanwhile."""
    message = media.message
    assert message is not None  # noqa: S101 (the claim asks for it)
    provider = message.connection.provider()
    said = {name: value for name, value in media.source.items() if name in NAMES}
    event = media.event
    item = RawItem("", event.key, event.kind, event.body) if event is not None else None
    context.release()
    return provider.open_attachment(Attachment(**said), item, limit=settings.MEDIA_MAX_BYTES)


def _learned(media: Media, download: Download) -> dict[str, str]:
    """What the network said only now; what it announced the file as stays as it was."""
    learned = {"name": download.name, "mime": download.mime}
    return {name: said for name, said in learned.items() if said and not media.source.get(name)}


def _not_fetched(media: Media, error: ProviderError) -> str:
    # A lost answer does no harm here: asking again fetches the same file.
    may_heal = error.retryable or isinstance(error, AnswerLost)
    if may_heal and media.attempts < MAX_ATTEMPTS:
        pause = pause_after(media.attempts, error.retry_after)
        due = timezone.now() + timedelta(seconds=pause)
        Media.objects.filter(pk=media.pk, state=State.PENDING, path=media.path).update(
            claimed_until=None, next_attempt_at=due
        )
        ring_now(media.pk, delay=pause + 0.05)
        return State.PENDING
    if isinstance(error, TooMuch):
        return _end(media, State.REFUSED, "too_large")
    return _end(media, State.FAILED, _reason(error))


def _reason(error: ProviderError) -> str:
    meanings = {
        Expired: "expired",
        ForbiddenAddress: "forbidden",
        CredentialsRejected: "credentials",
    }
    for kind, reason in meanings.items():
        if isinstance(error, kind):
            return reason
    if error.code == "unsupported":
        return "unsupported"
    may_heal = error.retryable or isinstance(error, AnswerLost)
    return "unreachable" if may_heal else "rejected"


def pause_after(attempts: int, asked: float | None) -> float:
    """Seconds before the next attempt: what the network asked for, else thrice the last pause."""
    pause = asked if asked is not None else 2.0 * 3 ** (attempts - 1) * random.uniform(0.8, 1.2)  # noqa: S311
    return min(pause, LONGEST_PAUSE)


def _end(media: Media, state: str, reason: str = "") -> str:
    """Write down what became of it, if it is still ours to say."""
    media.state, media.reason = state, reason
    media.claimed_until = media.next_attempt_at = None
    media.stored_at = timezone.now() if state == State.STORED else None
    found = {name: getattr(media, name) for name in (*STORED_FIELDS, "source")}
    ours = Media.objects.filter(pk=media.pk, state=State.PENDING, path=media.path)
    if not ours.update(**found):
        vault.delete(media.path)  # erased meanwhile, or taken up by another: ours is one too many
        return ""
    if state != State.STORED:
        vault.delete(media.path)
    _announce(media.message)
    return state


def _announce(message: Message | None) -> None:
    if message is not None:
        publish("message_status", conversation=message.conversation_id, message=message.pk)
