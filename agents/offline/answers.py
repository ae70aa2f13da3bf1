"""Answers without a model: the sentences of a source that answer, in the source's own words."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.offline.language import detect_language
from agents.offline.letters import folded
from knowledge.lexical import stems

Embed = Callable[[list[str]], NDArray[np.float32]]

# How much the meaning counts beside the shared words.
MEANING = 0.6
# A sentence below this says something else.
LEAST = 0.3
# A second sentence comes along if it is nearly as good, or goes on where the first one ended.
NEARLY = 0.85
MAX_SENTENCES = 3
# Search puts the answer among the first; embedding a sentence costs half a millisecond.
MAX_SOURCES = 3
MAX_CANDIDATES = 24
MAX_CHARACTERS = 600

_BREAK = re.compile(r"(?<=[.!?؟。])\s+(?=[^\s])|\n+")
_BULLET = re.compile(r"^[\s>#*•·–-]+|^\d{1,2}[.)]\s+")
_LABEL = re.compile(
    r"^(?:q|a|question|answer|p|r|pregunta|respuesta|س|ج)\s*[:：]\s*", re.IGNORECASE
)
_QUOTED = {
    "en": "Here is what our information says: «{}»",
    "es": "Esto es lo que dice nuestra información: «{}»",
    "ar": "هذا ما ورد في معلوماتنا: «{}»",
}
_GREETING = re.compile(
    r"^(?:hi|hello|hey|good (?:morning|afternoon|evening)|greetings|hola|buen[oa]s(?: (?:dias|tardes|noches))?|"
    r"مرحبا|السلام عليكم|اهلا|صباح الخير|مساء الخير|هلا)(?: (?:there|all|team|everyone|a todos|بكم|وسهلا|ورحمه الله))*[ !.,]*$"
)
_ASKS_WHO = re.compile(
    r"\b(?:are you (?:a |an )?(?:bot|robot|human|ai|real)|who are you|eres (?:un )?(?:bot|robot|humano)|quien eres)\b|"
    r"(?:هل انت (?:روبوت|بوت|انسان)|من انت)"
)
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


@dataclass(frozen=True, slots=True)
class Extract:
    """Words for a reply; ``source`` counts from 1, 0 where no source is needed."""

    text: str
    source: int = 0
    quote: str = ""


@dataclass(frozen=True, slots=True)
class _Candidate:
    source: int
    position: int
    text: str  # literally in the source


def extract_answer(
    question: str, sources: Sequence[str], *, language: str, embed: Embed
) -> list[Extract]:
    """The best sentences of the best source; empty where none answers the question."""
    candidates = [
        _Candidate(number, position, sentence)
        for number, source in enumerate(sources[:MAX_SOURCES], start=1)
        for position, sentence in enumerate(sentences_of(source))
    ][:MAX_CANDIDATES]
    if not candidates:
        return []
    scores = _scores(question, [candidate.text for candidate in candidates], embed)
    # Sources come best first: a tie goes to the one that search preferred.
    scores -= np.array([0.01 * candidate.source for candidate in candidates], dtype=np.float32)
    best = _answering(candidates, scores)
    if scores[best] < LEAST:
        return []
    chosen = _with_neighbours(candidates, scores, best)
    return [_extract(candidate.text, candidate.source, language) for candidate in chosen]


def small_talk(text: str, *, language: str, sentiment: float) -> Extract | None:
    """What to say where nothing is asked of the company; None where something is."""
    words = folded(text)
    if _GREETING.match(words):
        kind = "greeting"
    elif _ASKS_WHO.search(words):
        kind = "who"
    elif sentiment > 0.3 and "?" not in text and "؟" not in text:
        kind = "thanks"
    else:
        return None
    said = _SMALL_TALK[kind]
    return Extract(said.get(language, said["en"]))


def sentences_of(text: str) -> list[str]:
    """Sentences and lines of a passage, each literally as it stands there."""
    found = []
    for part in _BREAK.split(text):
        sentence = _LABEL.sub("", _BULLET.sub("", part.strip())).strip()
        if len(sentence) > 2:
            found.append(sentence)
    return found


def _scores(question: str, texts: list[str], embed: Embed) -> NDArray[np.float32]:
    vectors = embed([question, *texts])
    meaning = vectors[1:] @ vectors[0]
    asked = set(stems(question, detect_language(question, fallback="en")))
    shared = [
        len(asked & set(stems(text, detect_language(text, fallback="en")))) / (len(asked) or 1)
        for text in texts
    ]
    scores: NDArray[np.float32] = MEANING * meaning + (1 - MEANING) * np.array(
        shared, dtype=np.float32
    )
    return scores


def _answering(candidates: list[_Candidate], scores: NDArray[np.float32]) -> int:
    """The best sentence; of a question that is answered right after, the answer."""
    best = int(scores.argmax())
    after = best + 1
    is_question = candidates[best].text.rstrip().endswith(("?", "؟"))
    if is_question and after < len(candidates) and _follows(candidates[best], candidates[after]):
        scores[after] = max(scores[after], scores[best])
        return after
    if is_question:
        scores[best] = 0.0  # a question answers nothing
        return int(scores.argmax())
    return best


def _with_neighbours(
    candidates: list[_Candidate], scores: NDArray[np.float32], best: int
) -> list[_Candidate]:
    chosen = [candidates[best]]
    for other in range(best + 1, len(candidates)):
        candidate = candidates[other]
        length = sum(len(one.text) for one in chosen) + len(candidate.text)
        near = scores[other] >= scores[best] * NEARLY
        if not _follows(chosen[-1], candidate) or not near or length > MAX_CHARACTERS:
            break
        if candidate.text.rstrip().endswith(("?", "؟")) or len(chosen) == MAX_SENTENCES:
            break
        chosen.append(candidate)
    return chosen


def _follows(first: _Candidate, second: _Candidate) -> bool:
    return first.source == second.source and second.position == first.position + 1


def _extract(sentence: str, source: int, language: str) -> Extract:
    """In another language than the contact's the words stand in marks, with a word before them."""
    written = detect_language(sentence, fallback=language)
    text = (
        sentence if written == language else _QUOTED.get(language, _QUOTED["en"]).format(sentence)
    )
    return Extract(text, source, sentence)
