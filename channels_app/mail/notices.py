"""Letters that no person wrote: bounces, complaints, out-of-office notes, lists.

RFC 3464 (delivery status), RFC 5965 (abuse reports), RFC 3834 (automatic answers), and the
shapes that mail servers which follow none of them have had for decades.
"""

import re
from dataclasses import dataclass

from channels_app.mail.headers import Headers
from channels_app.mail.reading import Mail

SCANNED = 100_000  # characters of a report that are searched


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a mail server says about a letter of ours. ``message_ids`` are the letters it names,
    ``recipients`` the addresses; ``action`` is failed, delayed, delivered or complaint."""

    action: str
    message_ids: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    status: str = ""  # 5.1.1
    reason: str = ""

    @property
    def is_permanent(self) -> bool:
        """There is no such mailbox, or it wants nothing of ours; a full one heals."""
        return self.action == "failed" and self.status.startswith(PERMANENT)


# https://www.iana.org/assignments/smtp-enhanced-status-codes
PERMANENT = ("5.1.", "5.0.0", "5.2.1", "5.7.1", "5.4.4")


def report_of(mail: Mail) -> Report | None:
    """The report that a letter is, or None if it is a letter."""
    if _complaint_fields(mail):
        return _complaint(mail)
    fields = _status_fields(mail)
    if not fields and not _looks_like_bounce(mail):
        return None
    if "disposition-notification" in mail.headers.get("content-type").lower():
        return None
    body = "\n".join([mail.text, *(text for _, text in mail.extra)])[:SCANNED]
    return Report(
        action=_action(fields, mail),
        message_ids=_message_ids(mail, body),
        recipients=_recipients(mail, fields, body),
        status=_status(fields, body),
        reason=_reason(fields, body),
    )


# -- delivery reports

FIELD = re.compile(
    r"^(action|status|final-recipient|original-recipient|diagnostic-code)[ \t]*:"
    r"[ \t]*([^\n]{0,500}(?:\n[ \t]+[^\n]{1,500}){0,10})",
    re.IGNORECASE | re.MULTILINE,
)
DAEMON = re.compile(
    r"^(?:mailer-?daemon|mail-?daemon|mdaemon|post_?master|mail-?delivery|mail-?deliver-?system"
    r"|bounce|bounces|maildaemon|noreply-bounce|mail\.delivery\.system|microsoftexchange[0-9a-f]*)"
    r"(?:[+\-_=.][^@]*)?@",
    re.IGNORECASE,
)
BOUNCE_SUBJECT = re.compile(
    r"undeliver|un-?deliver|returned mail|return(?:ed)? to sender|mail(?: system)? error"
    r"|mail delivery (?:failed|failure|problem|subsystem|status|error)"
    r"|delivery (?:status|failure|failed|error|problem|has failed|notification|report)"
    r"|failure notice|failed delivery|not be delivered|could not (?:be delivered|send)"
    r"|message (?:not delivered|delivery)|non-?delivery|bounce notification|mail failure"
    r"|rejected|warning: (?:could not|message)|delayed|no se (?:pudo|puede|ha podido) entregar"
    r"|mensaje no entregado|devuelto|unzustellbar|nicht zugestellt|zustellung fehlgeschlagen"
    r"|nicht zustellbar|non remis|échec (?:de|d')|non distribu|mancata consegna|não entregue"
    r"|недоставлен|не доставлен|配信|不達|エラー|تعذر (?:ال)?تسليم|لم يتم (?:ال)?تسليم",
    re.IGNORECASE,
)
BOUNCE_TEXT = re.compile(
    r"(?:recipient|mailbox|user|address|account)[^\n]{0,60}(?:not found|unknown|does not exist"
    r"|rejected|unavailable|full|over quota|disabled|is not|invalid|no such)"
    r"|could not be delivered|couldn't be delivered|unable to deliver|delivery (?:failed|errors?)"
    r"|user unknown|unknown user|no such user|\b5\d\d[ -]5\.\d\.\d\b|returned (?:to you|message)"
    r"|undeliverable|\b550\b",
    re.IGNORECASE,
)
WARNING = re.compile(r"\bdelay|\bwarning", re.IGNORECASE)
STILL_TRYING = re.compile(r"^action:[ \t]*delayed", re.IGNORECASE | re.MULTILINE)
CODE = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
SMTP_CODE = re.compile(r"(?<![\d.])([45]\d\d)[ -](?=\D)")
NAMED_ID = re.compile(r"^[> \t]*message-id[ \t]*:[ \t]*\n?[ \t]*(<[^<>\s]{3,500}>)", re.I | re.M)
BRACKETED = re.compile(r"<([^\s<>@]{1,120}@[^\s<>]{1,190})>")


def _status_fields(mail: Mail) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for mime, text in mail.extra:
        if "delivery-status" in mime:
            for name, value in FIELD.findall(text[:SCANNED]):
                found.setdefault(name.lower(), []).append(" ".join(value.split()))
    return found


def _looks_like_bounce(mail: Mail) -> bool:
    kind = mail.headers.get("content-type").lower()
    if "multipart/report" in kind and "delivery-status" in kind:
        return True
    if mail.headers.get("x-failed-recipients"):
        return True
    from_daemon = DAEMON.match(mail.sender[1]) or _is_from_nobody(mail)
    if not from_daemon:
        return False
    said = BOUNCE_SUBJECT.search(mail.subject) or BOUNCE_TEXT.search(mail.text[:SCANNED])
    return bool(said) and not _is_auto_reply(mail.headers, mail.subject)


def _is_from_nobody(mail: Mail) -> bool:
    """The empty reverse path (RFC 5321 section 4.5.5), or no sender at all."""
    return mail.headers.get("return-path") == "<>" or not mail.sender[1]


def _action(fields: dict[str, list[str]], mail: Mail) -> str:
    said = {action.lower().split(" ")[0].split("(")[0] for action in fields.get("action", [])}
    if "failed" in said:
        return "failed"
    if "delayed" in said:
        return "delayed"
    if said & {"delivered", "relayed", "expanded"}:
        return "delivered"
    statuses = fields.get("status", [])
    if statuses and all(status.startswith("4") for status in statuses):
        return "delayed"
    said_so = WARNING.search(mail.subject) or STILL_TRYING.search(mail.text[:SCANNED])
    return "delayed" if said_so else "failed"


def _message_ids(mail: Mail, body: str) -> tuple[str, ...]:
    found = [each for each in NAMED_ID.findall(body) if each != mail.message_id]
    found += [each for each in mail.references if each not in found]
    return tuple(dict.fromkeys(found))[:20]


def _recipients(mail: Mail, fields: dict[str, list[str]], body: str) -> tuple[str, ...]:
    named = fields.get("original-recipient", []) + fields.get("final-recipient", [])
    found = [value.partition(";")[2] or value for value in named]
    found += mail.headers.get("x-failed-recipients").split(",")
    if not any("@" in each for each in found):
        found = BRACKETED.findall(body)
    cleaned = (each.strip().strip("<>").lower().removeprefix("mailto:") for each in found)
    not_meant = {address for _, address in mail.headers.people("to")}
    not_meant |= {each.strip("<>").lower() for each in NAMED_ID.findall(body)}
    return tuple(dict.fromkeys(e for e in cleaned if "@" in e and e not in not_meant))[:20]


def _status(fields: dict[str, list[str]], body: str) -> str:
    for value in (*fields.get("status", []), *fields.get("diagnostic-code", []), body):
        if found := CODE.search(value):
            return found[1]
    found_code = SMTP_CODE.search(body)
    return f"{found_code[1][0]}.0.0" if found_code else ""


def _reason(fields: dict[str, list[str]], body: str) -> str:
    said = next(iter(fields.get("diagnostic-code", [])), "")
    said = said.partition(";")[2].strip() or said
    if not said:
        line = next((each for each in body.split("\n") if BOUNCE_TEXT.search(each)), "")
        said = " ".join(line.split())
    return said[:300] or "The letter came back."


# -- complaints

FEEDBACK = re.compile(
    r"^(original-rcpt-to|removal-recipient|feedback-type|original-mail-from)[ \t]*:[ \t]*([^\n]+)",
    re.IGNORECASE | re.MULTILINE,
)


def _complaint_fields(mail: Mail) -> dict[str, str]:
    reports = [text for mime, text in mail.extra if mime == "message/feedback-report"]
    kind = mail.headers.get("content-type").lower()
    if not reports and not ("multipart/report" in kind and "feedback-report" in kind):
        is_legacy = "complaint about" in mail.subject.lower() and bool(DAEMON.match(mail.sender[1]))
        return {"feedback-type": "abuse"} if is_legacy else {}
    found = {name.lower(): value.strip() for name, value in FEEDBACK.findall("\n".join(reports))}
    return found or {"feedback-type": "abuse"}


def _complaint(mail: Mail) -> Report:
    fields = _complaint_fields(mail)
    body = "\n".join([*(text for _, text in mail.extra), mail.text])[:SCANNED]
    named = [fields.get("original-rcpt-to", ""), fields.get("removal-recipient", "")]
    recipients = [each.strip("<> ").lower() for each in named if "@" in each]
    for mime, text in mail.extra:
        if not recipients and mime in {"message/rfc822", "text/rfc822-headers"}:
            said = re.search(r"^to:([^\n]+)", text, re.IGNORECASE | re.MULTILINE)
            inner = Headers([("to", said[1])] if said else [])
            recipients = [address for _, address in inner.people("to")]
    return Report(
        action="complaint",
        message_ids=_message_ids(mail, body),
        recipients=tuple(dict.fromkeys(recipients)),
        reason=f"They marked our letter as {fields.get('feedback-type', 'abuse')}."[:300],
    )


# -- automatic answers and lists

AUTO_SUBJECT = re.compile(
    r"^\s*(?:(?:re|aw|sv|antw|fwd?)\s*:\s*)?(?:auto(?:matic)?[ -]?(?:reply|response|respon)"
    r"|auto[: ]|out of (?:the )?office|out-of-office|ooo\b|on (?:vacation|holiday|leave)"
    r"|i am away|away from my mail|vacation (?:reply|response)"
    r"|automatische antwort|abwesenheit|abwesend|nicht im büro|ich bin im urlaub|urlaubs"
    r"|respuesta automática|respuesta automatica|fuera de (?:la )?oficina|ausente|ausencia"
    r"|réponse automatique|absence|absent du bureau|en congé|message automatique"
    r"|risposta automatica|fuori (?:sede|ufficio)|resposta automática|automatisch antwoord"
    r"|afwezig|autosvar|automatiskt svar|frånvaro|automatyczna odpowiedź|автоответ|нет на месте"
    r"|automaattinen vastaus|otomatik yanıt|不在|自動(?:返信|応答)|自动回复"
    r"|رد تلقائي|الرد التلقائي|رد آلي|خارج المكتب|إجازة)",
    re.IGNORECASE,
)
FLAGS = (
    "x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "x-auto-response",
    "x-vacation", "x-mail-autoreply", "x-ms-exchange-inbox-rules-loop",
)  # fmt: skip


def quiet_reason(mail: Mail) -> str:
    """Why nobody is to be called for this letter; empty if somebody is waiting for an answer."""
    if _is_auto_reply(mail.headers, mail.subject):
        return "An automatic reply."
    precedence = mail.headers.get("precedence").lower()
    if mail.headers.get("list-id") or precedence in {"bulk", "list"}:
        return "Sent to a mailing list."
    if "disposition-notification" in mail.headers.get("content-type").lower():
        return "A receipt that our letter was opened."
    return ""


def _is_auto_reply(headers: Headers, subject: str) -> bool:
    submitted = headers.get("auto-submitted").lower().partition(";")[0].strip()
    if submitted and submitted != "no":
        return True
    if headers.get("precedence").lower() in {"auto_reply", "auto-reply", "junk"}:
        return True
    flagged = any(headers.get(name).lower() not in {"", "no", "false"} for name in FLAGS)
    return flagged or bool(AUTO_SUBJECT.match(subject))
