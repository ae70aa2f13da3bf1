"""Whether two questions ask the same, for sure enough to give one fixed answer to both.

Vectors alone cannot tell: "Do you deliver to Madrid?" and "... to Paris?" lie closer together
than many a question and its other wording. So the words must agree too: what is asked after
(a price, a time, a place), what is denied, every number, and each word that carries meaning,
small slips of the keyboard aside. In two languages words cannot be compared; there the vectors
must agree the more.
"""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from knowledge.lexical import normalise, stems, words

# Cosines of questions that ask the same: with the same words, and with none to compare.
SAME_WORDS, NO_WORDS = 0.35, 0.86
# What the same words are worth at least, whatever their vectors say.
SURELY = 0.8
# A slip of the keyboard: same first letter, at least so long, so much of it the same.
SHORTEST_SLIP, ALIKE = 4, 0.8
LONGEST = 300  # characters; who writes more asks more than one thing

# What is asked after. Whoever asks with one of these words asks for the same kind of thing.
AFTER = {
    "price": "much price prices cost costs fee fees charge precio precios cuesta cuestan costo"
    " coste vale valen tarifa سعر سعره اسعار تكلفه بكم ثمن قديش",
    "time": "when time hour hours schedule cuando hora horas horario horarios متي ساعه ساعات"
    " مواعيد موعد اوقات",
    "place": "where address donde direccion اين وين فين عنوان",
    "person": "who whose quien quienes من مين",
    "reason": "why porque لماذا ليش",
    "duration": "long duration tarda tardan demora مده يستغرق تستغرق",
    "number": "many cuanto cuanta cuantos cuantas كم",
}
KINDS = {word: kind for kind, said in AFTER.items() for word in said.split()}
SAYS = {
    "no": "not no never without cannot cant dont doesnt isnt arent nunca sin jamas tampoco"
    " لا ليس بدون غير لم لن",
    "manners": "hi hello hey please thanks thank dear hola buenas buenos gracias favor perdon"
    " disculpa مرحبا اهلا شكرا سمحت فضلك السلام عليكم",
}
DENIES, COURTESY = (frozenset(said.split()) for said in SAYS.values())
FROM = frozenset({"from", "desde", "من"})
WITHIN = re.compile(r"(?<=\w)['’-](?=\w)")  # "don't", "e-bike"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a question's words say, without the order and the manners."""

    language: str
    said: str  # its words as they were written, made comparable
    after: frozenset[str]
    denies: bool
    numbers: tuple[str, ...]
    origins: frozenset[str]  # "from Madrid": the same words the other way round ask for another
    content: frozenset[str]


def meaning_of(question: str, language: str) -> Meaning:
    spoken = [normalise(word) for word in words(WITHIN.sub("", question[:LONGEST]))]
    spoken = [word for word in spoken if word not in COURTESY]
    after = {KINDS[word] for word in spoken if word in KINDS}
    if after & {"price", "duration", "time"}:
        after.discard("number")  # "how much", "how long", "how many hours"
    rest = " ".join(word for word in spoken if word not in KINDS and word not in DENIES)
    content = frozenset(stems(rest, language))
    return Meaning(
        language=language,
        said=" ".join(spoken),
        after=frozenset(after),
        denies=any(word in DENIES for word in spoken),
        origins=frozenset(place for word, place in pairwise(spoken) if word in FROM),
        numbers=tuple(sorted(word for word in spoken if any(sign.isdigit() for sign in word))),
        content=content,
    )


def likeness(one: Meaning, other: Meaning, cosine: float) -> float:
    """0 where they may ask for different things; else how sure we are, up to 1."""
    if one.said and one.said == other.said:
        return 1.0
    if one.after != other.after or one.denies != other.denies or one.numbers != other.numbers:
        return 0.0
    if one.language and other.language and one.language != other.language:
        return cosine if cosine >= NO_WORDS else 0.0
    if one.origins != other.origins:
        return 0.0
    if cosine < SAME_WORDS or not (one.content or one.after):
        return 0.0
    return max(cosine, SURELY) if _same(one.content, other.content) else 0.0


def _same(one: frozenset[str], other: frozenset[str]) -> bool:
    """The same words, but for a slip in what is left over on both sides."""
    ours, theirs = "".join(sorted(one - other)), "".join(sorted(other - one))
    if not ours and not theirs:
        return True
    if min(len(ours), len(theirs)) < SHORTEST_SLIP or max(len(one - other), len(other - one)) > 2:
        return False
    has_number = any(sign.isdigit() for sign in ours + theirs)
    return (
        not has_number
        and SequenceMatcher(None, ours, theirs).ratio() >= ALIKE
        and bool(set(_first(one - other)) & set(_first(other - one)))
    )


def _first(stems_left: frozenset[str]) -> list[str]:
    return [stem[:1] for stem in stems_left]
