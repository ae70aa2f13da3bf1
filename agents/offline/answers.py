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

# What an answer to such a question has in it: an amount of money, a time, a while, an address.
_AMOUNT = r"[$€£₹]\s?\d|\d\s?(?:[$€£₹]|%|euros?|eur|dollars?|usd|pounds?|gbp|pesos|dolares|sar|aed|ريال|درهم|يورو|دولار|جنيه)|\b(?:free|gratis|gratuit\w+)\b|مجان"
_TIME = r"\d{1,2}[:.]\d{2}|\b(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|lunes|martes|miercoles|jueves|viernes|sabado|domingo)\b|\d\s?(?:am|pm)\b|الاثنين|الثلاثاء|الاربعاء|الخميس|الجمعه|السبت|الاحد"
_WHILE = r"\d+\s?(?:-\s?\d+\s)?(?:\w+ )?(?:minutes?|hours?|days?|weeks?|months?|years?|minutos?|horas?|dias?|semanas?|mes(?:es)?|anos?|دقيق\w*|ساع\w*|ايام|يوم\w*|اسبوع\w*|اسابيع|شهر|اشهر|شهور|سن\w+)|(?:يومين|اسبوعين|شهرين)"
EXPECTED = tuple(
    (re.compile(asked), re.compile(answered))
    for asked, answered in (
        (
            r"\b(?:how long|how many (?:days|weeks|hours)|cuanto (?:tiempo|tarda\w*|dura)|cuantos dias)\b|كم (?:يوم|مده|من الوقت|تستغرق|ساعه)",
            _WHILE,
        ),
        (
            r"\b(?:how much|price|prices|cost|costs|fee|fees|cuanto (?:cuesta|vale|es)|cuestan?|precios?|tarifas?)\b|سعر|اسعار|تكلف|بكم|كم ثمن",
            _AMOUNT,
        ),
        (
            r"\b(?:what time|opening hours|when (?:do|are) you open|open on|hours|horarios?|a que hora|cuando abr\w+|abiert[oa]s?)\b|ساعات|مواعيد|متي تفتح|دوام",
            _TIME,
        ),
    )
)
# An expected thing makes a sentence this much likelier to be the answer.
BONUS = 0.25
# A quotation in another language is this much less of an answer.
FOREIGN = 0.15
# How much the meaning counts beside the shared words.
MEANING = 0.6
# A sentence below this says something else.
LEAST = 0.3
# A second sentence comes along if it is nearly as good, or goes on where the first one ended.
NEARLY = 0.85
MAX_SENTENCES = 3
WORTH_ADDING = 0.5
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
# A sentence that leans on the one before it.
_LEANS = re.compile(
    r"^(?:it|its|they|their|this|these|that|he|she|esta?|estos?|su|sus|ello)\b|^(?:وهو|وهي|هي|هو|سعره|سعرها) "
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
    expected = _expected(question)
    scores = _scores(question, _in_context(candidates), embed)
    relevant = float(scores.max()) >= LEAST
    scores += np.array(
        [BONUS if _has(candidate.text, expected) else 0.0 for candidate in candidates],
        dtype=np.float32,
    )
    # Sources come best first: a tie goes to the one that search preferred, and what another
    # source says in the contact's own words is better than a quotation.
    scores -= np.array(
        [
            0.01 * candidate.source + (0.0 if _is_in(language, candidate.text) else FOREIGN)
            for candidate in candidates
        ],
        dtype=np.float32,
    )
    best = _answering(candidates, scores)
    if not relevant or scores[best] < LEAST:
        return []
    chosen = _with_neighbours(candidates, scores, best)
    chosen += _still_missing(candidates, scores, chosen, expected)
    return _extracts(chosen, language)


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


def _in_context(candidates: list[_Candidate]) -> list[str]:
    """What each sentence says; one that leans on the sentence before it says both."""
    return [
        f"{before.text} {one.text}" if before and _leans(before, one) else one.text
        for before, one in zip([None, *candidates], candidates, strict=False)
    ]


def _leans(before: _Candidate, sentence: _Candidate) -> bool:
    return (
        _follows(before, sentence)
        and bool(_LEANS.match(folded(sentence.text)))
        and not before.text.rstrip().endswith(("?", "؟"))
    )


def _is_in(language: str, text: str) -> bool:
    return detect_language(text, fallback=language) == language


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


def _expected(question: str) -> list[re.Pattern[str]]:
    """What an answer should have in it, for each thing that is asked."""
    words = folded(question)
    return [answered for asked, answered in EXPECTED if asked.search(words)]


def _has(sentence: str, expected: list[re.Pattern[str]]) -> bool:
    return any(pattern.search(folded(sentence)) for pattern in expected)


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
    if best and _leans(candidates[best - 1], candidates[best]):
        chosen.insert(0, candidates[best - 1])
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


def _still_missing(
    candidates: list[_Candidate],
    scores: NDArray[np.float32],
    chosen: list[_Candidate],
    expected: list[re.Pattern[str]],
) -> list[_Candidate]:
    """For each thing asked that the chosen sentences do not hold, the best one that does."""
    found: list[_Candidate] = []
    for pattern in expected:
        if any(_has(one.text, [pattern]) for one in (*chosen, *found)):
            continue
        fitting = [i for i, one in enumerate(candidates) if _has(one.text, [pattern])]
        if fitting:
            best = max(fitting, key=lambda i: float(scores[i]))
            if scores[best] >= scores.max() * WORTH_ADDING:
                found.append(candidates[best])
    return found


def _extracts(chosen: list[_Candidate], language: str) -> list[Extract]:
    """In another language than the contact's the words stand in marks, with a word before them."""
    extracts: list[Extract] = []
    introduced = False
    for one in chosen:
        text = one.text
        if not _is_in(language, text):
            frame = "«{}»" if introduced else _QUOTED.get(language, _QUOTED["en"])
            text, introduced = frame.format(text), True
        extracts.append(Extract(text, one.source, one.text))
    return extracts
