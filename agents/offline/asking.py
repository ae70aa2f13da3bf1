"""What a message asks: its questions told apart from the facts that stand around them.

"We need ten bikes for our hotel, what discount do you give?" asks about the discount only; the
rest is for the lead. A question that leans on what went before ("what does it cost?") keeps it.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from agents.offline.alignment import content_words
from agents.offline.kinds import KINDS, Kind
from agents.offline.letters import folded
from knowledge.lexical import words as words_of

_WH = (
    r"what|whats|what's|how|when|where|wheres|where's|which|who|whose|why"
    r"|que|cual|cuales|cuanto|cuanta|cuantos|cuantas|cuando|donde|como|quien|quienes|a que|por que|de que|en que"
    r"|كم|متي|اين|وين|فين|كيف|كيفيه|ما|ماذا|شو|ايش|وش|ليش|لماذا|من هو|من هي|بكم|اي|منين|قديش"
)
_OPENERS = (
    rf"{_WH}|do|does|did|is|are|was|were|can|could|will|would|may|shall|should|has|have you|any chance|any"
    r"|tienen?|teneis|tienes|tendrian|hacen|haceis|hay|puedo|puede|pueden|podria|podrian|podemos|se puede|es posible|seria posible"
    r"|aceptan|aceptais|abren|abris|cierran|envian|enviais|venden|vendeis|ofrecen|ofreceis|esta|estan|es|son|sirve|incluye|atienden"
    r"|هل|ممكن|عندكم|عندك|لديكم|يوجد|في عندكم|تقدرون|توصلون|فيه|اقدر|يمكنني"
)
_REQUESTS = re.compile(
    r"\b(?:tell me|let me know|want to know|would like to know|like to ask|wondering|send me|info|information|details about"
    r"|quiero saber|quisiera saber|queria saber|me gustaria saber|dime|digame|me dices|informacion|info sobre|me puede\w* decir)\b"
    r"|اريد (?:ان )?(?:اعرف|معرفه)|ابي اعرف|ابغي اعرف|عايز اعرف|حابب? اعرف|اخبرني|اخبروني|معلومات|تفاصيل|استفسر|استفسار"
)
_LEAD_IN = r"(?:(?:and|but|so|also|then|ok|okay|hi|hello|hey|please|sorry|btw|y|pero|entonces|hola|buenas|perdon|oye|و|طيب|مرحبا|سلام|لو سمحت)[\s,،]+)*"
_ASKS = re.compile(rf"^[\s¿¡,،;:–—-]*{_LEAD_IN}(?:{_OPENERS})(?!\w)")
# "هل" and "كم" may carry an "and": written onto the word in Arabic.
_ARABIC_AND = re.compile(r"^\s*و(?=(?:هل|كم|متي|اين|كيف|ما هي|ما هو|بكم)(?!\w))")
_HAS_WH = re.compile(rf"(?<!\w)و?(?:{_WH})(?!\w)")
_SENTENCE = re.compile(r"(?<=[.!?؟;؛。])\s+|\n+")
_CLAUSE = re.compile(r"[,،:;–—]\s+|\s-\s")
_GREETS = re.compile(
    r"^(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|greetings|thanks?|thank you|hola|buen[oa]s|gracias|"
    r"مرحبا|السلام عليكم|اهلا|صباح الخير|مساء الخير|هلا|شكرا)\b"
)
GREETING_WORDS = 6  # a sentence this short that greets says nothing else
_LEANS = re.compile(
    r"\b(?:it|its|they|them|that|this|these|those|one|ones|lo|ese|esa|eso|esos|esto)\b(?!\s+(?:is|are)\s+\w+\s)|(?<!\w)(?:هو|هي|هذا|هذه|ذلك|منه|منها|عليه|عليها|له|لها|سعره|سعرها)(?!\w)"
)
# Where the one who is asked is at home: "a service in your workshop" is a service.
_HOME = re.compile(
    r"\b(?:in|at|from) your (?:workshop|garage|studio|salon|clinic|surgery|hotel|gym|restaurant|cafe|bar|school|academy|agency|firm|cent(?:er|re)|place|premises)\b"
    r"|\b(?:en|de) (?:su|tu|vuestr[oa]) (?:taller|garaje|estudio|salon|clinica|consulta|hotel|gimnasio|restaurante|bar|escuela|academia|agencia|centro)\b"
    r"|(?<!\w)(?:في|عند|من) (?:ورشت|عيادت|فندق|صالت|صالون|ناديي?|مطعم|مقهي|مدرست|مركز|استوديو|وكالت)(?:كم|ك)(?!\w)"
)
_WORD = re.compile(r"[^\W\d_]+")
LONGEST = 2_000  # characters of a message that are looked through for questions
FACTS = 2  # that a question may lean on
MOST = 3  # questions answered at a time


@dataclass(frozen=True, slots=True)
class Asked:
    """One question. ``before`` is what it may lean on; ``kinds`` what its answer must have in it,
    ``words`` what it should know.

    ``leans`` is true of a question that says nothing by itself. One that ``follows`` leans on the
    yes-or-no question before it: "Do you rent bikes, and what does it cost?" Where that one found
    no answer, the first of its words is the ``deed`` that an answer must know.
    """

    text: str
    before: str = ""
    kinds: tuple[Kind, ...] = ()
    words: tuple[str, ...] = ()
    is_yes_no: bool = False
    leans: bool = False
    follows: bool = False
    deed: str = ""


def questions_in(text: str, *, earlier: str = "") -> list[Asked]:
    """The questions of a message in order; of one that asks nothing outright, the whole of it.

    ``earlier`` is what the same person asked last.
    """
    return list(_questions(text, earlier))


@lru_cache(maxsize=128)  # what is looked up, what may answer and what does ask it in turn
def _questions(text: str, earlier: str) -> tuple[Asked, ...]:
    found: list[Asked] = []
    facts: list[str] = [earlier] if earlier else []
    for clause in _clauses(text[:LONGEST]):
        if _is_question(clause):
            asked = _asked(clause, facts)
            leans = not asked.words or bool(_LEANS.search(folded(clause)))
            follows = leans and bool(found) and found[-1].is_yes_no and bool(found[-1].words)
            found.append(replace(asked, follows=follows))
        elif not _only_greets(clause):
            facts.append(clause)
    if not found:
        said = [fact for fact in facts if fact != earlier] or [text.strip()]
        found = [_asked(" ".join(said), [earlier] if earlier else [])]
    return tuple(found if len(found) <= MOST else [*found[: MOST - 1], found[-1]])


def asks(text: str) -> bool:
    """Whether anything in a message is asked."""
    return any(_is_question(clause) for clause in _clauses(text[:LONGEST]))


def wording(asked: list[Asked], language: str) -> str:
    """What to search for: the questions, what they lean on, and the usual words for their kind."""
    parts: list[str] = []
    for one in asked:
        if one.leans and one.before not in parts:
            parts.append(one.before)
        parts.append(one.text)
        if len(_WORD.findall(one.text)) <= FEW_WORDS:
            parts += [kind.usual(language) for kind in one.kinds]
    return "\n".join(part for part in parts if part)


FEW_WORDS = 5  # so short a question may use none of the words that the answer stands under


def _asked(clause: str, facts: list[str]) -> Asked:
    words = folded(clause)
    kinds = tuple(kind for kind in KINDS if kind.asked.search(words))
    own = _own_words(clause, kinds)
    leans = not own or bool(_LEANS.search(words))
    return Asked(
        text=clause,
        before="\n".join(facts[-FACTS:]),
        kinds=kinds,
        words=own,
        is_yes_no=_is_question(clause)
        and not _HAS_WH.search(words)
        and not _REQUESTS.search(words),
        leans=leans and bool(facts),
    )


def _own_words(clause: str, kinds: tuple[Kind, ...]) -> tuple[str, ...]:
    """Its words, as they were written, but those that only say what kind it is or where we are."""
    rest = _HOME.sub(" ", folded(clause))
    for kind in kinds:
        rest = kind.asked.sub(" ", rest)
    left = set(words_of(rest))
    return tuple(word for word in content_words(clause) if len(word) == 1 or folded(word) in left)


def _clauses(text: str) -> list[str]:
    """Sentences, cut once more where a question begins in the middle of one."""
    clauses: list[str] = []
    for sentence in _SENTENCE.split(text):
        pieces = [""]
        end = 0
        for mark in _CLAUSE.finditer(sentence):
            pieces[-1] += sentence[end : mark.start()]
            if _begins(sentence[mark.end() :]):
                pieces.append("")
            else:
                pieces[-1] += mark.group()
            end = mark.end()
        pieces[-1] += sentence[end:]
        if "¿" in sentence and len(pieces) == 1:
            head, _, tail = sentence.partition("¿")
            pieces = [head, f"¿{tail}"]
        clauses += [piece.strip() for piece in pieces if piece.strip(" ,.;:!-")]
    return clauses


def _begins(clause: str) -> bool:
    return bool(_ASKS.match(_ARABIC_AND.sub("", folded(clause))))


def _is_question(clause: str) -> bool:
    return (
        "?" in clause or "؟" in clause or _begins(clause) or bool(_REQUESTS.search(folded(clause)))
    )


def _only_greets(clause: str) -> bool:
    words = folded(clause)
    return bool(_GREETS.match(words)) and len(words.split()) <= GREETING_WORDS
