"""What a letter, or news about one of ours, means for a conversation."""

import re
from datetime import datetime

from channels_app import wire
from channels_app.mail.headers import Headers
from channels_app.mail.notices import Report, quiet_reason, report_of
from channels_app.mail.reading import VERDICT, Mail
from channels_app.mail.replies import own_words
from channels_app.mail.results import results_of
from channels_app.mail.writing import REPLY
from channels_app.providers.email.services import COMPLAINT, DELAYED, FAILED, SEEN, Event
from channels_app.providers.values import (
    Attachment,
    Inbound,
    InboundMessage,
    InboundOptOut,
    InboundStatus,
    Person,
    Unsupported,
)
from tenants.plugins.errors import PayloadRejected

REFERENCE = re.compile(
    r"^<([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})@", re.IGNORECASE
)
NO_REPLY = re.compile(r"^(?:no-?reply|do-?not-?reply|notifications?|mailer)\b", re.IGNORECASE)
UNVERIFIED = "unverified:"  # in front of an address that somebody else may have written there
KINDS = ("image", "audio", "video")


def meaning_of_mail(mail: Mail, mailbox: str, trusted_server: str) -> list[Inbound]:
    """``mailbox`` is our own address; only ``trusted_server``'s word on SPF and DKIM counts."""
    report = report_of(mail)
    if report is not None:
        return [_of_report(report, mail)]
    name, address = mail.sender
    if not address:
        raise PayloadRejected("The letter names no sender.")
    if address == mailbox.lower():
        return [Unsupported(reason="A letter of our own.")]
    return [_message(mail, name, address, trusted_server)]


def _message(mail: Mail, name: str, address: str, trusted_server: str) -> InboundMessage:
    authentication = authenticated(mail.headers, trusted_server)
    answer_to = _answer_to(mail, address)
    reply = own_words(mail.text)
    is_forged = authentication == "fail"
    return InboundMessage(
        external_id=mail.message_id[: wire.MAX_ID],
        sender=Person(
            id=f"{UNVERIFIED}{answer_to}" if is_forged else answer_to,
            name=name or answer_to,
            email="" if is_forged else answer_to,
            # The servers vouch for From; where an answer shall go is the letter's own word.
            proven=("email",) if answer_to == address and is_aligned(mail, trusted_server) else (),
        ),
        sent_at=mail.sent_at,
        text=_text(mail, reply.text)[: wire.MAX_TEXT],
        attachments=_attachments(mail),
        reply_to=next(iter(mail.references), "")[: wire.MAX_ID],
        references=() if is_forged else mail.references,
        quiet=quiet_reason(mail),
        details=_details(mail, authentication, reply.signature),
    )


def _answer_to(mail: Mail, address: str) -> str:
    """A web site writes in a visitor's name: From is nobody, Reply-To is the person. Elsewhere
    Reply-To proves nothing, and answers go to who wrote."""
    wanted = mail.answer_to
    same_house = wanted.rpartition("@")[2] == address.rpartition("@")[2]
    return wanted if same_house or NO_REPLY.match(address) else address


def _text(mail: Mail, words: str) -> str:
    """With the subject where it says something: not above an answer."""
    if not mail.subject or REPLY.match(mail.subject):
        return words or mail.subject
    return f"{mail.subject}\n\n{words}".strip()


def _attachments(mail: Mail) -> tuple[Attachment, ...]:
    return tuple(
        Attachment(
            kind=next((kind for kind in KINDS if part.mime.startswith(f"{kind}/")), "file"),
            name=part.name,
            mime=part.mime,
            size=part.size,
            ref=f"part:{number}",
        )
        for number, part in enumerate(mail.parts[: wire.MAX_ATTACHMENTS])
    )


def _details(mail: Mail, authentication: str, signature: str) -> dict[str, object]:
    found: dict[str, object] = {"subject": mail.subject, "authentication": authentication}
    for header in ("to", "cc"):
        people = [address for _, address in mail.headers.people(header)]
        if people:
            found[header] = people[:20]
    if signature:
        found["signature"] = signature[:1_000]
    if not mail.is_whole:
        found["incomplete"] = "The letter is nested too deeply to be read whole."
    return found


def authenticated(headers: Headers, trusted_server: str) -> str:
    """``pass``, ``fail`` or ``none``: whether the sender is who From says (RFC 8601).

    Anybody can write such a header; only the receiving server's own, named by the company or
    found by its service, is believed when it says ``pass``.
    """
    by_service = headers.get(VERDICT)
    if by_service:
        known = {"aligned": "pass", "pass": "pass", "fail": "fail"}
        return known.get(by_service, "none")
    said = headers.get("authentication-results").lower()
    results = results_of(said)
    if "dmarc=fail" in said or ("spf=fail" in said and not results.passed("dkim")):
        return "fail"  # ill is believed of anybody
    is_trusted = trusted_server and results.server == trusted_server.lower()
    passed = any(results.passed(method) for method in ("dmarc", "dkim", "spf"))
    return "pass" if is_trusted and passed else "none"


def is_aligned(mail: Mail, trusted_server: str) -> bool:
    """Whether From itself was proven, and not merely some domain that carried the letter.

    A signature of the sender's own house is one; DMARC looks for nothing else (RFC 7489,
    section 3.1). A parent's signature counts, a subdomain's does not: those may be anybody's.
    Of several senders nobody can say which one was looked at (section 6.6.1).
    """
    headers = mail.headers
    if len(headers.all("from")) != 1 or len(headers.people("from")) != 1:
        return False
    by_service = headers.get(VERDICT)
    if by_service:
        return by_service == "aligned"
    if authenticated(headers, trusted_server) != "pass":
        return False
    results = results_of(headers.get("authentication-results"))
    house = mail.sender[1].rpartition("@")[2].lower()
    if any(each.domain("header.from") in {"", house} for each in results.passed("dmarc")):
        return True
    signed = [
        each.domain("header.d") or each.domain("header.i") for each in results.passed("dkim")
    ] + [each.domain("smtp.mailfrom") for each in results.passed("spf")]
    return any(is_house_or_parent(domain, house) for domain in signed)


def is_house_or_parent(domain: str, house: str) -> bool:
    return "." in domain and (house == domain or house.endswith(f".{domain}"))


def _of_report(report: Report, mail: Mail) -> Inbound:
    ours = next((each for each in report.message_ids if REFERENCE.match(each)), "")
    external_id = (ours or next(iter(report.message_ids), ""))[: wire.MAX_ID]
    recipient = next(iter(report.recipients), "")
    if report.action == "complaint":
        return InboundOptOut(
            recipient=recipient,
            reason=report.reason,
            external_id=external_id,
            reference=reference_in(external_id),
        )
    if report.action == "delayed":
        return Unsupported(reason=f"Not delivered yet; the server goes on trying: {report.reason}")
    return _status(
        state=report.action,
        external_id=external_id,
        reference=reference_in(external_id),
        recipient=recipient,
        at=mail.sent_at,
        code=report.status,
        reason=report.reason,
        is_permanent=report.is_permanent,
    )


def meaning_of_event(event: Event) -> list[Inbound]:
    """News from a service about a letter of ours."""
    if event.meaning == SEEN:
        return [Unsupported(reason="Opens and clicks are made by machines too; nothing is read.")]
    if event.meaning == DELAYED:
        return [Unsupported(reason=f"Not delivered yet: {event.reason or event.name}"[:500])]
    reference = event.reference or reference_in(event.message_id)
    if event.meaning == COMPLAINT:
        reason = f"They unsubscribed or marked our letter as spam ({event.name})."
        return [
            InboundOptOut(
                recipient=event.recipient,
                reason=reason,
                external_id=event.message_id,
                reference=reference,
            )
        ]
    if not event.message_id and not reference and not event.recipient:
        return [Unsupported(reason=f"The {event.name} event names no letter.")]
    return [
        _status(
            state=event.meaning,
            external_id=event.message_id,
            reference=reference,
            recipient=event.recipient if event.meaning == FAILED else "",
            at=event.at,
            code=event.code,
            reason=event.reason or event.name,
            is_permanent=event.is_permanent,
        )
    ]


def _status(
    *,
    state: str,
    external_id: str,
    reference: str,
    recipient: str,
    at: datetime | None,
    code: str,
    reason: str,
    is_permanent: bool,
) -> InboundStatus:
    failed = state == "failed"
    return InboundStatus(
        external_id=external_id,
        state=state,
        at=at,
        reference=reference,
        recipient=recipient,
        error_code=(code or "bounced") if failed else "",
        error_text=_line(reason) if failed else "",
        unreachable=failed and is_permanent,
    )


def reference_in(message_id: str) -> str:
    """Our own reference, if the letter is one of ours."""
    found = REFERENCE.match(message_id)
    return found[1].lower() if found else ""


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:500]
