"""E-mail as a channel: one mailbox of the company, answered from its own address.

https://www.rfc-editor.org/rfc/rfc5322, /rfc3464 (bounces), /rfc3834 (automatic answers),
/rfc8601 (authentication results); the services' own pages stand in their modules.
"""

import base64
import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from channels_app import wire
from channels_app.findings import finding
from channels_app.mail.reading import Mail, Part, read_mail
from channels_app.mail.writing import Letter, reply_subject, written
from channels_app.providers import base, values
from channels_app.providers.email import (
    brevo,
    imap,
    mailgun,
    oauth,
    postmark,
    resend,
    sendgrid,
    ses,
    smtp,
    sns,
)
from channels_app.providers.email.asking import MailboxForm
from channels_app.providers.email.bodies import is_json, read_form
from channels_app.providers.email.meaning import UNVERIFIED, meaning_of_event, meaning_of_mail
from channels_app.providers.email.services import Event, Fetch, News, Nothing, Reader
from channels_app.providers.values import (
    Attachment,
    Inbound,
    Outgoing,
    Polled,
    Probed,
    RawItem,
    Sent,
)
from channels_app.signatures import same
from tenants.plugins.downloads import Download, gone, of_bytes
from tenants.plugins.errors import (
    CredentialsRejected,
    Expired,
    PayloadRejected,
    ProviderError,
    Rejected,
    SignatureMismatch,
)

# The first that recognises a body reads it; the less particular stand behind.
READERS: tuple[Reader, ...] = (
    postmark.POSTMARK,
    resend.RESEND,
    ses.SES,
    mailgun.MAILGUN,
    sendgrid.SENDGRID,
    brevo.BREVO,
)
BY_NAME = {reader.name: reader for reader in READERS}
LETTER = "letter"
FETCHED = "fetched"
SVIX = ("id", "timestamp", "signature")


class Email(base.ChannelProvider):
    ConfigForm = MailboxForm

    # Letters come with their files in them; Postmark sends up to 35 MB.
    # https://postmarkapp.com/support/article/1056-what-are-the-attachment-and-email-size-limits
    webhook_bytes: ClassVar[int] = 48 * 1024 * 1024

    secret_names: ClassVar[Mapping[str, str]] = {"secret": "webhook_secret"}
    acknowledged: ClassVar[frozenset[str]] = frozenset({ses.CONFIRMATION})
    how_to_connect = (
        "The account id is your address. For IMAP and SMTP give your servers. For a service, point"
        " its inbound route and its event webhook at the webhook address: Mailgun and Resend sign"
        " with the key they show you; for Postmark, SendGrid, SES and Brevo put the secret into"
        " the address as https://leadwire:<secret>@…; for SES also give the ARN of your SNS topic:"
        " we then check Amazon's signature and confirm the subscription."
    )

    @classmethod
    def new_secret(cls, name: str) -> str:
        return secrets.token_urlsafe(32) if name == "secret" else ""

    # -- who sent it

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        secret = base.strict_config(self.config, "webhook_secret")
        inbound = self.config.get("inbound")
        if inbound == "mailgun":
            mailgun.verify(secret, body)
        elif inbound == "resend":
            self._verify_svix(secret, headers, body)
        elif not same(headers.get("Authorization", ""), _basic(secret)):
            raise SignatureMismatch("User and password in the webhook's address are not ours.")
        elif inbound == "ses":  # the password first: who lacks it makes us fetch nothing
            sns.verify(body, self._topic)

    @staticmethod
    def _verify_svix(secret: bytes, headers: Mapping[str, str], body: bytes) -> None:
        named = {
            f"webhook-{name}": headers.get(f"svix-{name}") or headers.get(f"webhook-{name}") or ""
            for name in SVIX
        }
        try:
            Webhook(secret.decode()).verify(body, named, json_parse=False)
        # RuntimeError and ValueError: a secret or a signature that is no base64
        except (WebhookVerificationError, ValueError, RuntimeError) as error:
            raise SignatureMismatch(f"The signature does not verify: {error}") from error

    def signed(self, body: bytes) -> dict[str, str]:
        secret = base.strict_config(self.config, "webhook_secret")
        if self.config.get("inbound") == "resend":
            now = datetime.now(UTC)
            identifier = f"msg_{secrets.token_hex(12)}"
            return {
                "svix-id": identifier,
                "svix-timestamp": str(int(now.timestamp())),
                "svix-signature": Webhook(secret.decode()).sign(identifier, now, body.decode()),
            }
        return {"Authorization": _basic(secret)}

    # -- what is in it

    def split(self, body: bytes) -> Iterator[RawItem]:
        envelope = _envelope(body)
        reader = next((each for each in READERS if each.is_own(envelope)), None)
        if reader is None:
            yield base.unreadable(envelope)
            return
        found = False
        for item, as_it_came in wire.objects(reader.items(envelope)):
            found = True
            yield base.unreadable(as_it_came) if item is None else _item(reader, item)
        if not found:
            yield base.empty(body)

    def parse(self, kind: str, body: bytes) -> list[Inbound]:
        if kind == LETTER:
            if not body.strip():
                raise PayloadRejected("The letter is empty.")
            return self._meaning(read_mail(body))
        reader = ses.SES if kind == ses.CONFIRMATION else BY_NAME.get(kind)
        if kind == ses.CONFIRMATION and self._topic:
            return [values.Noted(outcome="confirmed", reason="We asked SNS for this topic.")]
        if kind == FETCHED:
            reader = resend.RESEND
        if reader is None:
            raise PayloadRejected("No service's webhook looks like that.")
        news = reader.read(wire.load_object(body))
        if isinstance(news, Fetch):
            raise values.ToBeFetched
        if isinstance(news, Nothing):
            return [values.Unsupported(reason=news.reason)]
        return meaning_of_event(news) if isinstance(news, Event) else self._meaning(news)

    def _meaning(self, mail: Mail) -> list[Inbound]:
        trusted = str(self.config.get("trusted_server") or "")
        return meaning_of_mail(mail, self._address, trusted)

    def fetch(self, kind: str, body: bytes) -> RawItem:
        news = resend.read(wire.load_object(body))
        if not isinstance(news, Fetch):
            raise PayloadRejected("There is nothing to fetch.")
        fetched = resend.fetch(self._api_key(), news.id)
        return RawItem("", wire.key_of("resend", news.id), FETCHED, fetched)

    def poll_every(self) -> int:
        return 60 if self.config.get("inbound") == "imap" and self.config.get("imap_host") else 0

    def poll(self, cursor: Mapping[str, Any]) -> Polled:
        seen = imap.look(**self._imap(), cursor=cursor)
        items = tuple(
            RawItem("", wire.key_of("imap", letter.hex()), LETTER, letter)
            for letter in seen.letters
        )
        return Polled(items, seen.cursor, seen.more)

    def probe(self) -> Probed:
        """Both servers are asked to let us in; nothing is read and nothing sent."""
        found = []
        for name, code, check in (
            ("imap_host", "mail_in", self._check_imap),
            ("smtp_host", "mail_out", self._check_smtp),
        ):
            if not self.config.get(name):
                continue
            try:
                check()
            except ProviderError as error:
                found.append(finding(code, said=error))
        return Probed(tuple(found))

    def open_attachment(
        self, attachment: Attachment, item: RawItem | None, *, limit: int
    ) -> Download:
        """A part of the letter as we keep it, or of the one its service keeps for a while."""
        part = self._part(attachment.ref, item)
        if part is None:
            raise Expired("The letter that this file came with is not kept any more.")
        if part.content or not part.size:
            return of_bytes(part.content, mime=part.mime, name=part.name)
        try:
            return self._service_part(part, item)(limit=limit)
        except ProviderError as error:
            if gone(error):
                raise Expired(str(error), code=error.code, status=error.status) from error
            raise

    def _part(self, ref: str, item: RawItem | None) -> Part | None:
        number = ref.removeprefix("part:")
        if item is None or not number.isdecimal():
            return None
        if item.kind == LETTER:
            news: News = read_mail(item.body)
        else:
            reader = resend.RESEND if item.kind == FETCHED else BY_NAME[item.kind]
            news = reader.read(wire.load_object(item.body))
        parts = news.parts if isinstance(news, Mail) else ()
        return parts[int(number)] if int(number) < len(parts) else None

    def _service_part(self, part: Part, item: RawItem | None) -> Callable[..., Download]:
        if part.ref and item is not None and item.kind == FETCHED:
            return partial(resend.open_part, self._api_key(), item.body, part.ref)
        if part.ref:
            return partial(brevo.open_part, self._api_key(), part.ref)
        raise Rejected("The service did not hand this file over.", code="unsupported")

    # -- sending

    def send(self, message: Outgoing) -> Sent:
        recipient = message.recipient_id.removeprefix(UNVERIFIED)
        if "@" not in recipient or not recipient.isprintable() or " " in recipient:
            raise Rejected("That is no e-mail address.", code="5.1.3")
        letter = Letter(
            sender_name=str(self.config.get("sender_name") or ""),
            sender_address=self._address,
            recipient=recipient,
            subject=reply_subject(
                message.subject, str(self.config.get("subject") or "Your message to us")
            ),
            text=message.text,
            reference=message.reference,
            answers=message.answers,
            thread=message.thread,
            is_automatic=message.by_ai,
            headers=_tracking(str(self.config.get("inbound") or ""), message.reference),
            files=_files(message),
        )
        if self.config.get("outbound") == "resend":
            return Sent(resend.send(self._api_key(), letter))
        smtp.send(
            **self._smtp(),
            sender=self._address,
            recipient=recipient,
            message=written(letter, at=datetime.now(UTC)),
        )
        return Sent(letter.message_id)

    @property
    def _address(self) -> str:
        return str(self.config.get("account_id") or "").strip().lower()

    def _api_key(self) -> str:
        found = str(self.config.get("api_key") or "")
        if not found or not found.isascii() or not found.isprintable():
            raise CredentialsRejected("No API key is set for this mailbox.", code="api_key")
        return found

    @property
    def _topic(self) -> str:
        return str(self.config.get("topic_arn") or "")

    def acknowledge(self, kind: str, body: bytes) -> None:
        """SNS asks once whether we want a topic's messages."""
        if self.config.get("inbound") == "ses" and self._topic:
            sns.confirm(wire.load_object(body), self._topic)

    @property
    def _oauth(self) -> str:
        """Whose tokens open the mailbox (google, microsoft); empty for a password."""
        return str(self.config.get("oauth") or "")

    def renews(self) -> bool:
        return bool(self._oauth and self.config.get("refresh_token"))

    def renew(self) -> values.Renewed:
        return base.renewed(oauth.renew(self.config))

    def _check_imap(self) -> None:
        imap.check(**self._imap())

    def _check_smtp(self) -> None:
        smtp.check(**self._smtp())

    def _imap(self) -> dict[str, Any]:
        server = self._server("imap", {"tls": 993, "starttls": 143, "none": 143})
        return {**server, "folder": str(self.config.get("imap_folder") or "INBOX")}

    def _smtp(self) -> dict[str, Any]:
        return self._server("smtp", {"tls": 465, "starttls": 587, "none": 25})

    def _server(self, protocol: str, ports: Mapping[str, int]) -> dict[str, Any]:
        def value(name: str) -> str:
            return str(self.config.get(f"{protocol}_{name}") or "")

        host, security = value("host"), value("security") or "tls"
        if not host:
            raise CredentialsRejected(f"No {protocol.upper()} server is set.", code="no_server")
        return {
            "host": host,
            "port": int(value("port") or ports.get(security, ports["tls"])),
            "security": security,
            "user": value("user"),
            "password": value("password"),
            "token": str(self.config.get("access_token") or "") if self._oauth else "",
        }


def _basic(secret: bytes) -> str:
    return "Basic " + base64.b64encode(b"leadwire:" + secret).decode()


def _files(message: Outgoing) -> list[tuple[str, bytes, str]]:
    files = [base.own_file(message, attachment) for attachment in message.attachments]
    if None in files:
        raise Rejected("A letter carries files, not addresses of files.", code="attachment")
    return [file for file in files if file is not None]


def _envelope(body: bytes) -> Any:
    """A webhook's body as JSON values; the files of a form as objects."""
    if is_json(body):
        return wire.loads(body)
    form = read_form(body)
    files = [
        {
            "field": file.input_name,
            "name": file.name,
            "mime": file.mime,
            "size": len(file.content),
            "content": base64.b64encode(file.content).decode(),
        }
        for file in form.files
    ]
    return {**form.fields, **({"files": files} if files else {})}


def _item(reader: Reader, item: dict[str, Any]) -> RawItem:
    body = wire.dumps(item)
    key = reader.key(item)
    kind = ses.CONFIRMATION if ses.is_confirmation(item) else reader.name
    return RawItem("", wire.key_of(reader.name, key or body.hex()), kind, body)


def _tracking(service: str, reference: str) -> dict[str, str]:
    """The header in which a service lets us send a word along that its events bring back."""
    return {
        "postmark": {"X-PM-Metadata-reference": reference, "X-PM-KeepID": "true"},
        "mailgun": {"X-Mailgun-Variables": f'{{"reference": "{reference}"}}'},
        "sendgrid": {"X-SMTPAPI": f'{{"unique_args": {{"reference": "{reference}"}}}}'},
        "ses": {"X-SES-MESSAGE-TAGS": f"reference={reference}"},
        "brevo": {"X-Mailin-custom": f"reference:{reference}"},
    }.get(service, {})
