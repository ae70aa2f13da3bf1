"""Files at X: handed over in pieces, and opened to the two people of a message only.

https://docs.x.com/x-api/media/quickstart/media-upload-chunked
"""

from typing import Any

from config.simulator.files import Kept, Shelf, form_with_files
from config.simulator.wire import Answer, Request

TYPES = {"image": "photo", "video": "video"}


class Files:
    """What X answers about files; None where it is asked for something else."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def answer(self, request: Request) -> Answer | None:
        match [request.method, *request.parts]:
            case ["POST", "2", "media", "upload", "initialize"]:
                return self._begin(request.json())
            case ["POST", "2", "media", "upload", identity, "append"]:
                return self._append(identity, request)
            case ["POST", "2", "media", "upload", identity, "finalize"]:
                return self._finish(identity)
            case ["GET", "files", identity]:
                return self.shelf.serve(request, identity)
        return None

    def knows(self, attachments: Any) -> bool:
        """Whether a message names one file that was handed over whole."""
        named = [str(each.get("media_id")) for each in attachments or []]
        return len(named) == 1 and self.shelf.find(named[0]) is not None

    def attached(self, file: Kept | None) -> dict[str, Any]:
        """What the data of a message says of a file."""
        if file is None:
            return {}
        url = f"{self.shelf.world.base}/x/files/{file.identity}"
        media = {"id_str": file.identity, "type": TYPES.get(file.sort, "photo")}
        return {"attachment": {"type": "media", "media": {**media, "media_url_https": url}}}

    def _begin(self, asked: dict[str, Any]) -> Answer:
        kept = self.shelf.keep(b"", str(asked.get("media_type")), fault="gone")
        self._wanted()[kept.identity] = int(asked.get("total_bytes") or 0)
        return Answer({"data": {"id": kept.identity, "expires_after_secs": 86_400}})

    def _append(self, identity: str, request: Request) -> Answer:
        kept = self.shelf.unfinished(identity)
        fields, files = form_with_files(request)
        if kept is None or "media" not in files or not fields.get("segment_index", "").isdigit():
            return _invalid("media")
        kept.content += files["media"].content
        return Answer({"data": {"expires_at": 0}})

    def _finish(self, identity: str) -> Answer:
        kept = self.shelf.unfinished(identity)
        if kept is None or len(kept.content) != self._wanted().get(identity):
            return _invalid("total_bytes")
        kept.fault = ""
        return Answer(
            {"data": {"id": identity, "size": len(kept.content)}},
            kind="upload",
            note={"file": identity},
        )

    def _wanted(self) -> dict[str, int]:
        found: dict[str, int] = self.shelf.world.store.setdefault("x_uploads", {})
        return found


def _invalid(name: str) -> Answer:
    detail = f"{name} is not as announced."
    return Answer({"title": "Invalid Request", "detail": detail, "status": 400}, 400)
