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
        " appreciate it for your help again and then now super lovely brilliant wonderful mate would will be no thats everything else nothing"
        # Spanish
        " vale gracias muchas mil perfecto genial listo de acuerdo entendido adios hasta luego"
        " pronto manana chao chau buenas noches que tengas buen dia igualmente ok muy amable eso es"
        " todo bien por la ayuda tu su y nada mas no vosotros ustedes"
        # Arabic
        " شكرا شكرًا جزيلا لك لكم تمام طيب حسنا ماشي اوكي مع السلامه الله يعافيك يعطيك العافيه"
        " تسلم مشكور وداعا الى اللقاء تصبح على خير في امان الله ممتاز رائع فهمت جزاك خيرا كثيرا يسلمو لا هذا كل شيء خلاص"
    ).split()
)
# At least one of them must be there: "a lot" alone ends nothing.
_CLOSING_HEADS = set(
    folded(
        "ok okay k kk thanks thank thx ty tnx cheers great perfect awesome cool nice got bye goodbye"
        " night understood noted alright fine appreciated super lovely brilliant wonderful"
        " vale gracias perfecto genial listo acuerdo entendido amable todo adios luego chao chau igualmente"
        " شكرا تمام طيب حسنا ماشي اوكي السلامه العافيه يعافيك تسلم مشكور وداعا ممتاز رائع فهمت يسلمو جزاك"
    ).split()
)
MAX_CLOSING_WORDS = 10

_WORD = re.compile(r"[^\W\d_][\w']*")

_SOMEBODY = r"(?:humans?|person|agent|manager|someone|somebody|anyone|anybody|representative|rep|advis[eo]r|operator|supervisor|boss|owner|staff|colleague|employee|expert|specialist|whoever|(?:customer )?(?:service|support|care)|(?:sales|support) (?:team|people|department)|(?:your|the) team)"
_ALGUIEN = r"(?:persona|humano|agente|asesora?|encargad[oa]|responsable|operadora?|alguien|supervisora?|companer[oa]|jefe|gerente|comercial|empleado|atencion al cliente|servicio al cliente)"
_MACHINE = (
    r"(?:bots?|chatbots?|robots?|machines?|computers?|ai|automatic repl(?:y|ies)|automated \w+)"
)
_AHAD = r"(?:موظف\w*|شخص|انسان|مدير\w*|ممثل\w*|مسؤول\w*|مسوول\w*|بشري|احد|حد|حدا|خدمه العملاء|خدمه الزبائن|الدعم|الاداره|المبيعات|البشر)"
_HUMAN = re.compile(
    "|".join(
        (
            # English
            rf"\b(?:speak|talk|chat|discuss this|connect me|transfer me|pass me|put me (?:through|on)|get me|hand me over)\b(?! to you\b).{{0,30}}?\b(?:to|with|through|me)\b.{{0,18}}\b{_SOMEBODY}\b",
            r"\b(?:want|need|prefer|would like|give me|can i have|could i have|get me)\b.{0,15}\b(?:an? |your )?(?:real |live |actual )?(?:human|real person|person|live agent|human agent|somebody real|someone real|representative|supervisor|operator)\b(?! of| who)",
            r"\b(?:is there|are there)\b.{0,12}\b(?:a |any )?(?:human|real person|any(?:body|one) real|someone real)\b|\bis (?:any(?:one|body)|some(?:one|body)) there\b|\bany(?:one|body) (?:there|home)\b\?",
            rf"^{_SOMEBODY}(?: please)?[.!?]*$|^(?:real|live) (?:person|agent)(?: please)?[.!?]*$",
            r"\b(?:have|let|ask|tell|can|could|may|will|please) (?:please )?(?:some(?:one|body)|any(?:one|body)|a (?:real )?(?:human|person|colleague))\b.{0,12}\b(?:call|phone|ring|contact|look|help me|get back|take over|answer)\b",
            r"\bwho (?:can|could|do|should) i (?:talk|speak|write) (?:to|with)\b|\b(?:person|someone|somebody) i can (?:talk|speak) (?:to|with)\b",
            rf"(?:\bnot|n't|\brather not|\bno longer) (?:want to |like to )?(?:talk|speak|chat|deal|be talking)(?:ing)? (?:to|with) (?:an? |the |this )?{_MACHINE}\b|\b(?:not (?:an? |to an? )?|no (?:more )?|stop (?:the |these |this )?|tired of (?:this |these )?){_MACHINE}\b",
            # Spanish
            rf"\b(?:hablar|comuni\w+|pas[aeo]\w*|contactar|atiend[ae]\w*|atender\w*|transfier\w+)\b(?! por\b).{{0,25}}\b{_ALGUIEN}\b",
            r"\b(?:quiero|necesito|prefiero)\b.{0,15}\b(?:un[ao]? )?(?:persona (?:real|de verdad)|humano|agente|asesora?|alguien real)\b|\b(?:quiero|necesito|prefiero) (?:a )?una persona\b",
            rf"^{_ALGUIEN}(?: por favor)?[.!?]*$",
            r"\b(?:que me (?:llame|contacte|atienda|escriba)|me pued[ea]n? (?:llamar|contactar|atender|ayudar)) (?:alguien|un[ao] \w+)\b|\bhay alguien (?:ahi|alli|disponible|real)\b|\bcon quien (?:puedo|podria|tengo que) (?:hablar|contactar)\b",
            r"\bno quiero (?:hablar con |tratar con )?(?:un[ao]? )?(?:maquina|robot|bot|contestador)\b|\b(?:no mas|basta de) (?:robots|bots|maquinas)\b",
            # Arabic
            rf"(?:اتكلم|اتحدث|التحدث|التكلم|احكي|احاكي|اكلم|الكلام|تحويلي|حولني|حولوني|توصيلي|وصلني|التواصل|اتواصل).{{0,25}}{_AHAD}",
            r"(?:اريد|ابغي|ابي|عايز|بدي|محتاج|اطلب)(?: ان)? (?:موظف|شخص حقيقي|شخص|انسان|ممثل خدمه|مدير|مشرف)(?!\w)",
            r"(?:خلي|خلوا|هل يمكن|ممكن|يمكن|ياليت|ارجو ان|اريد).{0,8}(?:ل?احد|حد|شخص|موظف)(?: ان)? (?:يتصل|يكلم|يرد|يتواصل|يساعد)|(?:فيه?|في|هل يوجد|هناك) (?:احد|حد|حدا) (?:يرد|هنا|موجود|يتكلم)",
            r"(?:ما|لا|مش|مو) (?:ابي|ابغي|اريد|عايز|بدي) (?:ان )?(?:اكلم|اتكلم|التحدث|اتحدث|احكي|التكلم)?(?: مع)? ?(?:روبوت|بوت|اله|كمبيوتر|رد الي)|مع من (?:اتواصل|اتكلم|اتحدث)|^(?:موظف|انسان|خدمه العملاء)(?: لو سمحت| من فضلك)?$",
        )
    )
)
# What was done is not asked for: "I spoke to your manager yesterday".
_DONE = re.compile(
    r"\b(?:i (?:already |just )?(?:spoke|talked|have spoken|have talked)|hable con|ya hable|he hablado)\b|(?:تحدثت|تكلمت|كلمت|حكيت) مع"
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
    """Whether the sender asks for a person, straight or in a roundabout way."""
    words = folded(text)
    return bool(_HUMAN.search(words)) and not _DONE.search(words)


def _is_emoji(text: str) -> bool:
    return any(ord(char) > 0x2190 for char in text)
