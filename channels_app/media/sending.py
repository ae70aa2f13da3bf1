"""A file on its way out: by a link that its network may follow, or by its bytes."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from channels_app.media import links
from channels_app.media.services import read
from channels_app.models import Media
from tenants import context
from tenants.plugins.errors import Rejected


def on_the_way(said: Mapping[str, Any]) -> dict[str, Any]:
    """An attachment as a provider gets it: a file of ours has a link that lives long enough."""
    if not said.get("media"):
        return dict(said)
    return {**said, "url": links.public_link(UUID(str(said["media"])))}


def bytes_to_send(said: Mapping[str, Any]) -> bytes:
    """The whole of a file of ours; raises Rejected if it was erased meanwhile."""
    media = Media.objects.stored().filter(pk=str(said["media"])).first()
    if media is None:
        raise Rejected("The file was erased before it was sent.", code="unknown_file")
    context.release()
    return b"".join(read(media))
