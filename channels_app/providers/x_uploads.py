"""Handing a file to X piece by piece, to be named in a direct message.

https://docs.x.com/x-api/media/quickstart/media-upload-chunked
"""

import time
from collections.abc import Callable
from typing import Any

from channels_app import wire
from tenants.plugins.errors import Rejected, Unavailable

UPLOADS = "/2/media/upload"
PIECE = 4 * 1024 * 1024
CATEGORIES = {"image/gif": "dm_gif", "video/mp4": "dm_video"}
MAX_WAITS = 10  # looks at a film that is still being worked on
LONGEST_WAIT = 5.0  # seconds between two of them

Call = Callable[..., dict[str, Any]]


def upload(call: Call, file: tuple[str, bytes, str]) -> str:
    """The id under which X knows the file for a day; may be done again at no harm."""
    name, content, mime = file
    asked = {
        "media_type": mime,
        "total_bytes": len(content),
        "media_category": CATEGORIES.get(mime, "dm_image"),
    }
    media_id = _id_in(call("POST", f"{UPLOADS}/initialize", asked))
    for number, start in enumerate(range(0, len(content), PIECE)):
        call(
            "POST",
            f"{UPLOADS}/{media_id}/append",
            data={"segment_index": str(number)},
            files={"media": (name, content[start : start + PIECE], "application/octet-stream")},
        )
    _wait_for(call, media_id, call("POST", f"{UPLOADS}/{media_id}/finalize"))
    return media_id


def _id_in(answer: dict[str, Any]) -> str:
    found = wire.get_id(wire.get_object(answer, "data"), "id", required=False)
    if not found:
        raise Unavailable("X did not name the file that was to be handed over.")
    return found


def _wait_for(call: Call, media_id: str, answer: dict[str, Any]) -> None:
    """A film is looked at before it may be sent."""
    for _ in range(MAX_WAITS):
        state = wire.get_object(wire.get_object(answer, "data"), "processing_info")
        word = wire.label(state, "state", 40)
        if word in {"", "succeeded"}:
            return
        if word == "failed":
            raise Rejected("X could not make anything of this file.", code="media_failed")
        time.sleep(min(max(wire.number(state, "check_after_secs"), 1), LONGEST_WAIT))
        answer = call("GET", UPLOADS, params={"command": "STATUS", "media_id": media_id})
    raise Unavailable("X has not finished with the file yet.")
