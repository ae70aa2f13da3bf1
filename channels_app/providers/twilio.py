"""SMS and WhatsApp by Twilio. https://www.twilio.com/docs/messaging/guides/webhook-request"""

import base64
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from channels_app import signatures, wire
from channels_app.findings import finding
from channels_app.providers import base, values
from channels_app.providers.access import Probed
from channels_app.providers.values import Attachment, Inbound, Outgoing, Person, RawItem, Sent
from tenants.plugins import http
from tenants.plugins.downloads import Download
from tenants.plugins.errors import (
    AnswerLost,
    CredentialsRejected,
    PayloadRejected,
    ProviderError,
    RateLimited,
    RecipientUnreachable,
    Rejected,
    SignatureMismatch,
    WantsNothing,
    WindowClosed,
)

MAX_FIELDS = 1_000
MAX_MEDIA = 10
WHATSAPP = "whatsapp:"
# https://www.twilio.com/docs/messaging/api/message-resource#message-status-values
STATES = {"sent": "sent", "delivered": "delivered", "read": "read"}
FAILED = {"failed", "undelivered", "canceled"}
ON_ITS_WAY = {"accepted", "scheduled", "queued", "sending"}
# What Twilio itself takes as an opt-out: https://help.twilio.com/articles/223134027
STOP_WORDS = {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "optout", "revoke"}
START_WORDS = {"start", "unstop"}
STOP, START = "STOP", "START"
# https://www.twilio.com/docs/api/errors
MEANINGS: dict[int, type[ProviderError]] = {
    20003: CredentialsRejected,
    20404: CredentialsRejected,
    20429: RateLimited,
    21211: RecipientUnreachable,
    21408: Rejected,
    21610: WantsNothing,  # they sent STOP
    21612: RecipientUnreachable,
    21614: RecipientUnreachable,
    30003: RecipientUnreachable,
    30005: RecipientUnreachable,
    30006: RecipientUnreachable,
    63003: RecipientUnreachable,
    63007: CredentialsRejected,  # the sender is no channel of this account
    63016: WindowClosed,
    63018: RateLimited,
    63024: RecipientUnreachable,
}


class Twilio(base.ChannelProvider):
    """Text messages. An account is one of our numbers (``+1555…``) or a service (``MG…``)."""

    address_prefix = ""

    class ConfigForm(forms.Form):
        account_sid = forms.RegexField(
            r"\AAC[0-9A-Za-z]{2,40}\Z", label="Account SID", required=False
        )
        auth_token = forms.CharField(
            label="Auth token", widget=forms.PasswordInput, max_length=200, required=False
        )

    secret_names: ClassVar[Mapping[str, str]] = {"token": "auth_token"}
    how_to_connect = _(
        "In the Twilio console, enter the webhook address for incoming messages of your number or"
        " messaging service. The account id is that number, such as +15550001234, or the service's"
        " SID."
    )

    @classmethod
    def new_secret(cls, name: str) -> str:
        return ""

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        self.verify_at(str(self.config.get("webhook_url") or ""), headers, body)

    def verify_at(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Twilio signs the address it was given; it may or may not have named the port."""
        secret = base.strict_config(self.config, "auth_token")
        claimed = headers.get("X-Twilio-Signature", "")
        try:
            pairs = _pairs(body)
        except PayloadRejected as error:
            raise SignatureMismatch(str(error)) from error
        addresses = (url, _with_port(url))
        if not any(
            signatures.same(claimed, signatures.form_signature(secret, address, pairs))
            for address in addresses
        ):
            raise SignatureMismatch("X-Twilio-Signature does not match address and fields.")

    def signed(self, body: bytes) -> dict[str, str]:
        secret = base.strict_config(self.config, "auth_token")
        url = str(self.config.get("webhook_url") or "")
        return {"X-Twilio-Signature": signatures.form_signature(secret, url, _pairs(body))}

    def canary(self, mark: str) -> bytes:
        """https://www.twilio.com/docs/messaging/guides/webhook-request"""
        number = f"{self.address_prefix}+{wire.number_of(mark)}"[:40]
        fields = {
            "MessageSid": f"SM{mark[-32:]}",
            "AccountSid": str(self.config.get("account_sid") or ""),
            "From": number,
            "To": f"{self.address_prefix}{self.config.get('account_id') or ''}",
            "Body": mark,
            "NumMedia": "0",
        }
        return urlencode(fields).encode()

    # -- splitting and reading

    def split(self, body: bytes) -> Iterator[RawItem]:
        """One webhook is one form. Its address says whose it is."""
        fields = dict(_pairs(body))
        sid = _sid(fields)
        if not sid:
            yield RawItem("", wire.key_of("unknown", body.hex()), "unknown", wire.dumps(fields))
            return
        status = _status_of(fields)
        kind = "status" if status in {*STATES, *FAILED, *ON_ITS_WAY} else "message"
        key = wire.key_of(kind, sid, status) if kind == "status" else wire.key_of(kind, sid)
        yield RawItem("", key, kind, wire.dumps(fields))

    def parse(self, kind: str, body: bytes) -> list[Inbound]:
        fields = wire.load_object(body)
        if kind == "status":
            return [_status(fields)]
        if kind == "message":
            return _message(fields)
        return [values.Unsupported(reason="A form that is no message of Twilio's.")]

    def open_attachment(
        self, attachment: Attachment, item: RawItem | None, *, limit: int
    ) -> Download:
        """With our credentials, and on by the redirect to Twilio's store.

        https://www.twilio.com/docs/messaging/api/media-resource#fetch-a-media-resource
        """
        is_theirs = wire.is_at(attachment.url, settings.TWILIO_API_URL)
        return base.linked_file(
            attachment,
            limit=limit,
            headers=self._authorization() if is_theirs else {},
            named_by_company=not is_theirs,
            redirects=2,
        )

    # -- sending

    def send(self, message: Outgoing) -> Sent:
        """https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource"""
        form: list[tuple[str, str]] = [("To", message.recipient_id)]
        account = str(self.config["account_id"])
        service = account.startswith("MG")
        form.append(("MessagingServiceSid" if service else "From", self._address(account)))
        if message.text:
            form.append(("Body", message.text))
        form += [("MediaUrl", url) for url in _media_urls(message)]
        if self.config.get("webhook_url"):
            form.append(("StatusCallback", str(self.config["webhook_url"])))
        answer = self._call("POST", "Messages.json", urlencode(form).encode())
        return Sent(wire.get_answer_id(answer, "sid"))

    def _address(self, account: str) -> str:
        return account if account.startswith("MG") else f"{self.address_prefix}{account}"

    def probe(self) -> Probed:
        answer = self._call("GET", "")
        status = wire.label(answer, "status", 40)
        if status != "active":
            return Probed((finding("account_status", status=status),))
        return Probed()

    def _authorization(self) -> dict[str, str]:
        pair = f"{self.config.get('account_sid') or ''}:{self.config.get('auth_token', '')}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}

    def _call(self, method: str, path: str, content: bytes | None = None) -> dict[str, Any]:
        sid = str(self.config.get("account_sid") or "")
        place = f"{sid}/{path}" if path else f"{sid}.json"
        headers = self._authorization()
        if content is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            answer = http.request(
                method,
                f"{settings.TWILIO_API_URL}/2010-04-01/Accounts/{place}",
                content=content,
                headers=headers,
                idempotent=method == "GET",
            )
        except ProviderError as error:
            raise _meaning_of(error) from error
        if not isinstance(answer, dict):
            raise AnswerLost("Twilio answered something else than an object.")
        return answer


class TwilioWhatsApp(Twilio):
    """The same service, with WhatsApp's rules."""

    address_prefix = WHATSAPP
    how_to_connect = _(
        "In the Twilio console, enter the webhook address for incoming messages of your WhatsApp"
        " sender. The account id is its number, such as +15550001234."
    )


def _pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        text = body.decode("utf-8")
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:  # not UTF-8, or more fields than any form of Twilio's
        raise PayloadRejected("This is no form.") from error


def _with_port(url: str) -> str:
    parts = urlsplit(url)
    port = {"https": 443, "http": 80}.get(parts.scheme)
    if port is None or not parts.hostname or ":" in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=f"{parts.netloc}:{port}"))


def _sid(fields: Mapping[str, Any]) -> str:
    names = ("MessageSid", "SmsSid", "SmsMessageSid")
    return next((str(fields[name]) for name in names if fields.get(name)), "")


def _status_of(fields: Mapping[str, Any]) -> str:
    return str(fields.get("MessageStatus") or fields.get("SmsStatus") or "").lower()


def _status(fields: dict[str, Any]) -> Inbound:
    status = _status_of(fields)
    if status in ON_ITS_WAY:
        return values.Noted(outcome="status", reason=f"Twilio has it: {wire.plain(status)}.")
    code = str(fields.get("ErrorCode") or "")
    meaning = MEANINGS.get(int(code)) if code.isascii() and code.isdigit() else None
    return values.InboundStatus(
        external_id=_sid(fields)[: wire.MAX_ID],
        state=STATES.get(status, "failed"),
        at=None,
        error_code=code[:64],
        error_text=wire.label(fields, "ErrorMessage", 300)
        or wire.label(fields, "ChannelStatusMsg"),
        meaning=meaning if status in FAILED else None,
        sent_to=wire.get_id(fields, "To", required=False),
    )


def _message(fields: dict[str, Any]) -> list[Inbound]:
    address = wire.get_id(fields, "From")
    number = address.removeprefix(WHATSAPP)
    sender = Person(
        id=address,
        name=wire.label(fields, "ProfileName", 128),
        phone=number if number.startswith("+") and number[1:].isdigit() else "",
        proven=("phone",),
    )
    text = wire.get_text(fields, "Body") or wire.get_text(fields, "ButtonText")
    attachments = _attachments(fields)
    is_unshown = not text and not attachments
    wish = _wish(fields, text)
    message = values.InboundMessage(
        external_id=_sid(fields)[: wire.MAX_ID],
        sender=sender,
        sent_at=None,
        text=text,
        attachments=values.unshown() if is_unshown else attachments,
        reply_to=wire.get_id(fields, "OriginalRepliedMessageSid", required=False),
        quiet="They asked for no more messages." if wish == STOP else "",
    )
    if is_unshown:
        return [values.Unsupported(reason="A message without words or files.", said=message)]
    if not wish:
        return [message]
    reason = f"They wrote {text[:40]!r}."
    opt_out = values.InboundOptOut(recipient=address, reason=reason, is_over=wish == START)
    return [message, opt_out]


def _wish(fields: Mapping[str, Any], text: str) -> str:
    """STOP or START, as Twilio understood it; by the words where it does not say."""
    said = wire.label(fields, "OptOutType", 20).upper()
    if said:
        return said if said in {STOP, START} else ""
    word = text.strip().lower()
    return STOP if word in STOP_WORDS else START if word in START_WORDS else ""


def _attachments(fields: Mapping[str, Any]) -> tuple[values.Attachment, ...]:
    found = []
    for number in range(MAX_MEDIA):
        url = wire.web_address(fields.get(f"MediaUrl{number}"))
        if url:
            mime = wire.plain(fields.get(f"MediaContentType{number}"), 100)
            found.append(values.Attachment(kind=_kind_of(mime), url=url, mime=mime))
    if fields.get("Latitude") and fields.get("Longitude"):
        where = f"{fields['Latitude']}, {fields['Longitude']}"[:80]
        found.append(values.Attachment(kind="location", name=where))
    return tuple(found)


def _kind_of(mime: str) -> str:
    family = mime.partition("/")[0]
    return family if family in {"image", "audio", "video"} else "file"


def _media_urls(message: Outgoing) -> list[str]:
    if len(message.attachments) > MAX_MEDIA:
        raise Rejected(f"Twilio takes {MAX_MEDIA} files a message.", code="attachments")
    return [base.public_url(each) for each in message.attachments]


def _meaning_of(error: ProviderError) -> ProviderError:
    payload = error.payload if isinstance(error.payload, dict) else {}
    code = payload.get("code")
    kind: type[ProviderError] = (
        MEANINGS.get(code, type(error)) if isinstance(code, int) else (type(error))
    )
    if kind is type(error) and error.status >= 500 and error.status != 503:
        kind = AnswerLost
    return kind(
        wire.label(payload, "message", 400) or str(error),
        code=str(code or error.status or ""),
        retry_after=error.retry_after,
        status=error.status,
        payload=payload,
    )
