"""Times a text speaks of, past ones and repeated ones too; what a lead plans is in ``entities``."""

import re
from collections.abc import Iterator

from agents.offline.letters import latin_digits
from agents.offline.values import Found, matches

_MONTH = (
    r"january|february|march|april|may|june|july|august|september|october|november|december"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec"
    r"|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre|ene|abr|ago|dic"
    r"|يناير|فبراير|مارس|[أا]بريل|مايو|يونيو|يوليو|[أا]غسطس|سبتمبر|[أا]كتوبر|نوفمبر|ديسمبر|[أآا]يار|نيسان|حزيران|تموز|شباط|كانون الثاني|كانون الأول"
    r"|رمضان|شوال|محرم|رجب|شعبان|ربيع (?:الأول|الثاني)|جمادى (?:الأول|الثاني|الآخر)ة?|ذو (?:الحجة|القعدة)"
)
_NUMBER = (
    r"(?:\d{1,3}(?:\.\d+)?|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|few|several|couple of"
    r"|un[ao]?|dos|tres|cuatro|cinco|seis|siete|ocho|diez|doce|quince|[úu]ltimos?|pr[óo]ximos?|unos|بضع[ةه]?|ثلاثة?|أربعة?|خمسة?|عدة)"
)
_SPAN = (
    r"(?:seconds?|minutes?|mins?|hours?|hrs?|(?:business |working )?days?|nights?|weeks?|weekends?|months?|quarters?|years?|decades?"
    r"|segundos?|minutos?|horas?|d[íi]as?|noches?|semanas?|mes(?:es)?|trimestres?|a[ñn]os?|d[ée]cadas?"
    r"|ثاني[ةه]|ثواني|دقيق[ةه]|دقائق|ساع[ةه]|ساعات|يوم|أيام|ايام|أسبوع|اسبوع|أسابيع|اسابيع|شهر|أشهر|شهور|سن[ةه]|سنوات|عام)"
)
_ORDINAL = r"\d{1,2}(?:st|nd|rd|th|º|ª)"
_HALF = r"(?:mornings?|afternoons?|evenings?|nights?|noon|midnight|midday|lunch|dinner|ma[ñn]ana|tarde|noche|mediod[íi]a|madrugada|صباح[اًا]*|مساء[ً]?|الصباح|المساء|الظهر|ظهرا|العصر|الليل)"
_PATTERNS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:the |el )?(?:{_ORDINAL}|\d{{1,2}})[ -]?(?:of |de )?(?<!\w)(?:{_MONTH})\b\.?(?:,? ?-?(?:of |de |del )?\d{{4}})?",
        rf"(?<!\w)(?:{_MONTH})\.?,?[ -](?:the )?\d{{1,4}}(?:st|nd|rd|th)?(?:[ ,-]+\d{{4}})?(?!\w)",
        rf"(?<=\bin |\bde |\ben |\bof )(?:{_MONTH})\b|(?:في|هذا|شهر) (?:{_MONTH})(?!\w)",
        rf"\b(?:the )?{_ORDINAL}\b|\b(?:el|d[íi]a) \d{{1,2}}\b(?! (?:%|euros?|d[óo]lares|personas))",
        r"\b\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}\b|\b\d{4}[/-](?:\d{1,2}|[a-z]{3})(?:[/-]\d{1,2})?\b|\b[a-z]{3}-\d{1,2}-\d{4}\b|\b\d{1,2}/\d{1,2}\b",
        rf"(?:for |in |within |last |next |past |the last |the next |dentro de |hace |durante |por |los |desde hace |(?:لمدة|منذ|بعد|خلال|قبل|كل|في) ?ل?)?(?<!\w)ل?{_NUMBER}[ -]{_SPAN}(?!\w)(?: ago| later| القادمة| الماضية)?",
        rf"(?:last|next|this|past|previous|coming|following|every|each) (?:few )?{_SPAN}\b|(?:last|next|this|every) (?:mon|tues|wednes|thurs|fri|satur|sun)day",
        r"(?:la |el |esta? |este |cada |pr[óo]xim[oa] |[úu]ltim[oa] ){1,2}(?:semana|mes|a[ñn]o|trimestre|d[ée]cada|noche|tarde|ma[ñn]ana|d[íi]a)(?: (?:pasad[oa]|siguiente|anterior|que viene|pr[óo]xim[oa]|posterior))?\b",
        r"(?<!\w)(?:semana|mes|a[ñn]o|trimestre) (?:pasad[oa]|siguiente|que viene|pr[óo]xim[oa])\b|\b(?:a[ñn]o|a finales de|a principios de|finales de|inicios de|entre|desde|antes de|despu[ée]s de|year|since|until|from|after|before|in|late|early|عام|سنة) (?:19|20)\d{2}s?\b",
        rf"(?:at |from |between |by |until |after |before |a las? |de las? |las |entre (?:las )?|الساعة ?|في )?\d{{1,2}}(?:[:. h]\d{{2}})?(?: ?(?:to|-|and|y|a|و) ?\d{{1,2}}(?:[:. ]\d{{2}})?)? ?(?:in the |at |de la |del |por la |في )?{_HALF}\b",
        r"\b\d{1,2}(?:[:.]\d{2})? ?(?:-|to) ?\d{1,2}(?:[:.]\d{2})? ?(?:am|pm)\b|\b\d{1,2}:\d{2}\b|\b(?:at|anytime (?:before|after)|a las?) (?:\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce)\b(?! (?:%|people|rooms?))|\b\d{1,2} o'?clock\b|\bl[ao]s? (?:una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce)(?: (?:y media|y cuarto))?\b|(?<!\w)الساعة \w+",
        rf"\b(?:in the|this|that|before|after|at|by|por la|de la|esta|antes de la?|all) {_HALF}\b|(?:في|هذا|هذه) {_HALF}",
        r"\b(?:yesterday|tonight|today|tomorrow|nowadays|currently|daily|weekly|monthly|yearly|annually|quarterly|weekdays?|weekends?|right now|at the moment|the day after tomorrow|recently)\b",
        r"\b(?:ayer|anoche|anteayer|hoy|ma[ñn]ana|ahora|diariamente|semanalmente|mensualmente|anualmente|semestralmente|anual|mensual|semanal|trimestral|fin de semana)\b",
        r"(?<!\w)(?:أمس|امس|اليوم|الآن|الان|غد[اًا]*|الغد|البارحة|حاليا|يوميا|أسبوعيا|شهريا|سنويا|هذا الصيف|هذا الشتاء|(?:الأسبوع|الشهر|العام) الماضي|كل (?:يوم|أسبوع|شهر|سنة)(?: \w+)?|يوم \d{1,2}/\d{1,2}|ليلة \w+)(?!\w)",
        r"\b(?:spring|summer|autumn|winter|fall) (?:of )?\d{4}\b|\b(?:next|last|this|el pr[óo]ximo|este) (?:spring|summer|autumn|winter|verano|invierno)\b|\b(?:\d|first|second|third|fourth|primer|[1-4]º) (?:quarter|trimestre)\b|\bq[1-4]\b|\b(?:19|20)\d{2}s\b",
        r"\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)days?\b|\b(?:lunes|martes|mi[ée]rcoles|jueves|viernes|s[áa]bados?|domingos?)\b",
    )
]


def times(text: str) -> Iterator[Found]:
    """Each expression once; of two that overlap the one of the earlier pattern."""
    digits = latin_digits(text)
    taken: list[Found] = []
    for pattern in _PATTERNS:
        for one in matches("timeline", pattern, digits):
            if not any(one.start < other.end and other.start < one.end for other in taken):
                taken.append(one)
                yield one
