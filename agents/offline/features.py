"""What the classifiers see of a message: meaning, mood, a few telling signs, words and spelling."""

import re
import zlib

import numpy as np
from numpy.typing import NDArray

from agents.offline.letters import folded
from agents.offline.sentiment import felt, lexical_sentiment

HASHED = 1 << 12
PIECES_BITS = 14
PIECES = 1 << PIECES_BITS
DIMENSIONS = 512

Vector = NDArray[np.float32]
Positions = NDArray[np.int64]

# One sign each; written as folded() leaves words. Order matters to the stored weights.
SIGNS: dict[str, str] = {
    "question": r"\?|؟|^(what|how|when|where|why|which|who|can|could|do|does|is|are|will|would)\b|\b(que|como|cuando|donde|cual|cuanto|cuanta)\b|^(هل|كم|متي|اين|وين|كيف|ما|شو|ليش|لماذا)",
    "handle": r"^[.\"' ]*@\w",
    "link": r"https?://|www\.|bit\.ly|\b\w+\.(com|net|ly|me|xyz)\b",
    "price": r"\b(price|pric\w+|cost\w*|how much|quote|rate|rates|fee|fees|charge for|discount|offer|offers|budget|emi|instal\w+)\b|\b(precio\w*|cuanto (cuesta|vale|sale)|costo|presupuesto|tarifa\w*|descuento|oferta)\b|(سعر|بكم|كم (سعر|ثمن|تكلف)|تكلف|خصم|عرض سعر|ميزاني|تقسيط)",
    "buy": r"\b(buy|purchas\w+|order (one|two|some|this|it|now)|place an order|book|reserve|interested|looking (for|to)|need (a|an|some) |sign up|subscribe to|demo|trial|available|availability|in stock|deliver to|ship to|cod|recommend|suggest)\b|\b(comprar|reservar|contratar|me interesa|interesad[oa]|disponible|quisiera|busco|buscamos|stock|envian)\b|(اشتري|شراء|احجز|حجز|مهتم|متوفر|متاح|يتوفر|عندكم|توصلون|ابغي|ابي|عايز)",
    "own": r"\bmy (order|account|card|parcel|package|delivery|flight|bag|bags|luggage|refund|invoice|payment|subscription|ticket|booking|reservation|password|phone|money|seat)\b|\b(mi|mis) (pedido|cuenta|tarjeta|paquete|vuelo|maleta|factura|pago|suscripcion|reserva)\b|(طلبي|حسابي|بطاقتي|شحنتي|رحلتي|حقيبتي|فاتورتي|اشتراكي|فلوسي)",
    "trouble": r"\b(not (work\w*|arriv\w*|receiv\w*|deliver\w*)|n't (work|arriv\w+|receiv\w+|log|open|load|come|get)|cancel\w*|delay\w*|late|lost|broken|damaged|wrong|missing|refund\w*|return|exchange|complain\w*|issue|problem|error|fail\w*|declined|pending|stuck|waiting|on hold|charged|crash\w*|worst|terrible|horrible|ridiculous|unacceptable|rude|never|still|disappoint\w+|fix)\b|\b(no (llega|funciona|ha llegado|puedo|contesta\w*)|cobrado|devol\w+|reembolso|retras\w+|cancel\w+|error|problema|perdid[oa]|equivocad[oa]|pesim[oa])\b|(لم (يصل|تصل|يعمل)|لا (يعمل|استطيع|يرد)|تاخر|استرداد|ارجاع|الغاء|الغي|مكسور|مشكل|خطا|سيئ|معلق|فقدت)",
    "urgent": r"\b(asap|urgent\w*|emergency|immediately|right now|right away|stolen|stole|hack\w*|fraud\w*|scam\w*|strand\w*|unauthori[sz]ed|stuck (in|at|on)|in danger|allergic|gas leak|flood\w*|breach\w*|block my|freeze my|help me|please help|missed? (my|our) (flight|connection)|in \d+ (min|minutes|hours?))\b|did ?n.t (make|authori[sz]e)|not (me|authori[sz]ed)|\b(urgente\w*|emergencia|inmediatamente|robad[oa]|robaron|hackea\w+|fraude|estaf\w+|bloque\w+|atrapad\w+|auxilio)\b|(عاجل|طارئ|فورا|حالا|سرق|اخترق|تهكير|احتيال|عالق|محتجز|اوقفو|لم اقم)",
    "soon": r"\b(?:(?:in|next|within|only|have|got|under) (?:a |an |the |like )?(?:few |couple (?:of )?)?(?:\d+|one|two|three|five|ten|fifteen|twenty|thirty|forty)? ?(?:min\w*|hours?|hrs?)|tonight|right now|about to|boarding|departs?|departing|takes? off|(?:this|tomorrow) morning|tomorrow|overnight|before (?:midnight|noon)|immediately|asap|hurry|running out|last (?:flight|train|bus)|now)\b|\b(?:en (?:\d+|diez|quince|veinte|media|una|dos) (?:min\w*|horas?)|esta (?:noche|manana|tarde)|ahora mismo|ya mismo|manana|cuanto antes|embarc\w+|sale en|urge)\b|(?:خلال|بعد) (?:\d+|عشر|ربع|نصف|نص|ساع|دقا)|الليله|الان|هلا|حالا|فورا|بسرعه|الحين|غدا|بكره",
    "stuck": r"\b(?:strand\w*|stuck|trapped|locked (?:in|out|inside|outside)|nowhere to|no (?:hotel|hotels|rooms?|place|food|water|heating)|sle(?:ep|eping|pt) (?:on|in|at)|(?:miss|missed|missing|make|made) (?:my|our|the|a|her|his) (?:connect\w+|flight|plane|train|cruise|wedding|funeral)|missed connection|left (?:alone|behind)|get (?:me |us )?(?:home|there|out)|unaccompanied|wheelchair)\b|\b(?:tirad[oa]s?|atrapad[oa]s?|encerrad[oa]s?|varad[oa]s?|sin (?:hotel|agua|comida|calefaccion|frenos)|perd\w+ (?:la conexion|el vuelo|mi vuelo))\b|عالق|محتجز|بدون (?:فندق|ماء|اكل)|نايمين|محبوس",
    "theft": r"\b(?:stolen|stole|steal\w*|theft|thief|rob\w*|hack\w*|fraud\w*|scam\w*|phish\w*|breach\w*|identity|compromis\w+|unauthori[sz]ed|(?:did ?n.t|don.t|never|not) (?:make|made|authori[sz]\w*|recogni[sz]e\w*|set up|do|took|take|know)|not (?:me|mine|recogni[sz]\w+)|unknown|suspicious|strange|(?:some(?:one|body)|else) (?:is |has |else |used|using|withdrew|took|know\w*)|lost (?:my |the )?(?:card|phone|wallet|purse|passport)|(?:block|freeze|report|lock|hold on) (?:my|a|the))\b|\b(?:robad[oa]|robaron|robo|hacke\w+|fraude|estaf\w+|suplant\w+|clon\w+|no (?:reconozco|hice|autorice|he hecho|fui)|perdi (?:mi|la) (?:tarjeta|movil|telefono|cartera)|bloque\w+)\b|سرق|انسرق|اخترق|مخترق|تهكير|احتيال|نصب|لم (?:اقم|اسحب|اشتر|اوافق|اصرح|ادفع)|ما (?:عملتها|عملت|سحبت|بعرفها|دفعت|اشتريت)|(?:ضاع|ضيع|فقد)\w* (?:بطاق|تلفون|جوال|هاتف|محفظ)|(?:بطاق|هاتف|جوال)\w* (?:ضاع|مفقود|انسرق)|(?:حدا|احد|شخص|مجهول)|اوقف|جمد|بدون (?:اذن|علم)",
    "harm": r"\b(?:emergency|fire|smoke|gas|flood\w*|leak\w*|allerg\w+|bleed\w*|hospital|doctor|medic\w+|insulin|diabet\w+|pills?|inhaler|surgery|funeral|dying|died|danger\w*|unsafe|injur\w+|hurt|shock|poison\w*|baby|infant|newborn|toddler|kids?|child|children|elderly|pregnant|wheelchair|faint\w*|threat\w*|police|brakes?|explo\w+|swell\w*|sick|ill)\b|\b(?:emergencia|fuego|humo|gas|inund\w+|fuga|alergi\w+|hospital|medic\w+|insulina|funeral|peligro\w*|herid[oa]|bebe|nin[oa]s?|hij[oa]s?|embarazada|amenaz\w+|policia|frenos|explot\w+|enferm[oa])\b|طارئ|حريق|دخان|غاز|يغرق|تسرب|حساسي|مستشفي|دواء|دوايي|انسولين|عزاء|خطر|اصيب|طفل|اطفال|مريض|حامل|تهديد|شرطه|فرامل|انفجر",
    "spam": r"\b(winner|you (have )?won|won a|claim|prize|free (entry|gift|iphone|spins)|click (here|the link)|subscribe|my channel|followers|earn \W?\d+|make money|work from home|crypto\w*|bitcoin|forex|casino|loan|seo|backlinks|viagra|investment opportunity|dm me|txt|text \w+ to \d+|per week|check (out|this|my)|rolex|18\+|xxx|my (video|vid|vids|song|cover|music|page|profile)|vote for|visit my|listen to my|prize|awarded|guaranteed|ringtone|reply (yes|stop)|per (msg|min)|cash|customer service announcement|poly|mobile upgrade|urgent!)\b|\b(ganaste|haz clic|suscribete|seguidores|gana \d+|desde casa|criptomoneda\w*|prestamo|giros gratis)\b|(ربحت|اضغط هنا|اشترك في قناتي|متابعين|اربح|العملات الرقميه|قرض|فوركس|رتويت|فولو|بث مباشر|روابط|رابط (البث|المشاهد|المبارا)|اول تعليق|كود (خصم|كوبون)|كوبون|تخسيس|تنحيف|من وزنك|تحميل|حصري|لايف|اونلاين|سداد قروض|متابعين|تسليم فوري)",
    "thanks": r"\b(thank\w*|thx|cheers|appreciat\w+|love|loved|great|awesome|amazing|best|excellent|congrat\w*|kudos|happy|lol|haha\w*|wow)\b|\b(gracias|encanta|genial|excelente|felicidades|jaja\w*|increible)\b|(شكرا|رائع|احب|مبروك|ممتاز|هههه|الله)",
    "greeting": r"^(hi|hello|hey|good (morning|evening|afternoon|night)|hola|buen\w+ (dias|tardes|noches)|buenas|مرحبا|السلام|صباح|مساء|اهلا)\b",
    "angry": r"!{2,}|\b(wtf|damn|hell|sucks?|hate|awful|disgust\w*|joke|pathetic|useless|shame)\b|#\w*(fail|worst|never|angry|inexcusable)",
    "support_words": r"\b(customer (service|care)|support|help desk|agent|rep|hold|line|gate|baggage|check[- ]?in|rebook\w*|reschedul\w*|track\w*|status|update|log ?in|password|activate|change (my|the)|invoice|bill\w*)\b",
    "product_words": r"\b(product|size|sizes|colou?r|model|mattress|pillow|warranty|thick\w*|difference|compare|features?|protein|ingredients?|suitable|trial|plan|package|shop|store|dealer|distributor\w*|franchise|website)\b",
}
# What makes a thing urgent is seldom one word: hours, and being stuck or hurt or robbed.
TOGETHER = (
    ("soon", "stuck"),
    ("soon", "harm"),
    ("stuck", "harm"),
    ("soon", "trouble"),
    ("harm", "trouble"),
)
_PAIRS = [tuple(map([*SIGNS].index, pair)) for pair in TOGETHER]
_ARABIC = re.compile("[\u0621-\u064a]")
_LATIN = re.compile("[a-z?!@]")
_CAPTURING = re.compile(r"(?<!\\)\((?!\?)")  # takes time, and nobody reads it


Sign = tuple[re.Pattern[str] | None, re.Pattern[str] | None]


def _by_script(pattern: str) -> Sign:
    """Its alternatives in Latin letters, and in Arabic ones: most texts need only one of them."""
    parts, depth, start = [], 0, 0
    for position, char in enumerate(f"{pattern}|"):
        depth += (char in "([") - (char in ")]")
        if char == "|" and not depth:
            parts.append(pattern[start:position])
            start = position + 1
    arabic = [part for part in parts if _ARABIC.search(part) or part == "؟"]
    latin = [part for part in parts if part not in arabic]
    either = [
        re.compile(_CAPTURING.sub("(?:", "|".join(some))) if some else None
        for some in (latin, arabic)
    ]
    return either[0], either[1]


_SIGNS = [_by_script(pattern) for pattern in SIGNS.values()]
MEANING_SCALE = 2.0

# What advertisers do to be seen: ornaments, stretched letters, hashtags, codes, faces.
_ORNAMENT = re.compile(r"[^\w\s.,;:!?¿¡'\"()@#&%€$£+*/،؛؟_-]")
_STRETCHED = re.compile(r"ـ{2,}|(\w)\1{3,}|\s\w(?:\s\w){4,}\s")
_CODE = re.compile(r"\b(?=[A-Z0-9]*[A-Z])[A-Z0-9]{6,10}\b")
_MARKUP = re.compile(r"<\w+|&#?\w+;|//|>>|\*\*|==")

_TOKEN = re.compile(r"[^\W_]+")
_PART = re.compile(r"\w+|[^\w\s]")
# Pieces of so many letters, with the space before and after a word; a message tells by its start.
_SHORTEST_PIECE, _LONGEST_PIECE = 2, 4
_READ = 2_000
_MIX = np.uint32(0x01000193)
_SPREAD = {
    length: np.uint32(2654435761 * (2 * length + 1) % (1 << 32))
    for length in range(_SHORTEST_PIECE, _LONGEST_PIECE + 1)
}
_URL = re.compile(r"https?://\S+|www\.\S+")


def signs(text: str) -> Vector:
    """Whether, and how often, each sign stands in the message, and how it looks."""
    words = folded(text)
    scripts = (bool(_LATIN.search(words)), bool(_ARABIC.search(words)))
    found = [min(_times(sign, words, scripts), 3) for sign in _SIGNS]
    tokens = words.split()
    looks = (
        min(len(tokens), 40) / 40,
        float(len(tokens) <= 3),
        float(len(tokens) > 25),
        sum(map(str.isupper, text)) / (sum(map(str.isalpha, text)) or 1),
        min(text.count("!"), 3) / 3,
        min(sum(map(str.isdigit, text)), 10) / 10,
        min(len(_ORNAMENT.findall(text)), 10) / 10,
        min(len(_STRETCHED.findall(text)), 3) / 3,
        min(text.count("#"), 3) / 3,
        min(len(_URL.findall(text)) + text.count("URL"), 3) / 3,
        float(bool(_CODE.search(text))),
        min(len(_MARKUP.findall(text)), 3) / 3,
    )
    return np.array(
        [
            *(float(count > 0) for count in found),
            *(count / 3 for count in found),
            *(found[one] * found[other] / 9 for one, other in _PAIRS),
            *looks,
        ],
        dtype=np.float32,
    )


def _times(sign: Sign, words: str, scripts: tuple[bool, bool]) -> int:
    return sum(
        len(pattern.findall(words))
        for pattern, is_met in zip(sign, scripts, strict=True)
        if is_met and pattern is not None
    )


def mood(text: str, meaning: Vector) -> Vector:
    """How glad and how sad it sounds, by its words and by its meaning."""
    said, sensed = lexical_sentiment(text), 2 * felt(meaning)
    return np.array(
        [max(said, 0.0), max(-said, 0.0), max(sensed, 0.0), max(-sensed, 0.0), sensed],
        dtype=np.float32,
    )


def telling(text: str, meaning: Vector) -> Vector:
    """Everything but words and pieces, in the order in which the weights are stored."""
    return np.concatenate([meaning * MEANING_SCALE, signs(text), mood(text, meaning)])


def hashed_words(text: str) -> list[int]:
    """Positions of the message's words, word pairs and word beginnings; each once."""
    words = [w if not w.isdigit() else "0" for w in _TOKEN.findall(_URL.sub(" url ", folded(text)))]
    grams = [*words, *(f"{a} {b}" for a, b in zip(words, words[1:], strict=False))]
    grams += [f"{word[:5]}~" for word in words if len(word) > 5]
    # crc32 is the same in every process; Python's hash is not.
    return sorted({zlib.crc32(gram.encode()) % HASHED for gram in grams})


def letter_pieces(text: str) -> Positions:
    """Positions of the message's pieces of two to four letters; each once."""
    spaced = f" {' '.join(_PART.findall(folded(text[:_READ])))} "
    letters = np.frombuffer(spaced.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    found, pieces = [], letters
    for length in range(_SHORTEST_PIECE, min(_LONGEST_PIECE, len(letters)) + 1):
        pieces = pieces[:-1] * _MIX + letters[length - 1 :]
        spread = pieces * _SPREAD[length]
        found.append(spread >> np.uint32(32 - PIECES_BITS))
    return np.unique(np.concatenate(found)).astype(np.int64)
