"""A letter as plain values, whatever it is made of.

The standard library's parser tolerates every defect; what it may still stumble over is cut off
before: too deep nesting, too many parts, headers of a megabyte.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from hashlib import sha256

from channels_app.mail.headers import Headers, decoded, printable, raw_bytes, words
from channels_app.mail.markup import text_of

MAX_DEPTH = 40
# A service's own finding on who sent a letter: aligned, pass, fail or none.
VERDICT = "x-leadwire-authentication"
MAX_PARTS = 300
MAX_TEXT = 200_000  # characters of the body that are read
BOUNDARY = re.compile(rb'(?i)boundary\s*=\s*"?([^"\s;]{1,200})')


@dataclass(frozen=True, slots=True)
class Part:
    """Something in a letter that is not its text. ``ref`` is what a service that keeps the
    content calls it."""

    mime: str
    name: str
    size: int
    is_inline: bool
    content: bytes = field(default=b"", repr=False)
    ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """``extra`` is what only machines read: the reports and letters within this letter."""

    headers: Headers
    message_id: str
    text: str
    html: str = ""
    parts: tuple[Part, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()  # (content type, text)
    is_whole: bool = True

    @property
    def sender(self) -> tuple[str, str]:
        """(name, address); the first who has one. Empty where nobody signed."""
        for name in ("from", "sender", "return-path"):
            for person in self.headers.people(name):
                return person
        return "", ""

    @property
    def answer_to(self) -> str:
        """The address an answer goes to."""
        return next((address for _, address in self.headers.people("reply-to")), self.sender[1])

    @property
    def subject(self) -> str:
        return self.headers.text("subject")[:500]

    @property
    def sent_at(self) -> datetime | None:
        return self.headers.moment("date")

    @property
    def references(self) -> tuple[str, ...]:
        """The letters it belongs to, nearest first."""
        parents = self.headers.ids("in-reply-to")
        older = [each for each in reversed(self.headers.ids("references")) if each not in parents]
        return tuple(parents + older)


def read_mail(raw: bytes, *, verdict: str = "") -> Mail:
    """Read a letter as it travelled (RFC 5322); ``verdict`` is a service's on who sent it."""
    raw = without_envelope(raw)
    too_deep = len(BOUNDARY.findall(raw)) > MAX_DEPTH
    try:
        message = message_from_bytes(_head(raw) if too_deep else raw, policy=compat32)
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError, IndexError):
        too_deep, message = True, message_from_bytes(_head(raw), policy=compat32)
    headers = _headers(message.raw_items(), verdict)
    message_id = next(iter(headers.ids("message-id")), made_up_id(raw))
    if too_deep:
        body = decoded(raw[len(_head(raw)) :], "utf-8")[:MAX_TEXT]
        return Mail(headers=headers, message_id=message_id, text=_plain_lines(body), is_whole=False)
    return _mail_of(message, headers, message_id)


def _headers(pairs: Iterable[tuple[str, str]], verdict: str) -> Headers:
    """With the service's verdict in front, and none that the letter brought along itself."""
    theirs = [(name, value) for name, value in pairs if name.lower().strip() != VERDICT]
    return Headers([(VERDICT, verdict), *theirs] if verdict else theirs)


def mail_of_fields(
    *,
    pairs: Iterable[tuple[str, str]],
    text: str,
    html: str,
    parts: Iterable[Part] = (),
    seed: bytes = b"",
    verdict: str = "",
) -> Mail:
    """A letter that a service has taken apart already, and judged if it gave a ``verdict``."""
    headers = _headers(pairs, verdict)
    message_id = next(iter(headers.ids("message-id")), made_up_id(seed))
    words_of_html = text_of(html[: MAX_TEXT * 3]) if html and not text.strip() else ""
    return Mail(
        headers=headers,
        message_id=message_id,
        text=clean(text[:MAX_TEXT]) if text.strip() else words_of_html,
        html=html[:MAX_TEXT],
        parts=tuple(parts)[:MAX_PARTS],
    )


def made_up_id(raw: bytes) -> str:
    """An id for a letter that has none: equal for equal letters."""
    return f"<{sha256(raw).hexdigest()[:40]}@no-message-id.invalid>"


def without_envelope(raw: bytes) -> bytes:
    """Without the line that mailboxes of old put in front ("From someone Mon Jan 1 …")."""
    raw = raw.lstrip(b"\r\n")
    return raw.partition(b"\n")[2] if raw.startswith(b"From ") else raw


def _head(raw: bytes) -> bytes:
    ends = [at for at in (raw.find(b"\n\n"), raw.find(b"\r\n\r\n")) if at >= 0]
    return raw[: min(ends)] if ends else raw


def _mail_of(message: Message, headers: Headers, message_id: str) -> Mail:
    plain: list[str] = []
    html: list[str] = []
    parts: list[Part] = []
    extra: list[tuple[str, str]] = []
    for mime, part in _leaves(message):
        if mime in MACHINE:
            extra.append((mime, _inner(part)))
        elif mime in {"text/plain", "text/html"} and not _is_attached(part):
            (plain if mime == "text/plain" else html).append(_text(part))
        else:
            parts.append(_part(mime, part))
    text = clean("\n".join(each for each in plain if each.strip())[:MAX_TEXT])
    markup = "\n".join(html)[: MAX_TEXT * 3]
    return Mail(
        headers=headers,
        message_id=message_id,
        text=text or text_of(markup),
        html=markup,
        parts=tuple(parts),
        extra=tuple(extra),
    )


MACHINE = {
    "message/rfc822",
    "message/global",
    "text/rfc822-headers",
    "message/delivery-status",
    "message/global-delivery-status",
    "message/feedback-report",
    "message/disposition-notification",
}


def _leaves(message: Message) -> Iterator[tuple[str, Message]]:
    """The parts that have no parts, in their order; a letter within the letter is one of them."""
    waiting, seen = [message], 0
    while waiting and seen < MAX_PARTS:
        part = waiting.pop()
        seen += 1
        mime = _kind(part)
        payload = part.get_payload()
        if mime in MACHINE or not isinstance(payload, list):
            # A multipart whose boundary never comes is one text.
            yield ("text/plain" if mime.startswith("multipart/") else mime), part
        else:
            waiting += [each for each in reversed(payload) if isinstance(each, Message)]


def _kind(part: Message) -> str:
    try:
        return part.get_content_type()
    except (ValueError, LookupError, AttributeError, TypeError, IndexError):
        return "text/plain"


def _is_attached(part: Message) -> bool:
    try:
        return part.get_content_disposition() == "attachment" or bool(part.get_filename())
    except (ValueError, LookupError, AttributeError, TypeError, IndexError):
        return False


def _bytes(part: Message) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, LookupError, AttributeError, TypeError, IndexError, AssertionError):
        payload = raw_bytes(str(part.get_payload()))
    return payload if isinstance(payload, bytes) else b""


def _text(part: Message) -> str:
    try:
        charset = part.get_content_charset() or "utf-8"
    except (ValueError, LookupError, AttributeError, TypeError, IndexError):
        charset = "utf-8"
    return decoded(_bytes(part)[: MAX_TEXT * 4], charset)


def _part(mime: str, part: Message) -> Part:
    content = _bytes(part)
    try:
        name = words(part.get_filename() or "")
        is_inline = part.get_content_disposition() == "inline" or "content-id" in part
    except (ValueError, LookupError, AttributeError, TypeError, IndexError):
        name, is_inline = "", False
    return Part(printable(mime)[:100], printable(name)[:255], len(content), is_inline, content)


def _inner(part: Message) -> str:
    """A report or a letter within, as text."""
    payload = part.get_payload()
    if not isinstance(payload, list):
        return _text(part)
    blocks = []
    for block in payload[:50]:
        if isinstance(block, Message):
            pairs = Headers(block.raw_items()).pairs
            lines = [f"{name}: {value}" for name, value in pairs]
            body = block.get_payload()
            blocks.append("\n".join(lines))
            blocks.append(body[:5_000] if isinstance(body, str) else "")
    return "\n\n".join(blocks)[:MAX_TEXT]


def clean(text: str) -> str:
    """With plain line ends and without characters that neither people nor PostgreSQL read."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")
    return "".join(
        character
        for character in text
        if character in "\n\t" or (ord(character) >= 32 and not "\ud800" <= character <= "\udfff")
    ).strip()


def _plain_lines(body: str) -> str:
    """What can be read of a letter that is nested beyond reason."""
    lines = (line for line in clean(body).split("\n"))
    return "\n".join(
        line for line in lines if line and not line.startswith(("--", "Content-"))
    ).strip()
