"""WhatsApp's templates and media files.

https://developers.facebook.com/docs/graph-api/reference/whats-app-business-account/message_templates/
https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media
"""

import hashlib
import re
from typing import Any

from config.simulator.graph_errors import graph_error
from config.simulator.wire import Answer, Request
from config.simulator.world import World

FILE = re.compile(rb'name="file"[^\r\n]*\r\n(.*?)\r\n\r\n(.*)', re.S)
TYPE = re.compile(rb"content-type:\s*([^\r\n]+)", re.I)


class Library:
    """What an account has uploaded or had approved."""

    def __init__(self, world: World) -> None:
        self.world = world

    @property
    def templates(self) -> dict[str, list[dict[str, Any]]]:
        return self.world.store.setdefault("templates", {})

    @property
    def media(self) -> dict[str, dict[str, Any]]:
        return self.world.store.setdefault("media", {})

    def knows(self, template: Any) -> bool:
        """Whether a template may be sent; while none was made, any name will do."""
        made = [each for business in self.templates.values() for each in business]
        if not made or not isinstance(template, dict):
            return isinstance(template, dict)
        code = (template.get("language") or {}).get("code")
        wanted = (template.get("name"), code, "APPROVED")
        return any((each["name"], each["language"], each["status"]) == wanted for each in made)

    def answer(self, request: Request, path: list[str]) -> Answer | None:
        """What is asked of templates or media; None if it is about something else."""
        match request.method, path:
            case "GET", [business, "message_templates"]:
                return Answer({"data": self.templates.get(business, []), "paging": {}})
            case "POST", [business, "message_templates"]:
                return self._make(business, request.json())
            case "POST", [_, "media"]:
                return self._upload(request)
            case "GET", ["media-file", identity]:
                return self._download(identity)
            case "GET", [identity] if identity in self.media:
                return self._describe(request, identity)
        return None

    def _make(self, business: str, body: dict[str, Any]) -> Answer:
        if not body.get("name") or not body.get("language"):
            return graph_error(100, "name and language are required")
        template = {
            "id": str(self.world.next_number("template", 7_000_001)),
            "name": str(body["name"]),
            "language": str(body["language"]),
            "category": str(body.get("category", "UTILITY")),
            "status": str(body.get("status", "APPROVED")),
            "components": body.get("components", []),
        }
        self.templates.setdefault(business, []).append(template)
        return Answer({name: template[name] for name in ("id", "status", "category")})

    def _upload(self, request: Request) -> Answer:
        """One file as a form; its type is the part's."""
        kind = request.headers.get("content-type", "")
        boundary = kind.partition("boundary=")[2].strip('"').encode()
        for part in request.body.split(b"--" + boundary) if boundary else []:
            if found := FILE.search(part):
                content = found.group(2).removesuffix(b"\r\n")
                mime = TYPE.search(found.group(1))
                return Answer({"id": self.keep(content, mime.group(1).decode() if mime else "")})
        return graph_error(131009, "Parameter file is missing")

    def keep(self, content: bytes, mime: str) -> str:
        identity = str(self.world.next_number("media", 1_037_543_291_543_636))
        self.media[identity] = {"content": content, "mime": mime or "application/octet-stream"}
        return identity

    def _describe(self, request: Request, identity: str) -> Answer:
        file = self.media[identity]
        host = request.headers.get("host", "")
        return Answer(
            {
                "messaging_product": "whatsapp",
                "url": f"http://{host}/meta/media-file/{identity}",
                "mime_type": file["mime"],
                "sha256": hashlib.sha256(file["content"]).hexdigest(),
                "file_size": len(file["content"]),
                "id": identity,
            }
        )

    def _download(self, identity: str) -> Answer:
        file = self.media.get(identity)
        if file is None:
            return Answer(b"", 404)
        return Answer(file["content"], headers={"content-type": file["mime"]})
