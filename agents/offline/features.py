"""What the classifiers see of a message: meaning, mood, a few telling signs, hashed words."""

import re
import zlib

import numpy as np
from numpy.typing import NDArray

from agents.offline.letters import folded
from agents.offline.sentiment import felt, lexical_sentiment

HASHED = 1 << 12
DIMENSIONS = 512

Vector = NDArray[np.float32]

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
    "spam": r"\b(winner|you (have )?won|won a|claim|prize|free (entry|gift|iphone|spins)|click (here|the link)|subscribe|my channel|followers|earn \W?\d+|make money|work from home|crypto\w*|bitcoin|forex|casino|loan|seo|backlinks|viagra|investment opportunity|dm me|txt|text \w+ to \d+|per week|check (out|this|my)|rolex|18\+|xxx|my (video|vid|vids|song|cover|music|page|profile)|vote for|visit my|listen to my|prize|awarded|guaranteed|ringtone|reply (yes|stop)|per (msg|min)|cash|customer service announcement|poly|mobile upgrade|urgent!)\b|\b(ganaste|haz clic|suscribete|seguidores|gana \d+|desde casa|criptomoneda\w*|prestamo|giros gratis)\b|(ربحت|اضغط هنا|اشترك في قناتي|متابعين|اربح|العملات الرقميه|قرض|فوركس|رتويت|فولو|بث مباشر|روابط|رابط (البث|المشاهد|المبارا)|اول تعليق|كود (خصم|كوبون)|كوبون|تخسيس|تنحيف|من وزنك|تحميل|حصري|لايف|اونلاين|سداد قروض|متابعين|تسليم فوري)",
    "thanks": r"\b(thank\w*|thx|cheers|appreciat\w+|love|loved|great|awesome|amazing|best|excellent|congrat\w*|kudos|happy|lol|haha\w*|wow)\b|\b(gracias|encanta|genial|excelente|felicidades|jaja\w*|increible)\b|(شكرا|رائع|احب|مبروك|ممتاز|هههه|الله)",
    "greeting": r"^(hi|hello|hey|good (morning|evening|afternoon|night)|hola|buen\w+ (dias|tardes|noches)|buenas|مرحبا|السلام|صباح|مساء|اهلا)\b",
    "angry": r"!{2,}|\b(wtf|damn|hell|sucks?|hate|awful|disgust\w*|joke|pathetic|useless|shame)\b|#\w*(fail|worst|never|angry|inexcusable)",
    "support_words": r"\b(customer (service|care)|support|help desk|agent|rep|hold|line|gate|baggage|check[- ]?in|rebook\w*|reschedul\w*|track\w*|status|update|log ?in|password|activate|change (my|the)|invoice|bill\w*)\b",
    "product_words": r"\b(product|size|sizes|colou?r|model|mattress|pillow|warranty|thick\w*|difference|compare|features?|protein|ingredients?|suitable|trial|plan|package|shop|store|dealer|distributor\w*|franchise|website)\b",
}
_SIGNS = [re.compile(pattern) for pattern in SIGNS.values()]
MEANING_SCALE = 2.0

# What advertisers do to be seen: ornaments, stretched letters, hashtags, codes, faces.
_ORNAMENT = re.compile(r"[^\w\s.,;:!?¿¡'\"()@#&%€$£+*/،؛؟_-]")
_STRETCHED = re.compile(r"ـ{2,}|(\w)\1{3,}|\s\w(?:\s\w){4,}\s")
_CODE = re.compile(r"\b(?=[A-Z0-9]*[A-Z])[A-Z0-9]{6,10}\b")
_MARKUP = re.compile(r"<\w+|&#?\w+;|//|>>|\*\*|==")

_TOKEN = re.compile(r"[^\W_]+")
_URL = re.compile(r"https?://\S+|www\.\S+")


def signs(text: str) -> Vector:
    """Whether, and how often, each sign stands in the message, and how it looks."""
    words = folded(text)
    found = [min(len(pattern.findall(words)), 3) for pattern in _SIGNS]
    tokens = words.split()
    letters = [char for char in text if char.isalpha()]
    looks = (
        min(len(tokens), 40) / 40,
        float(len(tokens) <= 3),
        float(len(tokens) > 25),
        sum(char.isupper() for char in letters) / (len(letters) or 1),
        min(text.count("!"), 3) / 3,
        min(sum(char.isdigit() for char in text), 10) / 10,
        min(len(_ORNAMENT.findall(text)), 10) / 10,
        min(len(_STRETCHED.findall(text)), 3) / 3,
        min(text.count("#"), 3) / 3,
        min(len(_URL.findall(text)) + text.count("URL"), 3) / 3,
        float(bool(_CODE.search(text))),
        min(len(_MARKUP.findall(text)), 3) / 3,
    )
    return np.array(
        [*(float(count > 0) for count in found), *(count / 3 for count in found), *looks],
        dtype=np.float32,
    )


def mood(text: str, meaning: Vector) -> Vector:
    """How glad and how sad it sounds, by its words and by its meaning."""
    said, sensed = lexical_sentiment(text), 2 * felt(meaning)
    return np.array(
        [max(said, 0.0), max(-said, 0.0), max(sensed, 0.0), max(-sensed, 0.0), sensed],
        dtype=np.float32,
    )


def telling(text: str, meaning: Vector) -> Vector:
    """Everything but the hashed words, in the order in which the weights are stored."""
    return np.concatenate([meaning * MEANING_SCALE, signs(text), mood(text, meaning)])


def hashed_words(text: str) -> list[int]:
    """Positions of the message's words, word pairs and word beginnings; each once."""
    words = [w if not w.isdigit() else "0" for w in _TOKEN.findall(_URL.sub(" url ", folded(text)))]
    grams = [*words, *(f"{a} {b}" for a, b in zip(words, words[1:], strict=False))]
    grams += [f"{word[:5]}~" for word in words if len(word) > 5]
    # crc32 is the same in every process; Python's hash is not.
    return sorted({zlib.crc32(gram.encode()) % HASHED for gram in grams})


def words_vector(text: str) -> Vector:
    """The hashed words as a vector of length one."""
    vector = np.zeros(HASHED, dtype=np.float32)
    positions = hashed_words(text)
    if positions:
        vector[positions] = 1 / np.sqrt(len(positions))
    return vector
