"""``/chat/<key>.js``: the one script that a website includes, with the chat's settings in it."""

import json
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.gzip import gzip_page

from channels_app.chat.entrance import chat_address
from channels_app.providers.webchat import COLOUR, WebChat, per_language
from tenants import context

SOURCE = Path(__file__).parent / "widget.js"
MARK = '"%SETTINGS%"'
SECONDS = 300

WORDS = {
    "open": _("Open chat"),
    "close": _("Close chat"),
    "write": _("Write a message…"),
    "send": _("Send"),
    "attach": _("Attach a file"),
    "messages": _("Messages"),
    "you": _("You"),
    "ai": _("AI assistant"),
    "typing": _("is writing"),
    "person": _("A person will answer you here."),
    "sending": _("Sending…"),
    "failed": _("Not sent. Try again"),
    "earlier": _("Earlier messages"),
    "offline": _("Nobody is here right now. Leave a message, and we will answer."),
    "lost": _("No connection. Trying again…"),
    "email": _("Your e-mail address, in case we are cut off"),
    "emailBad": _("That is no e-mail address."),
    "save": _("Save"),
    "thanks": _("Thank you."),
    "unread": _("New messages"),
    "deleted": _("This message was taken back."),
    "tooLong": _("Shorten your message, please."),
    "tooLarge": _("This file cannot be sent."),
    "slow": _("A little slower, please."),
}


@gzip_page
def script(request: HttpRequest, key: str) -> HttpResponse:
    """The widget. It is the same for everybody and holds no secret, so it may be kept."""
    context.leave()
    try:
        asked = chat_address(request, key)
        if asked is None or not isinstance(asked.provider, WebChat):
            return HttpResponse("/* There is no such chat. */\n", "text/javascript", status=404)
        # No tag can end in it, should somebody put the script into a page.
        ours = json.dumps(_settings(key, asked.provider)).replace("<", "\\u003c")
        body = _source().replace(MARK, ours)
    finally:
        context.leave()
        company = getattr(request, "company", None)
        if company is not None:
            context.enter_company(company)
    etag = f'"{sha256(body.encode()).hexdigest()[:32]}"'
    headers = {
        "ETag": etag,
        "Cache-Control": f"public, max-age={SECONDS}",
        # A page that isolates itself (COEP) takes only what says that it may be taken.
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(body, content_type="text/javascript; charset=utf-8", headers=headers)


@lru_cache(maxsize=1)
def _kept_source() -> str:
    return SOURCE.read_text()


def _source() -> str:
    return SOURCE.read_text() if settings.DEBUG else _kept_source()


def _settings(key: str, provider: WebChat) -> dict[str, Any]:
    config = provider.config
    return {
        "key": key,
        "team": str(config.get("team") or "") or "Chat",
        "colour": str(config.get("colour") or COLOUR),
        "greeting": per_language(config.get("greeting")),
        "offline": per_language(config.get("offline_text")),
        "files": True,
        "email": config.get("ask_email") == "after",
        "live": settings.LIVE_URL,
        "livePort": settings.LIVE_PORT,
        "words": {language: _words(language) for language, _name in settings.LANGUAGES},
    }


@lru_cache(maxsize=8)
def _words(language: str) -> dict[str, str]:
    with translation.override(language):
        return {name: str(word) for name, word in WORDS.items()}
