"""Files as pages show them: what may be drawn or played in place, and why another is not here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from channels_app.media import sniffing
from channels_app.media.reasons import reason_of
from channels_app.media.services import signed_url
from channels_app.models import Media, Message

WORDS = {"image": _("Image"), "audio": _("Audio"), "video": _("Video"), "file": _("File")}
Attachments = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFile:
    """One file. ``inside`` is how it stands in the page (image, audio, video), or empty."""

    media: Media
    name: str
    inside: str = ""
    url: str = ""
    download_url: str = ""
    is_risky: bool = False
    reason: str | Promise = ""
    can_retry: bool = False


@dataclass(frozen=True, slots=True)
class ShownFiles:
    """What came with a message: files we have or want, and the rest as the network told it."""

    files: list[ShownFile]
    others: list[Mapping[str, Any]]


def shown_files(messages: Sequence[Message]) -> dict[int, ShownFiles]:
    """By message; prefetch their ``media``."""
    return {message.pk: _of(message) for message in messages if message.attachments}


def shown(media: Media) -> ShownFile:
    name = media.name or str(WORDS[media.kind])
    if not media.is_stored:
        reason = reason_of(media.reason)
        has_failed = media.state != Media.State.PENDING
        return ShownFile(
            media=media,
            name=name,
            reason=reason.text if has_failed else "",
            can_retry=has_failed and reason.can_retry and media.message_id is not None,
        )
    harmless = sniffing.is_harmless_inside(media.mime, media.width, media.height)
    return ShownFile(
        media=media,
        name=name,
        inside=media.kind if harmless else "",
        url=signed_url(media),
        download_url=signed_url(media, download=True),
        is_risky=sniffing.is_risky(media.mime, media.name),
    )


def _of(message: Message) -> ShownFiles:
    rows = sorted(message.media.all(), key=lambda media: media.position)
    known = {media.position for media in rows}
    others = [said for at, said in enumerate(message.attachments) if at not in known]
    return ShownFiles([shown(media) for media in rows], others)
