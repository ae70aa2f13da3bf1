"""How much harm a reply could do if it is wrong: a sum of reasons that people can read.

Each reason has points and, where words gave rise to it, the words. Nothing is learnt and
nothing is hidden: the level is the sum.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from agents.guardrails.mentions import mentions
from agents.guardrails.orders import gives_orders
from agents.offline.letters import folded

MEDIUM_FROM = 3
HIGH_FROM = 6


class Level(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a reply is riskier; ``quote`` are the words that say so, folded."""

    code: str
    points: int
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Risk:
    """The reasons in the order they were found, and what they come to."""

    reasons: tuple[Reason, ...] = ()

    @property
    def points(self) -> int:
        return sum(reason.points for reason in self.reasons)

    @property
    def level(self) -> Level:
        if self.points >= HIGH_FROM:
            return Level.HIGH
        return Level.MEDIUM if self.points >= MEDIUM_FROM else Level.LOW

    @property
    def codes(self) -> list[str]:
        return [reason.code for reason in self.reasons]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What is known when a reply has been drafted."""

    said: str  # the contact's newest words
    reply: str
    confidence: float
    gate: float
    sentiment: float = 0.0
    language: str = ""
    detected: str = ""  # the language their words look like, "" where they are too few to tell
    is_public: bool = False
    is_first_in_public: bool = False
    dropped: int = 0  # sentences that were taken out because nothing supported them
    was_rewritten: bool = False
    extra: tuple[Reason, ...] = ()  # what only the caller knows


POINTS = {
    "legal": 6,
    "medical": 6,
    "privacy_in_public": 6,
    "very_negative": 6,
    "orders": 6,
    "complaint": 4,
    "money_promised": 4,
    "refund": 3,
    "cancel": 3,
    "negative": 3,
    "low_confidence": 3,
    "sentences_dropped": 3,
    "rewritten": 2,
    "language_uncertain": 2,
    "first_public_reply": 1,
}
SURE_MARGIN = 0.08  # above the gate, where an answer begins to be sure
NEGATIVE, VERY_NEGATIVE = -0.4, -0.65

# What the contact speaks of. Written as folded() leaves words; Arabic carries its particles.
_TOPICS = {
    "legal": (
        r"\b(?:lawyers?|attorneys?|solicitors?|lawsuit|sue|suing|legal (?:action|advice|claim)|court|"
        r"gdpr|data protection|ombudsman|consumer (?:protection|rights)|police|"
        r"abogad[oa]s?|demanda(?:r|re|remos)|denuncia(?:r|re)?|juzgado|tribunal|policia|"
        r"consumo|hoja de reclamaciones|proteccion de datos)\b",
        r"محامي|محاميه|محكمه|قضاء|دعوي قضائيه|مقاضا|شرطه|حمايه المستهلك|بلاغ رسمي",
    ),
    "medical": (
        r"\b(?:doctor|medical|medicines?|medication|dosage|dose|side effects?|allerg(?:y|ic|ies)|pregnan(?:t|cy)|"
        r"symptoms?|diagnos\w+|prescription|injur(?:y|ed)|rash|disease|"
        r"medic[oa]s?|medicamentos?|dosis|efectos secundarios|alergi(?:a|as|co|ca)|embaraz\w+|"
        r"sintomas?|diagnostic\w+|receta medica|lesion\w*|enfermedad)\b",
        r"طبيب|طبي|دواء|ادويه|جرعه|اعراض جانبيه|حساسيه|حامل|حمل وانا|مرض|تشخيص|وصفه طبيه|اصابه",
    ),
    "complaint": (
        r"\b(?:complain(?:t|ts|ing)?|unacceptable|scam(?:med|mers)?|fraud|rip[- ]?off|"
        r"(?:worst|terrible|awful|horrible) (?:service|experience|company|support)|bad review|one star|"
        r"quejas?|quejarme|reclamacion(?:es)?|reclamar|inaceptable|estafa\w*|timo|"
        r"(?:pesimo|pesima|fatal|horrible) (?:servicio|atencion|experiencia))\b",
        r"شكوي|اشتكي|نصب|احتيال|نصابين|غير مقبول|اسوا خدمه|خدمه سيئه|سيئه جدا",
    ),
    "refund": (
        r"\b(?:refund\w*|money back|chargeback|reimburse\w*|compensat\w+|"
        r"reembols\w+|devolver(?:me)? el dinero|devolucion del dinero|indemniz\w+|compensacion)\b",
        r"استرداد|استرجاع (?:المبلغ|المال|فلوس)|ارجاع (?:المبلغ|المال|فلوس)|رد (?:المبلغ|المال)|تعويض",
    ),
    "cancel": (
        r"\b(?:cancel(?:l?ed|l?ing|lation)?|unsubscribe|terminate|close my account|delete my account|"
        r"cancel(?:ar|o|acion|aciones|en)|dar(?:me)? de baja|anular|anulacion|rescindir|"
        r"(?:cerrar|borrar|eliminar) mi cuenta)\b",
        r"الغاء|الغي|الغوا|انهاء (?:العقد|الاشتراك)|(?:حذف|اغلاق) حسابي",
    ),
}  # fmt: skip
TOPICS = {code: re.compile("|".join(parts)) for code, parts in _TOPICS.items()}

# What our reply binds the company to: money given, waived or given back, or a guarantee.
PROMISED = re.compile(
    r"\b(?:we(?:'ll| will| can| are going to)?|i(?:'ll| will| can)?|you(?:'ll| will)?)\b.{0,30}\b(?:refund|reimburse|compensate|credit(?: you)?|waive|"
    r"(?:get|receive|have) (?:your money back|a (?:full )?refund|a credit|a voucher)|(?:give|offer) you (?:a |an )?(?:\d+ ?% ?)?(?:discount|voucher|credit|extra))\b"
    r"|\b(?:we|i) (?:guarantee|promise)\b"
    r"|\b(?:te|le|os|les) (?:reembols\w+|devolv\w+ el dinero|compens\w+|abon\w+|regal\w+|hacemos un descuento|garantiz\w+|promet\w+)"
    r"|\bgarantizamos\b|\bprometemos\b"
    r"|(?:سنرد|سنعيد|نعيد|سنسترد|سنعوض|نعوض\w*|سنمنح\w*|نضمن|نعدك|نعدكم)"
)  # fmt: skip
_NEVER_PUBLIC = ("email", "phone")


def risk_of(signals: Signals) -> Risk:
    """Everything that speaks for being careful with this reply."""
    return Risk(
        (
            *_of_what_they_said(signals.said),
            *_of_the_reply(signals),
            *_of_how_sure_we_are(signals),
            *signals.extra,
        )
    )


def reason(code: str, quote: str = "") -> Reason:
    """A reason of the table with its points."""
    return Reason(code, POINTS[code], quote[:80])


def topics_of(text: str) -> list[Reason]:
    """The delicate topics a text speaks of, each with the words that do."""
    words = folded(text)
    found = ((code, pattern.search(words)) for code, pattern in TOPICS.items())
    return [reason(code, match.group(0)) for code, match in found if match]


def _of_what_they_said(said: str) -> Iterable[Reason]:
    if gives_orders(said):
        yield reason("orders")
    yield from topics_of(said)


def _of_the_reply(signals: Signals) -> Iterable[Reason]:
    if promised := PROMISED.search(folded(signals.reply)):
        yield reason("money_promised", promised.group(0))
    if signals.is_public and (told := _personal(signals)):
        yield reason("privacy_in_public", told)
    if signals.is_first_in_public:
        yield reason("first_public_reply")
    if signals.dropped:
        yield reason("sentences_dropped")
    if signals.was_rewritten:
        yield reason("rewritten")


def _personal(signals: Signals) -> str:
    """The contact's own address or number, said again where everybody reads it."""
    theirs, ours = mentions(signals.said), mentions(signals.reply)
    for kind in _NEVER_PUBLIC:
        if shared := getattr(theirs, kind) & getattr(ours, kind):
            return kind if shared else ""
    return ""


def _of_how_sure_we_are(signals: Signals) -> Iterable[Reason]:
    if signals.confidence < signals.gate + SURE_MARGIN:
        yield reason("low_confidence")
    if signals.sentiment <= VERY_NEGATIVE:
        yield reason("very_negative")
    elif signals.sentiment <= NEGATIVE:
        yield reason("negative")
    if signals.detected and signals.language and signals.detected != signals.language:
        yield reason("language_uncertain")
