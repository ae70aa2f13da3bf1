"""What people say about themselves, found by rules in English, Spanish and Arabic.

A finding keeps its place in the text: what we believe must stand literally in what was said.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

import phonenumbers

from agents.offline.letters import latin_digits
from agents.offline.lists import begins_with_a_name
from agents.offline.places import PLACES
from agents.offline.values import Found, matches

NAME = r"[A-ZÁÉÍÓÚÑÜ][\w'’.-]+(?: (?:de|del|la|al|bin|van|von|O'|Mc)?\s?[A-ZÁÉÍÓÚÑÜ][\w'’-]+){0,3}"
ARABIC = r"[\u0621-\u064a]+"


@lru_cache(maxsize=256)
def find_entities(text: str) -> tuple[Found, ...]:
    """Everything found, in the order of the text; of two that overlap the surer one.

    Kept: a message is looked through by each step that has a question of its own.
    """
    digits = latin_digits(text)
    found: list[Found] = []
    for finder in FINDERS:
        for one in finder(text, digits):
            if one.value and not any(one.start < f.end and f.start < one.end for f in found):
                found.append(one)
    return tuple(sorted(found, key=lambda one: one.start))


def without_addresses(text: str, found: Iterable[Found]) -> str:
    """The text with a word for every e-mail address and phone number in it.

    How to reach somebody says nothing about what they want, but spam is full of it: a customer
    who leaves both would be taken for an advertiser.
    """
    for one in sorted(found, key=lambda one: one.start, reverse=True):
        if one.name in {"email", "phone"}:
            text = f"{text[: one.start]}it{text[one.end :]}"
    return text


# -- e-mail and phone

_EMAIL = re.compile(
    r"[\w.+-]{1,64}@(?:[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,24}|\[\d{1,3}(?:\.\d{1,3}){3}\])(?![\w])"
)


def emails(text: str, digits: str) -> Iterator[Found]:
    yield from matches("email", _EMAIL, text)


_PHONE_CUE = re.compile(
    r"(?:phone|call|whatsapp|tel|mobile|number|reach|text me|tel[eé]fono|m[oó]vil|ll[aá]m\w*|n[uú]mero|celular|رقم\w*|هاتف\w*|جوال\w*|واتس\w*|اتصل\w*|موبايل\w*)",
    re.IGNORECASE,
)
_LOCAL = re.compile(r"(?<![\w.,$€£/-])\(?\d[\d() .-]{6,16}\d(?![\w%]|[.,]\d)")
_REGIONS = ("US", "GB", "ES", "SA", "AE")


def phones(text: str, digits: str) -> Iterator[Found]:
    """International numbers anywhere; local ones where they look like a phone."""
    taken: list[tuple[int, int]] = []
    for match in phonenumbers.PhoneNumberMatcher(
        digits, None, leniency=phonenumbers.Leniency.POSSIBLE
    ):
        taken.append((match.start, match.end))
        yield Found("phone", match.start, match.end, digits[match.start : match.end])
    for local in _LOCAL.finditer(digits):
        start, end = local.span()
        if any(start < b and a < end for a, b in taken):
            continue
        number = re.sub(r"\D", "", local.group())
        cued = _PHONE_CUE.search(digits[max(0, start - 25) : start])
        if 7 <= len(number) <= 13 and (cued or _is_somewhere_valid(local.group())):
            yield Found("phone", start, end, local.group().strip())


def _is_somewhere_valid(number: str) -> bool:
    for region in _REGIONS:
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(number, region)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False


# -- money

_SCALE = r"(?:k|m|bn|mil(?:lones)?|thousand|million|billion|trillion|mil millones|millones|lakh|crore|الف|ألف|آلاف|الاف|مليون|ملايين|مليار)"
_AMOUNT = rf"\d+(?:[.,٬ ]\d{{3}})*(?:[.,]\d+)?(?:\s?{_SCALE}(?![a-z])){{0,2}}"
_SPELT = rf"(?:a|an|half|half a|one|two|three|five|ten|twenty|fifty|hundred|un|dos|tres|cinco|diez) (?:hundred|{_SCALE})"
_UNIT_AFTER = r"(?:de )?(?:(?:us|american|australian|canadian|swiss|singapore) )?(?:dollars?|bucks|cents?|usd|euros?|eur|pounds?|pence|quid|gbp|pesos?|centavos|pesetas|peniques|mxn|inr|rs|rupees|rupias|yen|yenes|jpy|yuan|rmb|renminbi|francs?|francos|chf|marks?|marcos|kr|kronor|d[oó]lares|libras|aed|sar|egp|kwd|qar|dirhams?|riyals?|dinars?|ريال(?:ا)?|درهم(?:ا)?|دولار(?:ا)?|يورو|جنيه(?:ا)?|دينار(?:ا)?|ليرة|€|\$|£|元|¥)"
_UNIT_BEFORE = (
    r"(?:us\$|u\$d|u\$s|a\$|c\$|hk\$|\$|€|£|₹|¥|usd|eur|gbp|aed|sar|chf|rs\.?|inr|mxn|s/)"
)
_PER = r"(?:\s?(?:/|per|a|al|por|لل|في ال|كل)\s?(?:month|year|person|head|night|mes|a[nñ]o|persona|noche|شهر|سنة|واحد|شخص)\w*)?"
_MONEY = re.compile(
    rf"(?:{_UNIT_BEFORE}\s?{_AMOUNT}(?:\s?{_UNIT_AFTER})?|(?<!\d)(?:{_AMOUNT}|\b{_SPELT})\s?{_UNIT_AFTER}(?!\w)){_PER}",
    re.IGNORECASE,
)
_BUDGET_CUE = re.compile(
    rf"(?:budget|presupuesto|ميزاني\w*|الميزانية)\D{{0,20}}(?P<it>{_AMOUNT})", re.IGNORECASE
)


def budgets(text: str, digits: str) -> Iterator[Found]:
    yield from matches("budget", _MONEY, digits)
    yield from matches("budget", _BUDGET_CUE, digits)


# -- how many work there

_SIZE = re.compile(
    r"(?<![\d.,])\d[\d.,]{0,6}(?:\s?(?:-|–|to|a)\s?\d[\d.,]{0,6})?\s"
    r"(?:employees|staff\b|empleados|trabajadores|موظف\w*)|\b(?:team|staff) of \d{1,5}\b",
    re.IGNORECASE,
)


def sizes(text: str, digits: str) -> Iterator[Found]:
    yield from matches("company_size", _SIZE, digits)


# -- time

_MONTH = "january|february|march|april|may|june|july|august|september|october|november|december|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|يناير|فبراير|مارس|أبريل|ابريل|مايو|يونيو|يوليو|أغسطس|اغسطس|سبتمبر|أكتوبر|اكتوبر|نوفمبر|ديسمبر|رمضان"
_DAY = "monday|tuesday|wednesday|thursday|friday|saturday|sunday|lunes|martes|mi[eé]rcoles|jueves|viernes|s[aá]bado|domingo|الأحد|الاثنين|الإثنين|الثلاثاء|الأربعاء|الاربعاء|الخميس|الجمعة|السبت"
_SPAN = r"(?:days?|weeks?|months?|years?|hours?|d[ií]as?|semanas?|mes(?:es)?|a[nñ]os?|horas?|يوم|أيام|ايام|أسبوع|اسبوع|أسابيع|اسابيع|شهر|أشهر|اشهر|شهور|سنة|سنوات|ساعة|ساعات)"
_SOME = r"(?:\d{1,3}|a|an|one|two|three|four|five|six|a few|couple of|the next|un|una|dos|tres|cuatro|cinco|seis|pocos)"
_TIMES = [
    rf"(?:by|before|until|on|in|early|late|mid|end of|the end of|from|starting|para|antes de|a finales de|a principios de|desde|en|قبل|بداية|نهاية|من|في)?\s*(?:the |el |this |next |este |شهر )?(?:\d{{1,2}}(?:st|nd|rd|th)?(?: of| de)? )?\b(?:{_MONTH})\b(?: \d{{1,2}}(?:st|nd|rd|th)?(?!\d))?(?:,? (?:de )?\d{{4}})?",
    rf"(?:by|before|until|on|this|next|antes del?|para el|el|este|pr[oó]ximo|قبل|يوم|من)?\s*(?:next |this |pr[oó]ximo )?\b(?:{_DAY})\b(?: (?:morning|afternoon|evening|night|por la (?:ma[nñ]ana|tarde|noche)|القادم))?",
    rf"(?:within|in|for|during|over|dentro de|en|durante|por|خلال|بعد|لمدة|في)\s+(?:the next |los pr[oó]ximos )?{_SOME}\s*{_SPAN}",
    r"(?:خلال|بعد|لمدة)\s+(?:أسبوعين|اسبوعين|شهرين|يومين|سنتين|ساعتين|أسبوع|اسبوع|شهر|يوم|سنة|\d+ \S+)",
    r"\b(?:today|tonight|tomorrow(?: (?:morning|afternoon|evening|night))?|asap|this (?:week|weekend|month|year|quarter|summer|winter|spring|autumn|fall|morning|afternoon|evening)|next (?:week|weekend|month|year|quarter|summer|winter|spring|fall)|as soon as possible|right away|immediately|end of (?:the )?(?:week|month|year|quarter)|q[1-4](?: \d{4})?)\b",
    r"\b(?:hoy|ma[nñ]ana|esta (?:semana|noche|tarde)|este (?:mes|a[nñ]o|fin de semana|verano)|(?:la )?(?:pr[oó]xima semana|semana que viene)|(?:el )?(?:pr[oó]ximo mes|mes que viene|a[nñ]o que viene)|cuanto antes|lo antes posible|fin de (?:mes|a[nñ]o))\b",
    r"(?:اليوم|الليلة|غد[اًا]+|بكرة|هذا (?:الأسبوع|الاسبوع|الشهر|العام)|(?:الأسبوع|الاسبوع|الشهر|العام) (?:القادم|المقبل|الجاي)|هالأسبوع|في أقرب وقت|نهاية (?:الشهر|الأسبوع|العام)|(?:بداية|أول) (?:الشهر|السنة)(?: (?:القادم|الجاي|المقبلة))?)",
    r"\b\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b|\b\d{4}-\d{2}-\d{2}\b",
    r"\b(?:at |a las )?\d{1,2}(?::\d{2})?\s?(?:am|pm|a\.m\.|p\.m\.)(?!\w)|\b(?:at|a las) \d{1,2}(?::\d{2})?\b",
]
# What each of them cannot do without, and is quickly seen: most messages name no time.
_ARABIC_LETTER, _DIGIT = "[\u0621-\u064a]", r"\d"
_NEEDED = (_MONTH, _DAY, _SPAN, _ARABIC_LETTER, "", "", _ARABIC_LETTER, _DIGIT, _DIGIT)
_TIME = [
    (re.compile(needed, re.IGNORECASE), re.compile(pattern, re.IGNORECASE))
    for needed, pattern in zip(_NEEDED, _TIMES, strict=True)
]


def timelines(text: str, digits: str) -> Iterator[Found]:
    for needed, pattern in _TIME:
        if needed.search(digits):
            yield from matches("timeline", pattern, digits)


# -- people, companies, roles, places

_NAMES = [
    re.compile(rf"(?i:\b(?:my name is|my name's|i am|i'm|this is|it's|im|name:))\s+(?P<it>{NAME})"),
    re.compile(rf"(?i:\b(?:me llamo|mi nombre es|soy|le escribe|habla|nombre:))\s+(?P<it>{NAME})"),
    re.compile(
        rf"(?:\b(?:اسمي|معك|معاك|معكم)|(?<!\w)(?:أنا|انا))\s+(?P<it>{ARABIC}(?: (?!من\b|في\b|مدير|صاحب|مسؤول|أريد|اريد|أبحث|ابحث|أعمل|اعمل|مهتم)(?:{ARABIC})){{0,2}})"
    ),
    re.compile(
        rf"(?i:\b(?:regards|thanks|cheers|best|saludos|gracias|atentamente)),?\s*[\n—–-]*\s*(?P<it>{NAME})\s*$"
    ),
    re.compile(
        rf"^(?P<it>{NAME}), (?=[A-ZÁÉÍÓÚÑ][\w&.' -]+(?: (?:Ltd|LLC|Inc|GmbH|SL|SA|Co)\b|[.,]))"
    ),
    re.compile(rf"[—–-]\s?(?P<it>{NAME})\s*$"),
]
# After "I'm" and "soy" stands a name only sometimes.
_NO_NAME = re.compile(
    r"^(?:hi|hello|hey|dear|good|thanks|thank|hola|buen[oa]s|yes|no|please|interested|looking|trying|from|in|not|just|having|very|so|the|a|an|on|at|here|still|also|ready|sorry|cliente|un|una|el|la|de|متأكد|مهتم|اريد|أريد|ابحث|أبحث|عميل|في|من|عندي|محتاج|جاهز|لست|عالق\w*|حابب?|بدي|موافق|صاحب\w*|مدير\w*)\b",
    re.IGNORECASE,
)
_COMPANIES = [
    re.compile(
        r"(?P<it>(?:[A-ZÁÉÍÓÚÑ][\w&'’-]+ ){1,4}(?:Ltd|LLC|Inc|GmbH|S\.?L\.?U?|S\.?A\.?(?: de C\.?V\.?)?|Corp|Co|PLC|Group|Studio|Labs|Technologies|Solutions|Partners|Agency|Consulting)\b\.?)"
    ),
    re.compile(
        r"(?i:\b(?:from|at|with|for|represent|work (?:at|for)|owner of|behalf of|company is|company:|de la empresa|de|en la empresa|empresa|trabajo en|represento a))\s+(?P<it>[A-ZÁÉÍÓÚÑ][\w&'’-]+(?: (?:[A-ZÁÉÍÓÚÑ][\w&'’-]+|&|y|de|del)){0,3})"
    ),
    re.compile(
        rf"(?P<it>(?:شركة|مؤسسة|مجموعة|مصنع|مطعم|عيادة|مكتب|متجر)\s+(?:ال)?{ARABIC}(?: (?:ل|ال|و){ARABIC}){{0,2}})"
    ),
]
_ROLES = [
    re.compile(
        r"(?i:\b(?:i am|i'm|as) (?:the |an? |our )?)(?P<it>(?i:(?:[\w-]+ ){0,2}(?:manager|director|owner|founder|co-founder|ceo|cto|cfo|coo|cmo|head of [\w ]+?|engineer|developer|buyer|consultant|coordinator|assistant|principal|doctor|dentist|teacher|student))\b)"
    ),
    re.compile(
        r"(?P<it>\b(?:CEO|CTO|CFO|COO|CMO|Head of [A-Z]\w+|(?:[A-Z]\w+ )?(?:Manager|Director|Founder|Owner))\b)"
    ),
    re.compile(
        r"(?i:\bsoy (?:el |la |un |una )?)(?P<it>(?i:(?:director|gerente|due[nñ]o|fundador|jefe|responsable|encargado|propietari[oa]|administrador|ingenier[oa]|m[eé]dic[oa]|abogad[oa]|estudiante)\w*(?: (?:de|comercial|general)(?: \w+)?)?))"
    ),
    re.compile(
        r"(?P<it>(?:مدير|مديرة|صاحب|صاحبة|مؤسس|مسؤول|مسؤولة|رئيس|مهندس|مهندسة|طالب|طالبة|دكتور)\s+(?:ال)?[\u0621-\u064a]+)"
    ),
]
_PLACE_CUES = [
    re.compile(
        r"(?i:\b(?:based in|located in|live in|living in|ship to|deliver(?:y)? to|deliver in|in|near|from|to|around|vivo en|estoy en|env[ií]an a|env[ií]os a|en|cerca de|desde|a))\s+(?P<it>[A-ZÁÉÍÓÚÑ][\w'’-]+(?: (?:de |del |la )?[A-ZÁÉÍÓÚÑ][\w'’-]+){0,2})"
    ),
    re.compile(
        r"(?:(?<!\w)(?:في|إلى|الى|لمدينة|مدينة|فرع|من)\s+)(?P<it>(?:ال)?[\u0621-\u064a\u064b-\u0652]+)"
    ),
]
_NOT_A_PLACE = re.compile(
    rf"^(?:{_MONTH}|{_DAY}|english|spanish|arabic|español|inglés|the|my|your|our|this|that|it|i|we)$",
    re.IGNORECASE,
)


def names(text: str, digits: str) -> Iterator[Found]:
    for pattern in _NAMES:
        for one in matches("name", pattern, text):
            if not _NO_NAME.match(one.value) and one.value.casefold() not in PLACES:
                yield one


def companies(text: str, digits: str) -> Iterator[Found]:
    for pattern in _COMPANIES:
        for one in matches("company", pattern, text):
            if one.value.casefold() not in PLACES and not _NOT_A_PLACE.match(one.value):
                yield one


def roles(text: str, digits: str) -> Iterator[Found]:
    for pattern in _ROLES:
        yield from matches("role", pattern, text)


def known_places(text: str, digits: str) -> Iterator[Found]:
    """Places by name, whatever stands before them, and in Arabic with their prepositions."""
    yield from matches("location", _KNOWN_PLACE, text)


def cued_places(text: str, digits: str) -> Iterator[Found]:
    for one in matches("location", _PLACE_CUES[0], text):
        if not _NOT_A_PLACE.match(one.value) and not begins_with_a_name(one.value):
            yield one


_KNOWN_PLACE = re.compile(
    r"(?<!\w)(?:[بلو]|لل)?(?P<it>"
    + "|".join(sorted(map(re.escape, PLACES), key=len, reverse=True))
    + r")(?!\w)",
    re.IGNORECASE,
)

# -- what they want

_STOP = r"(?=\s*(?:[.,;:!?؟،\n]|$|\b(?:by|before|for (?:my|our|the|a)\b|in|at|with|until|and (?:i|we)|but|please|para|antes|en|con|pero|por favor|y (?:me|nos|el)|de (?:acuerdo))\b|قبل|خلال|في|بحدود|و(?:ال|ن|أ)|من فضلك))"
_THING = r"[^.,;:!?؟،\n]{3,60}?"
_INTERESTS = [
    re.compile(
        rf"(?i:\b(?:interested in|looking (?:for|to (?:buy|get|rent|lease|book|outsource))|want to (?:buy|order|book|get|purchase)|(?:i|we)(?:'d| would) like (?:to (?:buy|order|book|get) )?|need(?:s|ed)?(?: to (?:buy|order|book|get))?|(?:price|cost|quote|quotation) (?:of|for)|how much (?:is|are|does|do|for)|do you (?:have|sell|offer)|order(?:ing)?|buy|purchase|book))\s+(?P<it>(?!(?:to|you|it|is|if|me|that|help|know)\b){_THING}){_STOP}"
    ),
    re.compile(
        rf"(?i:\b(?:me interesa|nos interesa|interesad[oa] en|busco|buscamos|quiero (?:comprar|pedir|reservar|contratar)|quisiera(?: comprar| pedir| reservar)?|necesito (?:comprar|cotizar|un presupuesto (?:de|para))?|necesitamos|precio de[l]?|cu[aá]nto (?:cuesta|vale|cuestan)|tienen|queremos))\s+(?P<it>(?!(?:que|saber|ayuda|si)\b){_THING}){_STOP}"
    ),
    re.compile(
        rf"(?:(?<!\w)(?:مهتم[ة]? (?:ب|في)|نحتاج|احتاج|أحتاج|نبحث عن|ابحث عن|أبحث عن|أريد شراء|اريد شراء|ابغى|أبغى|ابي|نريد طلب|نريد|سعر|كم سعر|حجز)\s*)(?P<it>(?:ال)?[\u0621-\u064a0-9\u064b-\u0652][^.,;:!?؟،\n]{{2,50}}?){_STOP}"
    ),
]


def interests(text: str, digits: str) -> Iterator[Found]:
    for pattern in _INTERESTS:
        yield from matches("interest", pattern, digits)


FINDERS: tuple[Callable[[str, str], Iterator[Found]], ...] = (
    emails,
    phones,
    budgets,
    sizes,
    timelines,
    roles,
    names,
    known_places,
    companies,
    cued_places,
    interests,
)
