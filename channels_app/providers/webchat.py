"""Our own chat on a company's website: the network is the visitor's page, and we are its server.

What a visitor writes comes in by ``channels_app.chat``, is kept as it came, and is read here like
any network's item. What we say is laid on the visitor's line (``tenants.lines``), from which the
page hears it sentence by sentence; a page that is not open finds it in its history.

The company's own server may post a visitor's words to the webhook address as well, signed
(``X-Chat-Signature: sha256=<hex HMAC of the body>``) with the identity secret.
"""

import re
import secrets
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from django import forms
from django.core import signing
from django.utils.translation import gettext_lazy as _
from joserfc import jwt
from joserfc.jwk import OctKey

from channels_app import wire
from channels_app.origins import OriginsField
from channels_app.proofs import EMAIL
from channels_app.providers import base
from channels_app.providers.values import (
    Attachment,
    Inbound,
    InboundMessage,
    InboundPerson,
    InboundStatus,
    Outgoing,
    Person,
    RawItem,
    Sent,
    Unsupported,
)
from channels_app.sentences import sentences
from channels_app.signatures import check_hub_signature, hub_signature
from tenants.hours import Unreadable, read_hours
from tenants.lines import line_of, say
from tenants.plugins.errors import PayloadRejected

HEADER = "X-Chat-Signature"
COLOUR = "#0f5c50"
SALT = "channels_app.webchat.file"
OF_A_FILE = ("kind", "name", "url", "mime", "size")  # for the page; never an id of ours
RECEIPTS = {"delivered", "read"}
SECRET_BYTES = 32
IN_LANGUAGE = re.compile(r"([a-z]{2})\s*:\s*(.+)", re.DOTALL)


class PerLanguageField(forms.CharField):
    """A sentence in several languages, one a line: ``en: Hello!``"""

    def __init__(self, **kwargs: Any) -> None:
        area = forms.Textarea(attrs={"rows": 3, "dir": "auto"})
        super().__init__(widget=area, max_length=3_000, required=False, **kwargs)


class HoursField(forms.CharField):
    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        try:
            read_hours(cleaned)
        except Unreadable as error:
            raise forms.ValidationError(
                _("%(line)s is not readable; write it like Mon-Fri 09:00-18:00"),
                params={"line": str(error)},
            ) from error
        return cleaned


class WebChat(base.ChannelProvider):
    class ConfigForm(forms.Form):
        team = forms.CharField(label=_("Name that visitors see"), max_length=60, required=False)
        allowed_origins = OriginsField(
            label=_("Websites that show the chat"),
            help_text=_("One a line: https://example.com"),
            widget=forms.Textarea(attrs={"rows": 3, "dir": "ltr"}),
            max_length=5_000,
            required=False,
        )
        colour = forms.RegexField(
            r"^#[0-9a-fA-F]{6}\Z",
            label=_("Colour"),
            initial=COLOUR,
            required=False,
            widget=forms.TextInput(attrs={"type": "color"}),
        )
        greeting = PerLanguageField(
            label=_("Greeting"), help_text=_("One line a language, such as en: Hello!")
        )
        offline_text = PerLanguageField(
            label=_("What is said while nobody is there"),
            help_text=_("One line a language. Messages are taken all the same."),
        )
        open_hours = HoursField(
            label=_("Hours when somebody is there"),
            help_text=_("One span a line: Mon-Fri 09:00-18:00, in your time zone. Empty: always."),
            widget=forms.Textarea(attrs={"rows": 2, "dir": "ltr"}),
            max_length=1_000,
            required=False,
        )
        ask_email = forms.ChoiceField(
            label=_("Ask visitors for their e-mail address"),
            choices=[("", _("No")), ("after", _("After their first message"))],
            required=False,
        )
        identity_secret = forms.CharField(
            label=_("Identity secret"),
            widget=forms.PasswordInput,
            min_length=SECRET_BYTES,
            max_length=500,
            required=False,
        )

    secret_names: ClassVar[Mapping[str, str]] = {"secret": "identity_secret"}
    names_itself = True
    how_to_connect = _(
        "Put the script tag on the pages of the websites you listed. Your server may say who is"
        " signed in by a JWT (HS256) under the identity secret, with sub, name, email and exp."
    )

    @classmethod
    def new_secret(cls, name: str) -> str:
        return secrets.token_urlsafe(SECRET_BYTES) if name == "secret" else ""

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        secret = base.strict_config(self.config, "identity_secret")
        check_hub_signature(headers, secret, body, header=HEADER)

    def signed(self, body: bytes) -> dict[str, str]:
        secret = base.strict_config(self.config, "identity_secret")
        return {HEADER: hub_signature(secret, body)}

    def canary(self, mark: str) -> bytes:
        """As the chat's own door keeps what a user writes for whom ``vouch`` speaks."""
        visitor = {"id": f"user:{mark}", "name": base.DOCTOR}
        return wire.dumps({"type": "message", "id": mark, "visitor": visitor, "text": mark})

    def vouch(self, user: str, *, seconds: int) -> str:
        """A JWT as the company's own server makes it for who is signed in there."""
        secret = base.strict_config(self.config, "identity_secret")
        claims = {"sub": user, "name": base.DOCTOR, "exp": base.now_in_seconds() + seconds}
        return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(secret))

    # -- reading

    def split(self, body: bytes) -> Iterator[RawItem]:
        envelope = wire.load_object(body)
        return base.one_item_each(envelope.get("events", [envelope]), body, _item)

    def parse(self, kind: str, body: bytes) -> list[Inbound]:
        event = wire.load_object(body)
        reader = READERS.get(kind)
        if reader is None:
            return [Unsupported(reason=f"Nothing is done about {kind!r} events.")]
        return [reader(event, self.account_id)]

    # -- speaking

    @property
    def account_id(self) -> str:
        return str(self.config.get("account_id") or "")

    def line_to(self, recipient_id: str) -> str:
        return line_of(self.account_id, recipient_id)

    def send(self, message: Outgoing) -> Sent:
        """It is sent once its row is committed: the line only makes it faster. Said twice under
        one id, a page shows it once."""
        parts = sentences(message.text) if message.by_ai else []
        deltas = [
            ("delta", {"id": message.reference, "n": number, "text": part})
            for number, part in enumerate(parts)
        ]
        whole = {
            "id": message.reference,
            "from": "ai" if message.by_ai else "team",
            "text": message.text,
            "files": [
                {name: each[name] for name in OF_A_FILE if each.get(name)}
                for each in message.attachments
            ],
        }
        say(self.line_to(message.recipient_id), *deltas, ("message", whole))
        return Sent(message.reference, is_sent=True)

    def show_typing(self, recipient_id: str, *, by_ai: bool, is_over: bool = False) -> None:
        who = "ai" if by_ai else "team"
        say(self.line_to(recipient_id), ("typing", {"from": who, "on": not is_over}))

    def show_leader(self, recipient_id: str, *, is_person: bool) -> None:
        say(self.line_to(recipient_id), ("leader", {"is_person": is_person}))


def per_language(text: Any) -> dict[str, str]:
    """Language -> sentence; what names no language stands under the empty one."""
    found: dict[str, str] = {}
    for line in str(text or "").splitlines():
        named = IN_LANGUAGE.fullmatch(line.strip())
        language, words = (named[1], named[2].strip()) if named else ("", line.strip())
        if words:
            found[language] = f"{found[language]}\n{words}" if language in found else words
    return found


def message_key(visitor: str, own: str) -> str:
    """Under which a visitor's message is known: their page chose the second half."""
    return f"{visitor}:{own}"


def _item(event: dict[str, Any]) -> RawItem:
    kind = wire.plain(event.get("type")) or "unknown"
    body = wire.dumps(event)
    visitor = event.get("visitor")
    who = visitor.get("id") if isinstance(visitor, dict) else None
    parts: dict[str, tuple[Any, ...]] = {
        "message": (who, event.get("id")),
        "receipt": (event.get("reference"), event.get("state")),
    }
    own = parts.get(kind, ())
    known = bool(own) and all(isinstance(each, str) and each for each in own)
    return RawItem("", wire.key_of(kind, *(own if known else (body.decode(),))), kind, body)


def _person(event: dict[str, Any]) -> Person:
    visitor = wire.get_object(event, "visitor")
    email = wire.label(visitor, "email", 254)
    vouched = event.get("is_email_verified") is True and bool(email)
    return Person(
        id=wire.get_id(visitor, "id"),
        name=wire.label(visitor, "name", 200),
        email=email,
        language=wire.plain(visitor.get("language"), 16),
        proven=(EMAIL,) if vouched else (),
    )


def handle_of(account_id: str, visitor: str, said: Mapping[str, Any]) -> str:
    """A file that this visitor uploaded, sealed: nobody else can send it, nor name another."""
    return signing.dumps([account_id, visitor, dict(said)], salt=SALT)


def file_behind(handle: Any, account_id: str, visitor: str) -> dict[str, Any] | None:
    """What the handle stands for; None where it is not this visitor's."""
    try:
        account, owner, said = signing.loads(handle, salt=SALT)
    except (signing.BadSignature, TypeError, ValueError, AttributeError):
        return None
    is_theirs = (account, owner) == (account_id, visitor) and isinstance(said, dict)
    return said if is_theirs else None


def _files(event: dict[str, Any], account_id: str, visitor: str) -> tuple[Attachment, ...]:
    handles = event.get("files")
    known = [
        file_behind(each, account_id, visitor)
        for each in (handles if isinstance(handles, list) else [])[: wire.MAX_ATTACHMENTS]
    ]
    return tuple(base.file_of_ours(said) for said in known if said is not None)


def _message(event: dict[str, Any], account_id: str) -> Inbound:
    sender, own = _person(event), wire.get_id(event, "id")
    text, files = wire.get_text(event, "text"), _files(event, account_id, sender.id)
    if not text.strip() and not files:
        return Unsupported(reason="A message without text or file.")
    page = wire.get_object(event, "page")
    return InboundMessage(
        external_id=message_key(sender.id, own),
        sender=sender,
        sent_at=wire.moment(event.get("at")),
        text=text,
        attachments=files,
        details={
            "page": wire.web_address(page.get("url"))[:1_000],
            "page_title": wire.label(page, "title", 200),
            "is_verified": event.get("is_verified") is True,
        },
    )


def _receipt(event: dict[str, Any], account_id: str) -> Inbound:
    state = event.get("state")
    if not isinstance(state, str) or state not in RECEIPTS:
        raise PayloadRejected("state is neither delivered nor read.")
    reference = wire.get_id(event, "reference")
    return InboundStatus(
        external_id=reference, reference=reference, state=state, at=wire.moment(event.get("at"))
    )


def _about(event: dict[str, Any], account_id: str) -> Inbound:
    return InboundPerson(person=_person(event))


READERS = {"message": _message, "receipt": _receipt, "person": _about}
