"""What can be done with files: taken in from people, tied to messages, read, linked, let go."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone

from channels_app.media import links, sniffing, vault
from channels_app.media.reasons import TO_UPLOADERS, reason_of
from channels_app.media.ringing import ring_fetching
from channels_app.models import InboundEvent, Media, Message
from tenants import context
from tenants.accounts.models import User

State = Media.State
UPLOADING = timedelta(minutes=10)  # an upload that takes longer was interrupted
FETCHED = frozenset({"image", "audio", "video", "file", "sticker"})


class MediaRefused(Exception):
    """A file is not taken in. ``text`` is for people, ``code`` for programs."""

    def __init__(self, code: str) -> None:
        self.code, self.text = code, TO_UPLOADERS.get(code) or reason_of(code).text
        super().__init__(str(self.text))


# -- what people hand us


def store_upload(
    *, content: bytes | File, name: str, mime: str = "", user: User | None = None
) -> Media:
    """Lock away what somebody uploaded; raises MediaRefused.

    It belongs to no message yet: ``attach`` ties it to one, or it is gone after a day.
    ``mime`` is what was claimed; what it is, the bytes say.
    """
    chunks = [content] if isinstance(content, bytes) else content.chunks()
    media = Media(uploaded_by=user, source={"name": name[:300], "mime": mime[:100]})
    media.key, media.path = vault.new_key(), vault.new_path(media.pk.hex)
    # The row first: a file that nobody knows of can then not come to be.
    media.claimed_until = timezone.now() + UPLOADING
    media.save(force_insert=True)
    try:
        lock_away(media=media, chunks=iter(chunks))
    except MediaRefused:
        Media.objects.filter(pk=media.pk).delete()
        raise
    media.state, media.stored_at, media.claimed_until = State.STORED, timezone.now(), None
    media.save(update_fields=[*STORED_FIELDS])
    return media


@contextmanager
def uploaded(contents: Sequence[File], *, user: User | None = None) -> Iterator[list[Media]]:
    """Lock several files away for what happens inside; if that fails, none of them stays."""
    files: list[Media] = []
    done = False
    try:
        for content in contents:
            files.append(store_upload(content=content, name=content.name or "", user=user))
        yield files
        done = True
    finally:
        if not done:
            for media in files:
                media.delete()


WEIGHED = ("name", "kind", "mime", "size", "sha256", "width", "height")
STORED_FIELDS = (*WEIGHED, "state", "reason", "stored_at", "claimed_until", "next_attempt_at")


def lock_away(*, media: Media, chunks: Iterator[bytes], sha256: str = "") -> None:
    """Weigh the bytes and put them where the row says; raises MediaRefused, with nothing left.

    Fills in what was found, and saves nothing: the caller knows what else is to be saved.
    """
    with vault.Locked(path=media.path, key=media.key, limit=settings.MEDIA_MAX_BYTES) as locked:
        try:
            written = locked.feed(chunks)
        except vault.TooLarge as error:
            raise MediaRefused("too_large") from error
        weigh(media, written)
        if sha256 and written.sha256 != sha256:
            raise MediaRefused("damaged")
        locked.put_away()


def weigh(media: Media, written: vault.Written) -> None:
    """Say what the bytes are; raises MediaRefused where they may not stay."""
    if not written.size:
        raise MediaRefused("empty")
    found = sniffing.look(written.head)
    if sniffing.contradicts(_announced_as(media), found):
        raise MediaRefused("mismatch")
    _make_room(media, written.size)
    media.size, media.sha256 = written.size, written.sha256
    media.kind, media.mime = found.kind, found.mime
    media.width, media.height = found.width, found.height
    media.name = sniffing.safe_name(str(media.source.get("name") or ""), found.mime)


def _announced_as(media: Media) -> str:
    """What the network called it when it told us of it: its own sort counts before any type."""
    kind = str(media.source.get("kind") or "")
    return kind if kind in {"image", "audio", "video"} else str(media.source.get("mime") or "")


@transaction.atomic
def _make_room(media: Media, size: int) -> None:
    """Note in the row how much it is about to take; raises MediaRefused where there is no room.

    One at a time: two files that fit singly must not both find the same room. What is noted by
    somebody who dies on the way counts for as long as their claim lasts.
    """
    with context.connection.cursor() as cursor:
        lock = context.scoped("media-room")
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [lock])
    if stored_bytes(besides=media) + size > settings.MEDIA_QUOTA_BYTES:
        raise MediaRefused("quota")
    Media.objects.filter(pk=media.pk).update(size=size)


def stored_bytes(*, besides: Media | None = None) -> int:
    """How much of the company's room is taken, or about to be."""
    coming = Q(state=State.PENDING, claimed_until__gt=timezone.now())
    rows = Media.objects.filter(coming | Q(state=State.STORED))
    if besides is not None:
        rows = rows.exclude(pk=besides.pk)
    return rows.aggregate(total=Sum("size"))["total"] or 0


# -- what networks announce


def expect(*, message: Message, event: InboundEvent | None) -> list[Media]:
    """Note which files are to be fetched for a message, in the transaction that stores it.

    Costs nothing where it came without any.
    """
    rows = [
        Media(
            message=message,
            position=position,
            event=event,
            source=dict(said),
            name=sniffing.safe_name(str(said["name"])) if said.get("name") else "",
            kind=said["kind"] if said["kind"] in Media.Kind.values else Media.Kind.IMAGE,
        )
        for position, said in enumerate(message.attachments)
        if said.get("kind") in FETCHED
        and (said.get("url") or said.get("ref"))
        and not said.get("media")
    ]
    Media.objects.bulk_create(rows)
    attach(message=message)
    for media in rows:
        ring_fetching(media.pk)
    return rows


# -- files and messages


def sendable(*, ids: Sequence[UUID | str]) -> list[Media]:
    """Files that wait to be sent, in the order they were named; raises MediaRefused."""
    found = {media.pk: media for media in Media.objects.stored().loose().filter(pk__in=ids)}
    wanted = [found.get(each if isinstance(each, UUID) else UUID(each)) for each in ids]
    kept = [media for media in wanted if media is not None]
    if len(kept) < len(wanted) or len(found) < len(wanted):
        raise MediaRefused("unknown")
    return kept


def as_attachment(media: Media) -> dict[str, Any]:
    """What a message says of a file of ours."""
    return {
        "kind": media.kind,
        "name": media.name,
        "mime": media.mime,
        "size": media.size,
        "media": media.pk.hex,
    }


def attach(*, message: Message) -> bool:
    """Tie the files that a message names to it, in the transaction that writes it.

    False if one of them is not there any more, or is part of another message.
    """
    tied = [
        Media.objects.loose().filter(pk=said["media"]).update(message=message, position=position)
        for position, said in enumerate(message.attachments)
        if said.get("media")
    ]
    return all(tied)


def read(media: Media, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
    """The bytes of a stored file, from ``start`` on."""
    return vault.read(path=media.path, key=media.key, size=media.size, start=start, length=length)


def signed_url(media: Media, *, public: bool = False, download: bool = False) -> str:
    """A short-lived address of a file: for members of the company, or for anybody who has it."""
    make = links.public_link if public else links.member_link
    return make(media.pk, download=download)


# -- letting go


def forget_files(*, paths: Sequence[str]) -> None:
    """Delete files once the rows that named them are gone for good."""
    for path in filter(None, paths):
        transaction.on_commit(partial(vault.delete, path))
