"""Whether two questions are the same, and whether one could be anybody's."""

import re

import numpy as np

from agents.guardrails.mentions import mentions
from agents.offline.acts import wants_human
from agents.offline.alignment import Words, all_words
from agents.offline.asking import questions_in
from agents.offline.entities import find_entities
from agents.offline.letters import folded
from agents.offline.personal import find_personal

# Cosine of two questions, and of two words of theirs that stand for each other.
SAME_QUESTION, SAME_WORD = 0.92, 0.9
LONGEST = 400  # characters; whoever writes more tells of themselves
# What somebody says of themselves; an interest or a place is in every question.
_OWN = {"name", "email", "phone", "company", "role", "budget", "timeline"}
# Small words that turn a question round; no others are read twice.
_TURNS = re.compile(
    r"(?<!\w)(?:not|no|without|never|nor|\w+n't|before|after|more|less|over|under|only|except"
    r"|other|another|from|to|sin|nunca|ni|antes|despues|mas|menos|solo|salvo|excepto|otro|otra"
    r"|desde|hasta|لا|ليس|بدون|غير|قبل|بعد|اكثر|اقل|فقط|الا|من|الي)(?!\w)"
)
# Answers to these are of this moment, or of this person.
_MOMENT = re.compile(
    r"(?<!\w)(?:now|today|tonight|currently|still|yet|again|my|mine|our|ours|i'm|i've|ahora|hoy"
    r"|aun|todavia|otra vez|mi|mis|mio|mia|nuestro|nuestra|الان|اليوم|لسا|مازال|عندي|لي|طلبي"
    r"|حسابي)(?!\w)"
)
# "And in blue?" says nothing without what went before.
_GOES_ON = re.compile(r"^\W*(?:and|or|then|what about|how about|y|o|entonces|que tal|وماذا|طيب)\b")


def is_anybodys(text: str, *, earlier: str = "") -> bool:
    """Whether a question says nothing of who asks it, nor when, nor leans on what went before."""
    plain = folded(text)
    if not text or len(text) > LONGEST or _MOMENT.search(plain) or _GOES_ON.match(plain):
        return False
    if find_personal(text, names=False) or any(one.name in _OWN for one in find_entities(text)):
        return False
    if wants_human(text):
        return False
    return not any(one.leans for one in questions_in(text, earlier=earlier or "…"))


def names_nobody(text: str, known: str) -> bool:
    """Whether whatever is personal in a text is a name that stands in what is known to all.

    Products are called by people's names.
    """
    return all(one.name == "name" and folded(one.value) in known for one in find_personal(text))


def is_same(asked: str, known: str, words: Words) -> bool:
    """Whether an answer to one answers the other, said of two whose meaning is near.

    Numbers, dates and the small words that turn a question round must be the same, and each
    word must have its like on the other side: an encoder finds red desks much like green ones.
    """
    if folded(asked) == folded(known):
        return True
    if mentions(asked) != mentions(known) or _turns(asked) != _turns(known):
        return False
    one, other = all_words(asked), all_words(known)
    if not one or not other:
        return False
    alike = words.vectors(one) @ words.vectors(other).T >= SAME_WORD
    alike |= np.array([[folded(a) == folded(b) for b in other] for a in one], dtype=bool)
    return bool(alike.any(axis=1).all() and alike.any(axis=0).all())


def _turns(text: str) -> list[str]:
    return sorted(_TURNS.findall(folded(text)))
