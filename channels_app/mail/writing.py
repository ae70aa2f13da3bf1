"""Letters that we write: plain text and HTML, in the thread they belong to."""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr

from channels_app.mail.headers import MESSAGE_ID

MAX_SUBJECT = 250
LINK = re.compile(r"https?://[^\s<>\"']+")
REPLY = re.compile(r"^\s*(?:re|aw|sv|antw|rv|رد)\s*:", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """``reference`` is ours and becomes the message id; ``headers`` are a service's own."""

    sender_name: str
    sender_address: str
    recipient: str
    subject: str
    text: str
    reference: str
    answers: str = ""
    thread: Sequence[str] = ()
    is_automatic: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[tuple[str, bytes, str]] = ()  # name, content, type

    @property
    def message_id(self) -> str:
        """Known before it is sent: a bounce or an answer finds it even if the server's is lost."""
        return f"<{self.reference}@{self.sender_address.rpartition('@')[2]}>"

    @property
    def sender(self) -> str:
        return formataddr((_line(self.sender_name), self.sender_address))

    @property
    def html(self) -> str:
        paragraphs = html.escape(self.text.strip(), quote=False).split("\n\n")
        linked = (LINK.sub(_anchor, each).replace("\n", "<br>\n") for each in paragraphs)
        return '<div dir="auto">' + "".join(f"<p>{each}</p>\n" for each in linked) + "</div>\n"

    @property
    def extra_headers(self) -> dict[str, str]:
        """Everything that ties it to its thread and keeps machines from answering it."""
        found = dict(self.headers)
        # What came by a form has an id that is none of a letter's.
        known = [each for each in self.thread if MESSAGE_ID.fullmatch(each)]
        if MESSAGE_ID.fullmatch(self.answers):
            found["In-Reply-To"] = self.answers
            known = [*(each for each in known if each != self.answers), self.answers]
        if known:
            found["References"] = " ".join(known[-10:])
        if self.is_automatic:  # RFC 3834: what a machine wrote says so
            found["Auto-Submitted"] = "auto-replied" if self.answers else "auto-generated"
            found["X-Auto-Response-Suppress"] = "OOF, AutoReply"
        return found


def reply_subject(subject: str, fallback: str) -> str:
    """The subject of an answer."""
    subject = _line(subject)[:MAX_SUBJECT]
    if not subject:
        return fallback
    return subject if REPLY.match(subject) else f"Re: {subject}"


def written(letter: Letter, *, at: datetime) -> EmailMessage:
    """The letter as MIME."""
    message = EmailMessage(policy=SMTP)
    message["From"] = letter.sender
    message["To"] = letter.recipient
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = letter.message_id
    for name, value in letter.extra_headers.items():
        message[name] = value
    message.set_content(letter.text, charset="utf-8")
    message.add_alternative(letter.html, subtype="html", charset="utf-8")
    for name, content, mime in letter.files:
        family, _, subtype = mime.partition("/")
        message.add_attachment(
            content, maintype=family, subtype=subtype or "octet-stream", filename=_line(name)
        )
    return message


def _anchor(found: re.Match[str]) -> str:
    address = found[0].rstrip(".,;:!?)")
    href = address.replace('"', "%22")
    return f'<a href="{href}">{address}</a>{found[0][len(address) :]}'


def _line(value: str) -> str:
    """On one line: a line break in a header would start another header."""
    return "".join(character if character.isprintable() else " " for character in value).strip()
