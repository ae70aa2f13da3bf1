"""What somebody wrote themselves: without the letter they answer and without their signature.

Line by line, in time that grows with the length of the text and nothing else. Where a rule would
leave no words at all, the words stay: a quoted line too many harms less than a lost question.
"""

import re
from dataclasses import dataclass

MAX_LINES = 5_000
MAX_LINE = 1_000
WINDOW = 5  # lines over which a mail program may break "On … wrote:"
MAX_INTRODUCTION = 450
MAX_SIGNATURE = 15  # lines


@dataclass(frozen=True, slots=True)
class Reply:
    """``signature`` is kept apart: it often holds a phone number or a company's name."""

    text: str
    signature: str = ""
    has_quote: bool = False


def own_words(text: str) -> Reply:
    """Part what is new from what is quoted and from the signature."""
    lines = [line[:MAX_LINE].rstrip() for line in text.split("\n")[:MAX_LINES]]
    kept, has_quote = _without_quotes(lines)
    if not any(line.strip() for line in kept):
        kept, has_quote = lines, False
    body, signature = _without_signature(kept)
    if not any(line.strip() for line in body):
        body, signature = kept, []
    return Reply(_joined(body), _joined(signature), has_quote)


def _joined(lines: list[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


# -- what is quoted

_WROTE = (
    r"wrote|writes|schrieb|schrieben|escribi[oó]|a écrit|ha scritto|escreveu|schreef|geschreven"
    r"|skrev|kirjoitti|napisał(?:\(a\)|a)?|napsal(?:\(a\)|a)?|написал(?:\(а\)|а)?|пишет|пише"
    r"|yazdı|έγραψε|כתב|כתבה|كتب(?:ت)?|كتب/ت|đã viết|menulis|a scris|írta|写道|寫道|書きました"
    r"|작성"
)
WROTE = re.compile(rf"(?:^|[\W\d日])(?:{_WROTE})(?:\W|$)", re.IGNORECASE)
ENDS = re.compile(r"(?:[:：]|-{2,})\s*$")
# Gmail in Russian, Ukrainian and some others names nothing but date and address.
DATED = re.compile(r"^[^\n]*\d{4}[^\n]*\d{1,2}[:.]\d{2}[^\n]*<[^<>\s]+@[^<>\s]+>\s*[:：]$")
OPENING = re.compile(
    r"^[\s*>-]*(?:on|am|le|el|il|in data|em|op|den|den \w+|w dniu|dnia|dne|pe|la|"
    r"в|от|в пн|on the|في|بتاريخ|tarihinde|vào|pada|"
    r"\w{2,4}[.,]+ ?(?:den )?\d|\d{1,4}[./年-]|[^\n]{1,80}<[^<>\s]+@[^<>\s]+>)",
    re.IGNORECASE,
)
HAS_DATE = re.compile(r"\d{1,2}[:.h]\d{2}|\d{4}|\d{1,2}[./]\d{1,2}|\b\d{1,2}\b")
SEPARATOR = re.compile(
    r"^[\s>*]*[-_=*—]{2,}\s*(?:original message|original appointment|ursprüngliche nachricht"
    r"|originalnachricht|mensaje original|message d['’]origine|message original"
    r"|messaggio originale|mensagem original|oorspronkelijk bericht|ursprungligt meddelande"
    r"|oprindelig meddelelse|opprinnelig melding|alkuperäinen viesti|oryginalna wiadomość"
    r"|wiadomość oryginalna|původní zpráva|исходное сообщение|пересылаемое сообщение"
    r"|orijinal mesaj|الرسالة الأصلية|رسالة أصلية|הודעה מקורית|原始邮件|原始郵件|元のメッセージ"
    r"|원본 메시지|reply message|antwort)\s*[-_=*—]*\s*$",
    re.IGNORECASE,
)
FROM = re.compile(
    r"^[\s>*]*(?:from|von|de|da|van|från|fra|frå|od|от|від|من|מאת|lähettäjä|kimden|gönderen|feladó"
    r"|发件人|寄件者|寄件人|差出人|보낸 사람|보낸사람)\s*\*?\s*[:：]\s*\*?\s*(?P<rest>.*)$",
    re.IGNORECASE,
)
FIELD = re.compile(
    r"^[\s>*]*(?:sent|date|to|cc|subject|gesendet|datum|an|betreff|enviado(?: el| em)?|fecha|para"
    r"|asunto|envoyé(?: le)?|date|à|objet|inviato|data|a|oggetto|assunto|verzonden|aan|onderwerp"
    r"|skickat|till|ämne|sendt|til|emne|lähetetty|vastaanottaja|aihe|wysłano|do|temat|odesláno"
    r"|komu|předmět|отправлено|дата|кому|тема|تاريخ|التاريخ|إلى|الموضوع|تم الإرسال|أرسلت"
    r"|נשלח|אל|נושא|gönderilme|tarih|kime|konu|发送时间|日期|收件人|主题|主旨|送信日時|日時|宛先"
    r"|件名|보낸 날짜|받는 사람|제목)\s*\*?\s*[:：]",
    re.IGNORECASE,
)
RULE = re.compile(r"^\s*[-_=*—]{8,}\s*$")


def _without_quotes(lines: list[str]) -> tuple[list[str], bool]:
    kept: list[str] = []
    has_quote = False
    at = 0
    while at < len(lines):
        line = lines[at]
        if SEPARATOR.match(line) or _is_header_block(lines, at):
            return _trimmed(kept), True
        length = _introduction(lines, at)
        if length:
            has_quote = True
            at += length
            if not _is_quoted_next(lines, at):
                return _trimmed(kept), True  # the whole rest is what it introduces
        elif line.lstrip().startswith(">"):
            has_quote = True
            at += 1
        else:
            kept.append(line)
            at += 1
    return _trimmed(kept), has_quote


def _introduction(lines: list[str], at: int) -> int:
    """How many lines from here say "On … somebody wrote:"; 0 if none do."""
    if not OPENING.match(lines[at]):
        return 0
    said = ""
    for length, line in enumerate(lines[at : at + WINDOW], start=1):
        said = f"{said} {line.lstrip('> ')}".strip()
        if not line.strip() or len(said) > MAX_INTRODUCTION:
            return 0
        if ENDS.search(said) and (_says_who_wrote(said) or DATED.match(said)):
            return length
    return 0


def _says_who_wrote(said: str) -> bool:
    return bool(WROTE.search(said) and HAS_DATE.search(said))


def _is_quoted_next(lines: list[str], at: int) -> bool:
    following = next((line for line in lines[at:] if line.strip()), "")
    return following.lstrip().startswith(">")


def _is_header_block(lines: list[str], at: int) -> bool:
    """Outlook's way: From, Sent, To, Subject, one below the other."""
    found = FROM.match(lines[at])
    if not found or len(found["rest"]) > 300:
        return False
    fields = sum(1 for line in lines[at + 1 : at + 9] if FIELD.match(line))
    return fields >= 2


def _trimmed(lines: list[str]) -> list[str]:
    """Without the rule or the gap that stood before a quote."""
    end = len(lines)
    while end and (not lines[end - 1].strip() or RULE.match(lines[end - 1])):
        end -= 1
    return lines[:end]


# -- the signature

DELIMITER = re.compile(r"^\s*(?:--|—|–|__|[-_—=*]{3,})\s*$")
SENT_FROM = re.compile(
    r"^\s*(?:sent (?:from|via|with) (?:my |the )?(?=[\w ]{0,30}(?:iphone|ipad|android|samsung|"
    r"blackberry|galaxy|mobile|phone|mail|outlook|gmail|proton|yahoo|typeapp|huawei|pixel|device))"
    r"|get outlook for|von meinem .{1,40} gesendet|gesendet (?:von|mit)|diese nachricht wurde von"
    r" meinem|enviado desde|enviado do meu|envoyé (?:de|depuis|à partir)|inviato da|verstuurd vanaf"
    r"|verzonden (?:vanaf|met)|skickat från|sendt fra|lähetetty|wysłane z|odesláno z"
    r"|отправлено (?:с|из)|أ?ُ?رسل(?:ت)? من|تم الإرسال من|iphone.{0,20}から送信|发自我的"
    r"|나의 iphone)[^\n]{0,150}$",
    re.IGNORECASE,
)
CLOSING = re.compile(
    r"^\s*(?:(?:best|kind|warm|warmest|many)? ?regards|best wishes|best|cheers|sincerely"
    r"|yours (?:sincerely|truly|faithfully)|(?:many )?thanks(?: and regards)?|thank you"
    r"|mit (?:freundlichen|besten|herzlichen|lieben) gr(?:ü|ue)(?:ß|ss)en"
    r"|(?:freundliche|viele|beste|liebe|herzliche|schöne) gr(?:ü|ue)(?:ß|ss)e|mfg|lg|vg"
    r"|(?:un )?(?:cordial )?saludos?(?: cordiales)?|atentamente|un abrazo|cordialement"
    r"|bien (?:à vous|cordialement)|(?:sincères )?salutations(?: distinguées)?|cordiali saluti"
    r"|distinti saluti|atenciosamente|abraços|met vriendelijke groet(?:en)?|groeten"
    r"|med vänliga hälsningar|venlig hilsen|pozdrawiam|с уважением|مع (?:أطيب )?(?:ال)?تحيات?ي?"
    r"|تحياتي|وتفضلوا بقبول فائق الاحترام|saygılarımla)\s*[,.!،]?\s*$",
    re.IGNORECASE,
)
POINT = re.compile(r"^\s*\d{1,2}[.)] ")
RULED = re.compile(r"^\s*[-_—=*]{3,}\s*$")
THANKS = re.compile(
    r"^\s*(?:(?:many )?thanks|thank you|danke|gracias|merci|grazie|obrigad[oa]|bedankt|شكرا)"
    r"\s*[,.!،]?\s*$",
    re.IGNORECASE,
)


def _without_signature(lines: list[str]) -> tuple[list[str], list[str]]:
    has_words = False
    for at, line in enumerate(lines):
        if has_words and _starts_signature(lines, at):
            return _trimmed(lines[:at]), lines[at:]
        has_words = has_words or bool(line.strip())
    return lines, []


def _starts_signature(lines: list[str], at: int) -> bool:
    line, after = lines[at], lines[at + 1 :]
    behind = [each for each in after if each.strip()]
    if SENT_FROM.match(line):
        return len(behind) <= 3
    if DELIMITER.match(line):
        return len(behind) <= MAX_SIGNATURE and not any(map(_is_of_a_text, behind))
    if THANKS.match(line):  # is as often the first word of a wish as the last of a letter
        return len(behind) <= 2 and all(_is_name(each) for each in behind)
    if CLOSING.match(line):
        return len(behind) <= 8 and all(_is_short(each) for each in behind)
    return False


def _is_of_a_text(line: str) -> bool:
    """A long line, a numbered point or one more rule: the text goes on below."""
    return len(line) > 120 or bool(POINT.match(line) or RULED.match(line))


def _is_short(line: str) -> bool:
    return len(line) <= 90 and not line.rstrip().endswith("?")


def _is_name(line: str) -> bool:
    return len(line) <= 40 and not line.rstrip().endswith(("?", ".", "!"))
