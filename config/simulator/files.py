"""Files that vendors keep: what people send, what our side uploads, and how each is handed over.

A file may be kept with a ``fault``, which is then what happens to whoever asks for it:

gone    the vendor knows it no more
large   it never seems to end, and does not say how long it is
short   it ends before the length that was announced
words   a page of words comes instead, with the status of success
slow    it takes ``seconds``
"""

import hashlib
import time
from dataclasses import dataclass
from email import message_from_bytes
from typing import Any

from config.simulator.wire import Answer, Request
from config.simulator.world import World

LINK_SECONDS = 300  # https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media/
MEGABYTE = 1024 * 1024


@dataclass(slots=True)
class Kept:
    """One file, and how often it was asked for."""

    identity: str
    content: bytes
    mime: str
    name: str = ""
    fault: str = ""
    seconds: float = 0.0
    served: int = 0

    @property
    def sort(self) -> str:
        family = self.mime.partition("/")[0]
        return family if family in {"image", "audio", "video"} else "document"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


class Shelf:
    """Where all vendors keep their files."""

    def __init__(self, world: World) -> None:
        self.world = world

    def keep(self, content: bytes, mime: str, name: str = "", **how: Any) -> Kept:
        identity = str(self.world.next_number("file", start=800_000_000_000_001))
        kept = Kept(identity, content, mime, name, **how)
        self._all()[identity] = kept
        return kept

    def find(self, identity: str) -> Kept | None:
        found = self._all().get(identity)
        return None if found is None or found.fault == "gone" else found

    def unfinished(self, identity: str) -> Kept | None:
        """One whose bytes are still being handed over."""
        return self._all().get(identity)

    def link(self, mount: str, identity: str) -> str:
        """Where a vendor serves it, for five minutes."""
        return f"{self.world.base}/{mount}/{identity}?until={int(time.time()) + LINK_SECONDS}"

    def serve(self, request: Request, identity: str) -> Answer:
        kept = self.find(identity)
        if kept is None or time.time() > float(request.query.get("until") or "inf"):
            return Answer(b"URL signature expired", 404, {"content-type": "text/plain"})
        kept.served += 1
        note = {"file": identity}
        if kept.fault == "words":
            page = b"<html><body>Sorry, something went wrong.</body></html>"
            return Answer(page, headers={"content-type": "text/html"}, kind="file", note=note)
        headers = {"content-type": kept.mime}
        if kept.fault == "large":
            return Answer(headers=headers, chunks=[b"x" * MEGABYTE] * 40, kind="file", note=note)
        answer = Answer(kept.content, headers=headers, kind="file", note=note, delay=kept.seconds)
        answer.cut = kept.fault == "short"
        return answer

    def _all(self) -> dict[str, Kept]:
        found: dict[str, Kept] = self.world.store.setdefault("files", {})
        return found


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a form."""

    name: str
    mime: str
    content: bytes


def form_with_files(request: Request) -> tuple[dict[str, str], dict[str, Part]]:
    """The fields and the files of a multipart form (RFC 7578)."""
    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        return {}, {}
    message = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + request.body)
    fields: dict[str, str] = {}
    files: dict[str, Part] = {}
    payload = message.get_payload()
    for part in payload if isinstance(payload, list) else []:
        if isinstance(part, str):
            continue
        name = str(part.get_param("name", "", "content-disposition"))
        content = part.get_payload(decode=True)
        content = content if isinstance(content, bytes) else b""
        if part.get_filename() is None:
            fields[name] = content.decode(errors="replace")
        else:
            files[name] = Part(str(part.get_filename()), part.get_content_type(), content)
    return fields, files
