"""What to say where nothing is asked of the company."""

import re

from agents.offline.asking import asks
from agents.offline.letters import folded

_GREETING = re.compile(
    r"^(?:hi|hello|hey|good (?:morning|afternoon|evening)|greetings|hola|buen[oa]s(?: (?:dias|tardes|noches))?|"
    r"مرحبا|السلام عليكم|اهلا|صباح الخير|مساء الخير|هلا)(?: (?:there|all|team|everyone|a todos|بكم|وسهلا|ورحمه الله))*[ !.,]*$"
)
_ASKS_WHO = re.compile(
    r"\b(?:are you (?:a |an )?(?:bot|robot|human|ai|real)|who are you|eres (?:un )?(?:bot|robot|humano)|quien eres)\b|"
    r"(?:هل انت (?:روبوت|بوت|انسان)|من انت)"
)
PLEASED = 0.3
_SMALL_TALK = {
    "greeting": {
        "en": "Hello! How can I help you?",
        "es": "¡Hola! ¿En qué puedo ayudarte?",
        "ar": "مرحباً! كيف يمكنني مساعدتك؟",
    },
    "who": {
        "en": "I'm the company's digital assistant. How can I help you?",
        "es": "Soy el asistente digital de la empresa. ¿En qué puedo ayudarte?",
        "ar": "أنا المساعد الرقمي للشركة. كيف يمكنني مساعدتك؟",
    },
    "thanks": {
        "en": "Thank you for your message! Let us know if there is anything we can do for you.",
        "es": "¡Gracias por tu mensaje! Dinos si podemos hacer algo por ti.",
        "ar": "شكراً لرسالتك! أخبرنا إن كان بإمكاننا مساعدتك في أي شيء.",
    },
}


def small_talk(text: str, *, language: str, sentiment: float) -> str:
    """An answer that needs no source; nothing where something is asked."""
    words = folded(text)
    if _GREETING.match(words):
        kind = "greeting"
    elif _ASKS_WHO.search(words):
        kind = "who"
    elif sentiment > PLEASED and not asks(text):
        kind = "thanks"
    else:
        return ""
    said = _SMALL_TALK[kind]
    return said.get(language, said["en"])
