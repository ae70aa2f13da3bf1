"""Kinds of question that have something in common in every trade: price, hours, place, time.

What asks for one, and what an answer to it must have in it, in English, Spanish and Arabic.
"""

import re
from dataclasses import dataclass

from agents.offline.letters import folded
from agents.offline.places import PLACES

_AMOUNT = r"[$€£₹]\s?\d|\d\s?(?:[$€£₹]|euros?\b|eur\b|dollars?|usd|pounds?|gbp|pesos|dolares|sar|aed|egp|kwd|qar|ريال|درهم|يورو|دولار|جنيه|دينار)|\b(?:free|gratis|gratuit\w+|included|no (?:\w+ )?(?:charge|fees?|costs?)|incluid[oa]s?|sin (?:\w+ )?(?:coste|cargo))\b|مجان|مشمول|يشمل"
_PERCENT = r"\d\s?(?:%|٪|percent|por ciento|بالمي?ه)|\b(?:discounts?|rebates?|cheaper|descuentos?|rebajas?|\d+ (?:euros?|dollars?|pounds?|usd|eur) (?:less|off)|euros menos)\b|خصم|تخفيض"
_TIME = r"\d{1,2}[:.]\d{2}|\b(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|lunes|martes|miercoles|jueves|viernes|sabado|domingo)s?\b|\d\s?(?:am|pm|h)\b|\b(?:noon|midnight|o'clock|in the (?:morning|afternoon|evening)|at (?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)|de la (?:manana|tarde|noche)|24 hours|24 horas|all day|every day|todos los dias)\b|الاثنين|الثلاثاء|الاربعاء|الخميس|الجمعه|السبت|الاحد|صباح|مساء|ظهر|يوميا|عطله|مغلق|\b(?:closed|cerrad[oa]s?)\b|\b(?:january|february|march|april|june|july|august|september|october|november|december|enero|febrero|marzo|abril|junio|julio|agosto|septiembre|octubre|noviembre|diciembre)\b"
_WHILE = r"\d+\s?(?:-\s?\d+\s)?(?:\w+ )?(?:minutes?|hours?|days?|weeks?|months?|years?|minutos?|horas?|dias?|semanas?|mes(?:es)?|anos?|km|miles|دقيق\w*|ساع\w*|ايام|يوم\w*|اسبوع\w*|اسابيع|شهر|اشهر|شهور|سن\w+|كيلومتر\w*)|\b(?:one|two|three|four|five|six|seven|ten|fourteen|thirty|un|una|dos|tres|cuatro|cinco|seis|siete|diez|quince|treinta)\s(?:\w+ )?(?:minutes?|hours?|days?|weeks?|months?|years?|minutos?|horas?|dias?|semanas?|mes(?:es)?|anos?)\b|(?:يومين|يومان|اسبوعين|شهرين|سنتين|ايام|اسابيع|اشهر)"
_PLACE = (
    r"\b(?:street|st\.|road|avenue|square|lane|boulevard|floor|find us|located|address|opposite|next to|calle|avenida|plaza|paseo|carretera|ubicad\w+|estamos en|direccion|junto a|frente a|planta)\b|شارع|طريق|ميدان|يقع|تقع|العنوان|مقابل|بجانب|حي |الدور|(?<!\w)(?:"
    + "|".join(sorted(map(re.escape, map(folded, PLACES)), key=len, reverse=True))
    + r")(?!\w)"
)
_SUPPLY = r"\b(?:there (?:is|are)|has|hay|available|in stock|sold out|out of stock|to order|on order|ready|immediately|disponibles?|agotad[oa]s?|bajo pedido|en stock|existencias|we have|come in|comes in|tenemos)\b|متوفر|تتوفر|يتوفر|متاح|نفد|عند الطلب|لدينا"


@dataclass(frozen=True, slots=True)
class Kind:
    """``asked`` and ``answered`` read folded text; ``words`` are the usual ones by language."""

    name: str
    asked: re.Pattern[str]
    answered: re.Pattern[str]
    words: tuple[tuple[str, str], ...]

    def usual(self, language: str) -> str:
        """How such an answer is headed in most companies' own words."""
        return dict(self.words).get(language, self.words[0][1])

    @property
    def everywhere(self) -> str:
        return " ".join(words for _, words in self.words)

    def is_in(self, text: str) -> bool:
        return bool(self.answered.search(text))


def _kind(name: str, asked: str, answered: str, en: str, es: str, ar: str) -> Kind:
    words = (("en", en), ("es", es), ("ar", ar))
    return Kind(name, re.compile(asked), re.compile(answered), words)


KINDS = (
    _kind(
        "discount",
        r"\b(?:discounts?|rebates?|descuentos?|rebajas?)\b|(?:ال)?(?:خصم|خصومات|تخفيض|تخفيضات)",
        _PERCENT,
        "discount",
        "descuento",
        "خصم",
    ),
    _kind(
        "while",
        r"\b(?:how long(?: (?:does|do|will|is|are|can) (?:it|they|that)? ?(?:take|last|need)?)?|how many (?:days|weeks|hours|months)|how (?:soon|fast|quickly|far)|cuanto (?:tiempo|tardan?|duran?)|cuantos (?:dias|meses)|cuantas (?:semanas|horas)|en cuanto llega)\b|كم (?:يوم|مده|من الوقت|تستغرق|يستغرق|ساعه|ياخذ|ياخد|تاخذ|تدوم|تكفي)(?: (?:ياخذ|ياخد|تستغرق|يستغرق|مده))?|كم (?=ال?\w+ يستغرق)|مده",
        _WHILE,
        "how long it takes",
        "plazo, tiempo",
        "مدة",
    ),
    _kind(
        "price",
        r"\b(?:how much (?:is|are|does|do|for|to|would)?(?: (?:it|they|the))?(?: cost)?|price|prices|pricing|cost|costs|fees?|rates?|charge for|cuanto (?:cuesta|cuestan|vale|valen|es|son|sale|cobran)|a (?:cuanto|como)|cuestan?|precios?|tarifas?|cuotas?|coste|costo|included|incluid[oa]s?|incluye|free|gratis)\b|(?:ال)?(?:سعر|اسعار|تكلفه|ثمن|رسوم)\w*|بكم|تكلف|كم (?:ثمن|سعر|تكلفه|حق)|قديش|مشمول|يشمل|مجاني\w*",
        _AMOUNT,
        "price",
        "precio",
        "سعر",
    ),
    _kind(
        "hours",
        r"\b(?:(?:at )?what time|opening (?:hours|times)|(?:business|working|store|shop) hours|hours|when|(?:is it|are (?:you|they)|is (?:the|your) \w+) (?:open|closed)|(?:do you )?(?:open|close)(?: on)?|horarios?|a que hora|cuando|abren|abris|abierto|abierta|cierran|abr\w+)\b|(?:ال)?(?:ساعات|مواعيد|اوقات|وقت)(?: (?:ال)?(?:عمل|دوام|فتح))?(?: (?:لديكم|عندكم))?|متي|ال?دوام|دوامكم|تفتحون|مفتوح\w*|يفتح|تفتح|تغلق\w*",
        _TIME,
        "opening hours",
        "horario",
        "ساعات العمل",
    ),
    _kind(
        "place",
        r"\b(?:where(?:'s| is| are)?|address|located|location|directions|donde|direccion|ubicacion|ubicad\w+)\b|(?:اين|وين|فين)|(?:ال)?(?:عنوان|موقع)\w*|يقع|تقع",
        _PLACE,
        "address",
        "dirección",
        "العنوان",
    ),
    _kind(
        "supply",
        r"\b(?:in stock|available|availability|sold out|right away|disponib\w+|stock|existencias)\b|متوفر\w*|يتوفر|تتوفر|متاح\w*",
        _SUPPLY,
        "available",
        "disponible",
        "متوفر",
    ),
)
