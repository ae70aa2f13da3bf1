"""E-mail as a channel: one mailbox of the company, answered from its own address.

https://www.rfc-editor.org/rfc/rfc5322, /rfc3464 (bounces), /rfc3834 (automatic answers),
/rfc8601 (authentication results); the services' own pages stand in their modules.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from channels_app import wire
from channels_app.findings import finding
from channels_app.mail.reading import Mail, Part, read_mail
from channels_app.mail.writing import Letter, reply_subject, written
from channels_app.providers import base, values
from channels_app.providers.access import Probed, Renewed
from channels_app.providers.email import (
    brevo,
    canaries,
    imap,
    oauth,
    resend,
    ses,
    signing,
    smtp,
    sns,
)
from channels_app.providers.email.asking import MailboxForm
from channels_app.providers.email.meaning import UNVERIFIED, meaning_of_event, meaning_of_mail
from channels_app.providers.email.readers import BY_NAME, envelope_of, item_of, reader_of, tracking
from channels_app.providers.email.servers import imap_server, smtp_server
from channels_app.providers.email.services import Event, Fetch, News, Nothing
from channels_app.providers.values import (
    Attachment,
    Inbound,
    Outgoing,
    Polled,
    RawItem,
    Sent,
)
from tenants.plugins.downloads import Download, gone, of_bytes
from tenants.plugins.errors import (
    CredentialsRejected,
    Expired,
    PayloadRejected,
    ProviderError,
    Rejected,
)

LETTER = "letter"
WITHHELD = "withheld"  # one that its server refused to give out for more than a day
FETCHED = "fetched"


class Email(base.ChannelProvider):
    ConfigForm = MailboxForm

    # Letters come with their files in them; Postmark sends up to 35 MB.
    # https://postmarkapp.com/support/article/1056-what-are-the-attachment-and-email-size-limits
    webhook_bytes: ClassVar[int] = 48 * 1024 * 1024

    secret_names: ClassVar[Mapping[str, str]] = {"secret": "webhook_secret"}
    acknowledged: ClassVar[frozenset[str]] = frozenset({ses.CONFIRMATION})
    how_to_connect = _(
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
        signing.verify(self.config, headers, body)

    def signed(self, body: bytes) -> dict[str, str]:
        return signing.signed(self.config, body)

    def canary(self, mark: str) -> bytes | None:
        return canaries.canary(self.config, self._address, mark)

    # -- what is in it

    def split(self, body: bytes) -> Iterator[RawItem]:
        envelope = envelope_of(body)
        reader = reader_of(envelope)
        if reader is None:
            return iter([base.unreadable(envelope)])
        return base.one_item_each(reader.items(envelope), body, partial(item_of, reader))

    def parse(self, kind: str, body: bytes) -> list[Inbound]:
        if kind in {LETTER, WITHHELD}:
            return self._letter(kind, body)
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

    def _letter(self, kind: str, body: bytes) -> list[Inbound]:
        if kind == WITHHELD:
            raise PayloadRejected("The mail server did not give this letter out; read it there.")
        if not body.strip():
            raise PayloadRejected("The letter is empty.")
        return self._meaning(read_mail(body))

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
        seen = imap.look(**imap_server(self.config), cursor=cursor)
        items = tuple(
            RawItem("", wire.key_of("imap", letter.hex()), LETTER, letter)
            for letter in seen.letters
        )
        withheld = tuple(
            RawItem("", wire.key_of(WITHHELD, number), WITHHELD, wire.dumps({"letter": number}))
            for number in seen.refused
        )
        return Polled(items + withheld, seen.cursor, seen.more)

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
            headers=tracking(str(self.config.get("inbound") or ""), message.reference),
            files=_files(message),
        )
        if self.config.get("outbound") == "resend":
            return Sent(resend.send(self._api_key(), letter))
        smtp.send(
            **smtp_server(self.config),
            sender=self._address,
            recipient=recipient,
            message=written(letter, at=datetime.now(UTC)),
        )
        return Sent(letter.message_id)

    @property
    def _address(self) -> str:
        known = self.config.get("address") or self.config.get("account_id")
        return str(known or "").strip().lower()

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

    def renew(self) -> Renewed:
        return base.renewed(oauth.renew(self.config))

    def _check_imap(self) -> None:
        imap.check(**imap_server(self.config))

    def _check_smtp(self) -> None:
        smtp.check(**smtp_server(self.config))


def _files(message: Outgoing) -> list[tuple[str, bytes, str]]:
    files = [base.own_file(message, attachment) for attachment in message.attachments]
    if None in files:
        raise Rejected("A letter carries files, not addresses of files.", code="attachment")
    return [file for file in files if file is not None]
