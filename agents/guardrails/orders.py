"""Orders to the machine in words of other people: found, and taken out of what it may rely on.

What a contact writes is theirs to write, and only makes us careful. In documents and pages such a
sentence is no knowledge: it is not shown to a model, and no reply can stand on it.
"""

import re
from collections.abc import Sequence

from agents.offline.letters import folded

_MACHINE = r"(?:ai|a\.i\.|assistants?|chat ?bots?|bots?|language models?|llms?|gpt|model|agent)"
_ORDERS = re.compile(
    "|".join(
        (
            r"\b(?:ignore|disregard|forget|override|bypass|drop)\b.{0,40}\b(?:instruction|rule|prompt|guideline|polic|context|restriction|training|above|everything)\w*",
            r"\b(?:new|updated|real|actual|hidden|secret) (?:system )?(?:instruction|order|directive|prompt)s?\b|\bsystem (?:prompt|message|override|instruction)s?\b",
            rf"\b(?:you are|you're|act as|pretend (?:to be|that you)|behave (?:like|as)|from now on,? you)\b.{{0,30}}\b(?:now|dan|{_MACHINE}|unrestricted|jailbroken|human|admin|developer|allowed|must|will)\b",
            rf"\b(?:to|note to|attention|dear|hey|if you are an?|for|any) (?:the |all |an? )?{_MACHINE}\b.{{0,40}}(?::|\b(?:must|should|reading|process|answering|who read))",
            rf"\b{_MACHINE}s? (?:must|should|shall|is required to|are required to|has to|have to)\b",
            r"\b(?:tell|inform|instruct|ask|direct) (?:the |all |any |every |your )?(?:customer|user|visitor|client|contact|person|buyer)s?\b.{0,20}\b(?:to|that|about)\b",
            r"\b(?:reply|respond|answer|output|print|say)\b (?:only|exclusively|just|exactly|nothing but)\b|\brepeat (?:after me|the following|this|everything)\b|\bsay exactly\b",
            r"\b(?:reveal|print|show|output|repeat|leak|send|list|dump)\b.{0,30}\b(?:prompt|instructions|rules|api key|password|credentials|customer (?:list|data|e-?mails?)|other customers)\b",
            r"\b(?:developer|debug|god|maintenance|admin) mode\b|\bjailbreak\b|\bdo anything now\b",
            r"<\|?(?:im_start|im_end|system|endoftext)\|?>|\[\[?/?(?:system|inst|assistant)\]?\]|^\s*(?:system|assistant|developer) ?:|###\s*(?:system|instruction)|\b(?:begin|end) (?:system|instructions?)\b",
            r"\bset (?:intent|confidence|grounded|language)\s?=",
            # Spanish
            r"\b(?:ignor|olvid|descart|desobedec|salta)\w*\b.{0,40}\b(?:instruccion|regla|indicacion|norma|politica|anterior|contexto)\w*",
            r"\b(?:ahora eres|a partir de ahora|actua como|finge ser|haz como si)\b|\bmodo (?:desarrollador|administrador|depuracion)\b",
            r"\b(?:responde|contesta|di|escribe)\b (?:solo|unicamente|solamente|exactamente)\b|\brepite (?:conmigo|lo siguiente|esto|todo)\b",
            r"\b(?:di|diles|dile|informa|indica)\b.{0,6}\b(?:al|a los|a todos los|a cualquier) (?:cliente|usuario|visitante)s?\b|\b(?:el|la) (?:asistente|ia|modelo|bot) (?:debe|tiene que)\b",
            r"\b(?:revela|muestra|imprime|envia|manda)\w*\b.{0,30}\b(?:prompt|instrucciones|contrasena|claves?|lista de clientes|datos de (?:otros )?clientes)\b|\bprompt del sistema\b",
            # Arabic
            r"(?:تجاهل|انس|اهمل|تخط)\w*.{0,40}(?:تعليمات|قواعد|اوامر|توجيهات|السابق|اعلاه)",
            r"(?:انت الان|تصرف ك|تظاهر|وضع المطور|وضع المسوول)",
            r"(?:اجب|رد|قل|اكتب) (?:فقط|حصرا|بالضبط)|كرر (?:بعدي|ما يلي|هذا)|(?:قل|اخبر|ابلغ) (?:ال|لل|كل ال|جميع ال)?(?:عملاء|عميل|زبائن|مستخدمين)",
            r"(?:اكشف|اظهر|اطبع|ارسل).{0,30}(?:تعليمات|كلمه السر|قائمه العملاء|بيانات العملاء)|تعليمات النظام|(?:علي|يجب علي) (?:المساعد|الذكاء|النموذج|الروبوت)",
        )
    )
)
_SENTENCE = re.compile(r"(?<=[.!?؟\n])\s*")
_ASKS_TO_SAY = re.compile(
    r"(?:\b(?:say|repeat|reply|answer|write|print|output|confirm|agree)\b|\b(?:di|repite|responde|contesta|escribe|confirma)\b|(?<!\w)(?:قل|كرر|اكتب|اجب|اكد)(?!\w))(?P<what>.{2,300})",
    re.DOTALL,
)
_WORD = re.compile(r"\w+")
_TELLING = re.compile(r"\d+|[^\W\d_]{4,}")


def gives_orders(text: str) -> bool:
    """Whether a text speaks to the machine instead of about the matter."""
    return bool(_ORDERS.search(folded(text[:20_000])))


def without_orders(text: str) -> str:
    """The text without the sentences that give orders; as it is, where there are none."""
    if not gives_orders(text):
        return text
    kept = [part for part in _SENTENCE.split(text) if part and not gives_orders(part)]
    left = " ".join(part.strip() for part in kept)
    # An order may lie across what looks like two sentences.
    return "" if gives_orders(left) else left


def words_ordered(texts: Sequence[str]) -> frozenset[str]:
    """The words of those sentences that give orders; empty where none does, which is usual."""
    ordered = [
        part
        for text in texts
        if gives_orders(text)
        for part in [*(each for each in _SENTENCE.split(text) if gives_orders(each))] or [text]
    ]
    return telling_words("\n".join(ordered))


def telling_words(text: str) -> frozenset[str]:
    """Numbers, and words that are long enough to mean something."""
    return frozenset(_TELLING.findall(folded(text)))


def is_parroted(reply: str, said: str) -> bool:
    """Whether a reply is what the contact told us to say."""
    words = _WORD.findall(folded(reply))
    if not words:
        return False
    for order in _ASKS_TO_SAY.finditer(folded(said)):
        wanted = set(_WORD.findall(order.group("what")))
        if sum(word in wanted for word in words) >= PARROTED * len(words):
            return True
    return False


PARROTED = 0.8  # of its words
