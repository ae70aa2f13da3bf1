"""Files at Meta: by id and token on WhatsApp, by a plain address on Messenger and Instagram.

https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media/
"""

import base64
from typing import Any

from config.simulator.files import Kept, Shelf, form_with_files
from config.simulator.graph_errors import graph_error
from config.simulator.wire import Answer, Request

MEDIA = {"image", "audio", "video", "document", "sticker"}


class Files:
    """What the Graph API answers about files; None where it is asked for something else."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def answer(self, request: Request, path: list[str], token: str) -> Answer | None:
        match [request.method, *path]:
            case ["GET", "files", identity]:
                # What came by WhatsApp opens to a token only.
                is_open = token or "until" not in request.query
                return self.shelf.serve(request, identity) if is_open else Answer(b"", 401)
            case ["POST", _, "media"] if token:
                return self._upload(request)
            case ["GET", identity] if token and (kept := self.shelf.find(identity)):
                return self._about(kept)
        return None

    def knows(self, file: dict[str, Any]) -> bool:
        return bool(file.get("link")) or self.shelf.find(str(file.get("id"))) is not None

    def words_and_file(self, text: str, file: Kept | None) -> dict[str, Any]:
        """A message of Messenger's or Instagram's."""
        if file is None:
            return {"text": text}
        url = f"{self.shelf.world.base}/meta/files/{file.identity}"
        sort = "file" if file.sort == "document" else file.sort
        attached = {"attachments": [{"type": sort, "payload": {"url": url}}]}
        return {**attached, "text": text} if text else attached

    def _upload(self, request: Request) -> Answer:
        fields, files = form_with_files(request)
        if fields.get("messaging_product") != "whatsapp" or "file" not in files:
            return graph_error(100, "(#100) The parameter messaging_product is required.")
        part = files["file"]
        kept = self.shelf.keep(part.content, fields.get("type") or part.mime, part.name)
        return Answer({"id": kept.identity}, kind="upload", note={"file": kept.identity})

    def _about(self, kept: Kept) -> Answer:
        return Answer(
            {
                "messaging_product": "whatsapp",
                "url": self.shelf.link("meta/files", kept.identity),
                "mime_type": kept.mime,
                "sha256": kept.sha256,
                "file_size": len(kept.content),
                "id": kept.identity,
            }
        )


def content_of(text: str, file: Kept | None) -> dict[str, Any]:
    """A message of WhatsApp's; the digest in a webhook is base64."""
    if file is None:
        return {"type": "text", "text": {"body": text}}
    told = {
        "mime_type": file.mime,
        "sha256": base64.b64encode(bytes.fromhex(file.sha256)).decode(),
        "id": file.identity,
    }
    told |= {"caption": text} if text else {}
    told |= {"filename": file.name} if file.sort == "document" else {}
    return {"type": file.sort, file.sort: told}
