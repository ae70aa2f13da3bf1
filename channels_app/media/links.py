"""Links to files: short-lived, for one file of one company, on one kind of host.

A link says when it ends, and ends on the hour, so that a page that is drawn again names the
same address and the browser need not fetch the picture anew.
"""

import time
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.core import signing

from tenants import context

MEMBER_SECONDS = 3600  # beside it, a member's session is asked for
PUBLIC_SECONDS = 3600  # networks fetch at once, and once more when they were busy
STEP = 1800


class BadLink(Exception):
    """The link was not made by us, or for another company, or its time is over."""


@dataclass(frozen=True, slots=True)
class Linked:
    """What a link stands for."""

    media_id: uuid.UUID
    schema: str
    is_download: bool


def member_link(media_id: uuid.UUID, *, download: bool = False) -> str:
    """For a page of the company's own host; whoever opens it must be signed in there."""
    return f"/media/{_token(media_id, 'member', MEMBER_SECONDS, download)}/"


def public_link(media_id: uuid.UUID, *, download: bool = False) -> str:
    """For a network, or a visitor of a website, who has no session with us."""
    return f"{settings.PUBLIC_URL}/media/{_token(media_id, 'public', PUBLIC_SECONDS, download)}/"


def opened(token: str, *, audience: str, schema: str = "") -> Linked:
    """What the link stands for; raises BadLink. ``schema`` is whose host was asked, if any's."""
    try:
        said = _signer(audience).unsign_object(token)
        found = Linked(uuid.UUID(said["m"]), str(said["s"]), bool(said["d"]))
        ends = int(said["e"])
    except (signing.BadSignature, ValueError, KeyError, TypeError) as error:
        raise BadLink("Not a link of ours.") from error
    if ends < time.time():
        raise BadLink("This link's time is over.")
    if schema and found.schema != schema:
        raise BadLink("Another company's link.")
    return found


def _token(media_id: uuid.UUID, audience: str, seconds: int, download: bool) -> str:
    ends = (int(time.time() + seconds) // STEP + 1) * STEP
    said = {"m": media_id.hex, "s": context.schema(), "e": ends, "d": int(download)}
    return _signer(audience).sign_object(said)


def _signer(audience: str) -> signing.Signer:
    return signing.Signer(salt=f"leadwire.media.{audience}")
