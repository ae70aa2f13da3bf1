"""Short acts that need no thought: saying goodbye, asking for a person."""

import re

from agents.offline.letters import folded

# Words that end an exchange. All of a message must be made of them.
_CLOSING_WORDS = set(
    folded(
        # English
        "ok okay k kk thanks thank you thx ty tnx cheers great perfect awesome cool nice got it bye"
        " goodbye see ya later good night have a nice day weekend no problem all understood noted"
        " alright sure fine that's that is all so much very a lot lots many the will do appreciated"
        " appreciate it for your help again and then now super lovely brilliant wonderful"
        # Spanish
        " vale gracias muchas mil perfecto genial listo de acuerdo entendido adios hasta luego"
        " pronto manana chao chau buenas noches que tengas buen dia igualmente ok muy amable eso es"
        " todo bien por la ayuda tu su y"
        # Arabic
        " شكرا شكرًا جزيلا لك لكم تمام طيب حسنا ماشي اوكي مع السلامه الله يعافيك يعطيك العافيه"
        " تسلم مشكور وداعا الى اللقاء تصبح على خير في امان الله ممتاز رائع فهمت جزاك خيرا كثيرا يسلمو"
    ).split()
)
# At least one of them must be there: "a lot" alone ends nothing.
_CLOSING_HEADS = set(
    folded(
        "ok okay k kk thanks thank thx ty tnx cheers great perfect awesome cool nice got bye goodbye"
        " night understood noted alright fine appreciated super lovely brilliant wonderful"
        " vale gracias perfecto genial listo acuerdo entendido adios luego chao chau igualmente"
        " شكرا تمام طيب حسنا ماشي اوكي السلامه العافيه يعافيك تسلم مشكور وداعا ممتاز رائع فهمت يسلمو جزاك"
    ).split()
)
MAX_CLOSING_WORDS = 10

_WORD = re.compile(r"[^\W\d_][\w']*")

_HUMAN = re.compile(
    "|".join(
        (
            # English
            r"\b(speak|talk|chat|connect|transfer|put me|get me)\b.{0,25}\b(human|person|agent|manager|someone real|representative|advisor|operator|somebody|real (person|human)|supervisor)\b",
            r"\b(i )?(want|need|prefer|would like|give me|can i have|could i have)\b.{0,15}\b(a |an |your )?(real |live )?(human|real person|live agent|human agent|representative|supervisor|operator)\b",
            r"\b(is there|are there)\b.{0,12}\b(a |any )?(human|real person|anybody real)\b",
            r"^(human|agent|operator|representative|real person)( please)?[.!?]*$",
            r"\bnot (a |to a )?(bot|robot|machine)\b|\bno (more )?bots?\b",
            # Spanish
            r"\b(hablar|comunicar\w*|pas[ae]\w*|contactar|atienda|atender)\b.{0,25}\b(persona|humano|agente|asesor\w*|encargad[oa]|responsable|operador\w*|alguien|supervisor\w*)\b",
            r"\b(quiero|necesito|prefiero)\b.{0,15}\b(una persona|un humano|un agente|un asesor|persona real)\b",
            r"^(agente|humano|asesor|operador|persona)( por favor)?[.!?]*$",
            # Arabic
            r"(اتكلم|اتحدث|التحدث|احكي|اكلم|تحويلي|حولني|حولوني|التواصل|اتواصل).{0,25}(موظف|شخص|انسان|مدير|ممثل|مسؤول|مسوول|بشري|احد)",
            r"(اريد|ابغي|ابي|عايز|بدي).{0,12}(موظف|شخص حقيقي|انسان|ممثل خدمه)",
        )
    )
)


def is_closing(text: str) -> bool:
    """Whether a message only ends the exchange: "ok thanks", "vale, gracias", "تمام شكرا"."""
    if "?" in text or "؟" in text:
        return False
    words = _WORD.findall(folded(text))
    if not words:
        # A thumbs up says as much; a number or a dash does not.
        return bool(text.strip()) and not any(char.isalnum() for char in text) and _is_emoji(text)
    return (
        len(words) <= MAX_CLOSING_WORDS
        and all(word in _CLOSING_WORDS for word in words)
        and any(word in _CLOSING_HEADS for word in words)
        and not any(char.isdigit() for char in text)
    )


def wants_human(text: str) -> bool:
    """Whether the sender asks outright for a person."""
    return bool(_HUMAN.search(folded(text)))


def _is_emoji(text: str) -> bool:
    return any(ord(char) > 0x2190 for char in text)
