"""What a sentence claims besides its numbers: promises that bind, and what it is about.

Each is a concept with its words in English, Spanish and Arabic, as folded() leaves them. A promise
must be made by a source; a sentence about one thing does not stand on a quote about another.
"""

import re

from agents.offline.letters import folded

_PROMISES = {
    "free": (
        r"(?<!feel )\bfree\b(?! to\b)|\bcomplimentary\b|\b(?:at )?no (?:extra |additional )?(?:cost|charge|fee)s?\b|without (?:any )?(?:extra )?(?:cost|charge)|on the house",
        r"\bgratis\b|\bgratuit\w+|\bsin (?:ningun )?(?:coste|costo|cargo|gastos?)\b|\bcorre (?:de|por) (?:nuestra|mi) cuenta",
        r"مجان\w*|(?:بدون|بلا|دون) (?:اي )?(?:رسوم|تكلفه|تكاليف|مقابل|ثمن)|علي حسابنا",
    ),
    "guarantee": (r"\bguarante\w+|\bwarrant\w+", r"\bgarant\w+", r"ضمان|مضمون|كفال[هة]|نضمن|نكفل"),
    "vouched": (
        r"\b(?:we|i)(?: can| will|'ll)? (?:guarantee|promise|assure)\b|\bmy word\b",
        r"\b(?:te|le|os|les) (?:garantiz|promet|asegur)\w+|\b(?:garantizamos|prometemos|aseguramos)\b",
        r"نضمن|اضمن|نعد(?:ك|كم)|اعدك|نوكد لك",
    ),
    "refund": (
        r"\brefund\w*|\bmoney back\b|\breimburs\w+",
        r"\breembols\w+|\bdevolve\w+ (?:\w+ )?(?:dinero|importe)|\bdevolucion del (?:dinero|importe)",
        r"استرداد|نرد (?:لك )?(?:ال)?(?:مبلغ|مال)|نعيد (?:لك )?(?:ال)?(?:مبلغ|مال)|سنعيد|تعويض",
    ),
    "discount": (
        r"\bdiscount\w*|\b(?:percent|%) off\b|\bpromo\w*|\bvouchers?\b|\bcoupons?\b|\bcheaper\b|\bhalf price\b|\bspecial (?:price|offer)\b|\btwo for one\b",
        r"\bdescuent\w+|\brebaj\w+|\bpromocion\w*|\bcupon\w*|\bmitad de precio\b|\boferta\b|\bdos por uno\b",
        r"خصم|تخفيض|قسيمه|كوبون|نصف السعر|عرض خاص",
    ),
    "at_once": (
        r"\btoday\b|\btonight\b|\bright away\b|\bimmediate\w*|\binstant\w*|\bsame[- ]day\b|\bwithin the hour\b|\bstraight away\b|\bthis (?:morning|afternoon|evening)\b",
        r"\bhoy\b|\besta (?:tarde|noche)\b|\bahora mismo\b|\binmediat\w+|\bmismo dia\b|\bal instante\b|\benseguida\b",
        r"(?<!\w)اليوم(?! التالي)(?!\w)|فورا|حالا|في الحال|نفس اليوم|هذا المساء|خلال ساعه",
    ),
    "tomorrow": (
        r"\btomorrow\b|\bnext[- ](?:business |working )?day\b|\bovernight\b",
        r"(?<!la )\bmanana\b(?! por)|\bdia siguiente\b|\bde un dia para otro\b",
        r"غدا|بكره|اليوم التالي",
    ),
    "next": (
        r"\bnext (?:week|month|year|spring|summer)\b|\bby (?:the )?(?:weekend|end of)\b|\bthis weekend\b",
        r"\b(?:semana|mes|ano) que viene\b|\bproxim[oa] (?:semana|mes|ano)\b|\bfin de semana\b",
        r"(?:الاسبوع|الشهر|العام) (?:القادم|المقبل)|نهايه الاسبوع",
    ),
    "always": (
        r"\b24 ?/ ?7\b|\baround the clock\b|\b24 hours\b|\bday and night\b|\b(?:365 days|every day of the year)\b|\bany time\b|\bat all hours\b|\balways open\b",
        r"\b24 horas\b|\bdia y noche\b|\btodos los dias del ano\b|\bcualquier (?:hora|momento)\b|\bsiempre abiert\w+",
        r"علي مدار الساعه|24 ساعه|ليل نهار|طوال (?:اليوم|السنه)|في اي وقت",
    ),
    "lifetime": (
        r"\blifetime\b|\bfor life\b|\bforever\b|\bunlimited\b|\bas often as you (?:like|want)\b",
        r"\bde por vida\b|\bpara siempre\b|\bilimitad\w+|\bsin limites?\b",
        r"مدي الحياه|الي الابد|غير محدود|بلا حدود|للابد",
    ),
    "everywhere": (
        r"\bworldwide\b|\ball over the world\b|\b(?:any|every) country\b|\binternational\w*|\beverywhere\b|\banywhere\b",
        r"\btodo el mundo\b|\b(?:cualquier|todos los) (?:pais|lugar|paises)\b|\binternacional\w*",
        r"(?:جميع|كل) (?:انحاء|دول) العالم|جميع الدول|اي (?:مكان|بلد|دوله)|دولي",
    ),
    "instalments": (
        r"\binstal?ments?\b|\bfinanc(?:e|ing)\b|\bpay (?:monthly|later)\b|\binterest[- ]free\b",
        r"\ba plazos\b|\bcuotas\b|\bfinancia\w+|\bsin intereses\b|\bpaga\w* despues\b",
        r"تقسيط|اقساط|تمويل|بدون فوائد|الدفع لاحقا",
    ),
    "certified": (
        r"\bcertifi\w+|\bapproved by\b|\baward\w*|\bofficial\w*|\blicen[cs]ed\b|\bpatented\b",
        r"\bcertifica\w+|\bpremiad\w+|\boficial\w*|\bhomologad\w+|\bpatentad\w+",
        r"معتمد|شهاده|جائزه|رسمي|مرخص|براءه",
    ),
    "gift": (
        r"\bgifts?\b|\bbonus\b|\bas a thank[- ]you\b|\bthrow in\b|\bon top\b",
        r"\bregal\w+|\bobsequi\w+|\bde propina\b",
        r"هديه|هدايا|مكافاه",
    ),
    "done": (
        r"\b(?:i|we)(?:'ve| have)? (?:already |just )?(?:reserved|booked|sent|shipped|cancel(?:l)?ed|emailed|ordered|arranged|informed|applied|activated|extended|upgraded)\b|\byour order (?:has|is|was)\b|\bhas been (?:reserved|booked|cancel(?:l)?ed|shipped|refunded|applied)\b",
        r"\b(?:he|hemos) (?:ya )?(?:reservado|enviado|cancelado|pedido|aplicado|activado|ampliado|informado)\b|\btu pedido (?:ha|esta|fue)\b|\bqueda (?:reservad|cancelad|confirmad)\w+|\bya (?:esta|te)\b.{0,20}(?:reservad|enviad)\w+",
        r"(?:قمنا|قمت|لقد) (?:ب|ا)?\w*(?:حجز|ارسال|الغاء|ارسلنا|حجزنا|الغينا)\w*|تم (?:حجز|ارسال|الغاء|تاكيد|شحن)|حجزنا|ارسلنا|الغينا",
    ),
    "will_act": (
        r"\b(?:we|i|they|(?:a|our|the) (?:\w+ )?(?:technician|manager|expert|driver|team|colleague))(?:'ll| will) (?:personally )?(?:call|ring|visit|come|collect|pick|install|assemble|match|beat|waive|extend|hold|replace|send you)\b|\b(?:call|ring) you back\b|\bprice match\w*|\bmatch (?:any|every|the|all) (?:\w+ )?prices?\b",
        r"\b(?:te|le|os) (?:llamar|visitar|recoger|instalar|montar|igualar|enviar|cambiar|guardar)\w+\b|\b(?:un|nuestro) (?:tecnico|gerente|experto|equipo) (?:te|le|ira|pasara|visitara|llamara)\b|\bigualamos (?:el|cualquier) precio\b",
        r"سنتصل|سيتصل|سنزور|سيزور|سنرسل|سنستبدل|سيقوم|سنقوم|فني|نطابق|سنحتفظ",
    ),
    "best": (
        r"\b(?:best|lowest|cheapest) (?:price|in|on|of)\b|\bcheapest\b|\bnumber one\b|\bmarket leader\b|\bunbeatable\b|\brisk[- ]free\b|\bno risk\b",
        r"\bmejor(?:es)? precios?\b|\bmas barat\w+|\bnumero uno\b|\blider\b|\binmejorable\w*|\bsin (?:ningun )?riesgo\b",
        r"افضل سعر|ارخص|رقم واحد|الاول في|لا مثيل|بدون مخاطر",
    ),
    "installed": (
        r"\b(?:assembl|install)\w+",
        r"\bmontaje\b|\bmont(?:ar|amos|ado)\b|\binstala\w+",
        r"تركيب|نركب",
    ),
    "insured": (r"\binsur(?:ed|ance)\b", r"\basegurad\w+|\bseguro (?:incluido|gratis|de)\b", r"تامين|مومن"),
}  # fmt: skip
_SUBJECTS = {
    "delivery": (
        r"\bdeliver\w*|\bship(?:s|ped|ping|ments?)?\b|\barriv\w+|\bdispatch\w*",
        r"\bentreg\w+|\benvi(?:o|os|amos|ar|an)\b|\bllega\w*|\breparto\b",
        r"توصيل|نوصل|شحن|تسليم|يصل|تصل|وصول",
    ),
    "return": (
        r"\breturn(?:s|ed|ing)?\b|\bsend (?:it )?back\b|\bexchang\w+",
        r"\bdevol(?:ver|ucion|uciones|verlo|verla|uelve)\w*|\bcambi(?:o|ar|arlo)\b",
        r"ارجاع|اعاده|استبدال|ترجع|ترجيع",
    ),
    "warranty": (r"\bwarrant\w+|\bguarante\w+", r"\bgarant\w+", r"ضمان|كفاله"),
    "hours": (
        r"\bopen(?:s|ing)?\b|\bclos(?:e|es|ed|ing)\b|\bopening hours\b",
        r"\babr(?:e|en|imos|ir)\b|\babiert\w+|\bcierra\w*|\bcerra\w+|\bhorario\w*",
        r"مفتوح|يفتح|تفتح|يغلق|تغلق|مغلق|ساعات العمل|دوام|مواعيد",
    ),
    "load": (
        r"\bcarr(?:y|ies)\b|\bload\b|\bsupports? up to\b|\bhold(?:s)? up to\b|\bweigh\w*",
        r"\bsoporta\w*|\baguanta\w*|\bcarga\b|\bpesa\b|\bpeso\b",
        r"يحمل|تحمل|حموله|يتحمل|وزن",
    ),
}  # fmt: skip

PROMISES = {name: re.compile("|".join(parts)) for name, parts in _PROMISES.items()}
SUBJECTS = {name: re.compile("|".join(parts)) for name, parts in _SUBJECTS.items()}
_NEGATION = re.compile(
    r"\b(?:not|never|cannot|no longer|none)\b|n't\b"
    r"|\b(?:no|nunca|jamas|tampoco)\b(?! (?:extra|additional|cost|charge|fee))"
    r"|(?<!\w)(?:لا|ليس|ليست|لن|لم|غير|بدون)(?!\w)"
)


def promises(text: str) -> dict[str, str]:
    """The promises a text makes, each with the words that make it."""
    words = folded(text)
    found = ((name, pattern.search(words)) for name, pattern in PROMISES.items())
    return {name: match.group(0) for name, match in found if match}


def subjects(text: str) -> set[str]:
    """What a text is about, as far as that can be told by words."""
    words = folded(text)
    return {name for name, pattern in SUBJECTS.items() if pattern.search(words)}


def is_negated(text: str) -> bool:
    return bool(_NEGATION.search(folded(text)))
