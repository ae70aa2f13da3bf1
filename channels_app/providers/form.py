"""Forms on a company's website: posted by a visitor's browser, or by the site's own server.

A browser cannot keep a secret, so what it posts is believed as little as any visitor; the site's
server may sign (``X-Form-Signature: sha256=<hex HMAC of the body>``). Field names follow the
autocomplete tokens of HTML (https://html.spec.whatwg.org/#autofill) and what people call them.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from channels_app import wire
from channels_app.origins import OriginsField
from channels_app.providers import base, values
from channels_app.providers.values import (
    Attachment,
    Inbound,
    InboundMessage,
    Outgoing,
    Person,
    RawItem,
    Sent,
)
from channels_app.signatures import check_hub_signature, hub_signature
from tenants.plugins.errors import PayloadRejected, Rejected

HEADER = "X-Form-Signature"
SUBMISSION = "submission"
MAX_FIELDS = 60
MAX_VALUE = 10_000
NAMES = {
    "name": ("name", "full_name", "fullname", "your_name", "nombre", "nom", "الاسم"),
    "first": ("first_name", "firstname", "given_name", "vorname", "prenom"),
    "last": ("last_name", "lastname", "family_name", "surname", "nachname", "apellido"),
    "email": ("email", "e_mail", "email_address", "mail", "your_email", "correo", "البريد"),
    "phone": ("phone", "tel", "telephone", "phone_number", "mobile", "telefono", "الهاتف"),
    "message": (
        "message", "comment", "comments", "question", "text", "body", "enquiry", "inquiry",
        "nachricht", "mensaje", "الرسالة",
    ),
    "language": ("language", "locale", "lang"),
}  # fmt: skip
FILES = "_files"  # of ours, put there by the door that took them in
SPAN = "_span"
ONE_CLICK = 600  # seconds in which the same words are a second click, or a server's second try
OURS = {"_redirect", "_id", "_key", FILES, SPAN}  # words to us rather than from the visitor


class WebForm(base.ChannelProvider):
    class ConfigForm(forms.Form):
        allowed_origins = OriginsField(
            label=_("Websites that may post here"),
            help_text=_("One a line: https://example.com"),
            widget=forms.Textarea(attrs={"rows": 3, "dir": "ltr"}),
            max_length=5_000,
            required=False,
        )
        honeypot = forms.CharField(
            label=_("Field that people never see"),
            help_text=_("Whatever fills it in is a machine. Empty: website_url"),
            max_length=60,
            required=False,
        )
        secret = forms.CharField(
            label=_("Secret for posts by your server"),
            widget=forms.PasswordInput,
            max_length=500,
            required=False,
        )

    secret_names: ClassVar[Mapping[str, str]] = {"secret": "secret"}
    names_itself = True
    how_to_connect = _(
        "Name the websites that may post. Let your form post to"
        " /forms/<key>/ (the last part of the webhook address is the key) with fields name, email,"
        " phone, message, and any others; _redirect names a page of yours to go on to."
        " Answers leave by e-mail, if a mailbox is connected."
    )

    @classmethod
    def new_secret(cls, name: str) -> str:
        return secrets.token_urlsafe(32) if name == "secret" else ""

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        secret = base.strict_config(self.config, "secret")
        check_hub_signature(headers, secret, body, header=HEADER)

    def signed(self, body: bytes) -> dict[str, str]:
        secret = base.strict_config(self.config, "secret")
        return {HEADER: hub_signature(secret, body)}

    def canary(self, mark: str) -> bytes:
        return wire.dumps({"_id": mark, "name": base.DOCTOR, "message": mark})

    def split(self, body: bytes) -> Iterator[RawItem]:
        yield self.submission(body)

    @staticmethod
    def submission(body: bytes, *, spans_ago: int = 0) -> RawItem:
        """What was posted, or what the same words were called that many spans ago."""
        fields = wire.load_object(body)
        # The site may give each submission an id, so that a second click counts once.
        own = wire.label(fields, "_id", 100)
        fields.pop(FILES, None)  # nobody outside may name a file of ours
        # Without one, the same words are one submission for a while: who asks the same again
        # next month has asked twice.
        fields[SPAN] = "" if own else base.now_in_seconds() // ONE_CLICK - spans_ago
        stored = wire.dumps(fields)
        return RawItem("", wire.key_of(SUBMISSION, own or stored.hex()), SUBMISSION, stored)

    def parse(self, kind: str, body: bytes) -> list[Inbound]:
        if kind != SUBMISSION:
            raise PayloadRejected("No form posts that.")
        posted = wire.load_object(body)
        fields = _fields(posted)
        known, others = _sorted(fields)
        if not known and not others:
            return [values.Unsupported(reason="Every field was empty.")]
        email = known.get("email", "").lower()
        email = email if _is_address(email) else ""
        key = wire.key_of(SUBMISSION, body.hex())
        text = _text(known, others)
        return [
            InboundMessage(
                external_id=f"form-{key[:40]}",
                sender=Person(
                    id=email or known.get("phone") or f"visitor-{key[:24]}",
                    name=_name(known),
                    email=email,
                    phone=known.get("phone", "")[:40],
                    language=known.get("language", "")[:16],
                ),
                sent_at=None,
                text=text[: wire.MAX_TEXT],
                attachments=_attachments(posted),
                details={"fields": fields, "subject": fields.get("subject", "")[:200]},
            )
        ]

    def send(self, message: Outgoing) -> Sent:
        raise Rejected("A form cannot be answered; connect a mailbox.", code="no_way_back")


def with_files(item: RawItem, handles: Sequence[Mapping[str, Any]]) -> RawItem:
    """The submission with the files that came along, which are ours by now."""
    fields = {**wire.load_object(item.body), FILES: list(handles)}
    return replace(item, body=wire.dumps(fields))


def _attachments(posted: dict[str, Any]) -> tuple[Attachment, ...]:
    known = [each for each, _ in wire.objects(posted.get(FILES)) if each]
    return tuple(map(base.file_of_ours, known[: wire.MAX_ATTACHMENTS]))


def _fields(given: dict[str, Any]) -> dict[str, str]:
    """What was filled in, as text; lists joined, objects left out."""
    found: dict[str, str] = {}
    for name, value in list(given.items())[:MAX_FIELDS]:
        text = _plain(value)
        if text and name not in OURS and name.isprintable():
            found[name[:60]] = text
    return found


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        cleaned = "".join(
            c
            for c in value
            if c in "\n\t"
            or (c.isprintable() and c.isascii())
            or (ord(c) > 159 and not "\ud800" <= c <= "\udfff")
        )
        return cleaned.strip()[:MAX_VALUE]
    if isinstance(value, int | float):
        return str(value)[:40]
    if isinstance(value, list):
        # A list of boxes that were ticked; one within another is no form's.
        plain = (_plain(each) for each in value[:20] if not isinstance(each, list))
        return ", ".join(filter(None, plain))
    return ""


def _sorted(fields: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Those whose meaning we know by their name, and the others."""
    known: dict[str, str] = {}
    others: dict[str, str] = {}
    for name, value in fields.items():
        plain = name.lower().replace("-", "_").replace(" ", "_").strip("_[]")
        meaning = next((each for each, names in NAMES.items() if plain in names), "")
        if meaning and meaning not in known:
            known[meaning] = value
        else:
            others[name] = value
    return known, others


def _name(known: dict[str, str]) -> str:
    parts = known.get("name") or f"{known.get('first', '')} {known.get('last', '')}"
    return " ".join(parts.split())[:200]


def _text(known: dict[str, str], others: dict[str, str]) -> str:
    """The message first; then every field that says more, so that scoring reads it too."""
    lines = [f"{name.replace('_', ' ').capitalize()}: {value}" for name, value in others.items()]
    lines += [f"Phone: {known['phone']}"] if "phone" in known else []
    return "\n\n".join(filter(None, [known.get("message", ""), "\n".join(lines)]))


def _is_address(value: str) -> bool:
    local, at, host = value.partition("@")
    return bool(local and at and "." in host) and value.isprintable() and " " not in value
