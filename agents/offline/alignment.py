"""How much of what one text says another says too, word by word and across languages.

The sentence encoder is a poor judge of whether a sentence answers a question, and a good one of
whether two words mean the same: "verde" and "green" .95, "heavy" and "weighs" .70, "red" and
"green" .57, "PayPal" and "card" .39.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from agents.offline.letters import folded
from knowledge.lexical import normalise, stem, words
from knowledge.stop_words import STOP_WORDS

Embed = Callable[[list[str]], NDArray[np.float32]]

# Cosine of two words: below the first they are strangers, above the second the same thing.
STRANGERS, SAME = 0.5, 0.8
ALIKE = 0.9  # the same thing in other words
REMEMBERED = 20_000  # words; 2 kB each
LONGEST = 40  # letters

_STOP = frozenset().union(*(STOP_WORDS[code] for code in ("en", "es", "ar")))
# What a question to a company is made of, beside its subject.
_ASKING = frozenset(
    folded(
        "have has having got get gets getting give gives offer offers offered sell sells sold buy buying come comes coming make makes made use"
        " take takes taken accept accepts accepted provide provides allow allowed possible able want wants need needs like know tell send show find see"
        " look looking please help question ask asking right away now today currently still any anything something someone everything thing things"
        " kind kinds type types way ways lot really actually usually normally exactly there available work works working go goes going think happens"
        " many long far soon much what's whats i'm i'd i'll don't doesn't company shop store guys bring put let keep good best new day days showroom office branch order should anytime easily sign period own per one two three four five each"
        " tengo tienes teneis tener hacen haceis hacer hace dar dan dais doy ofrecen ofreceis venden vendeis vender comprar compra aceptan aceptais aceptar"
        " puedes podria podrian podemos posible quiero quiere queremos queria gustaria gusta necesitamos busco buscamos saber decir dime informacion info"
        " envian enviais viene vienen trabajan trabajais usan usar tipo tipos cosa cosas forma manera ahora ayuda pregunta empresa tienda llevar traer traigo trabaja seria incluye dia dias atienden atender atendeis admiten admitir estais estan permiten aceptado local oficina sucursal periodo dos tres cuatro cinco cada"
        " عندكم عندك لديكم ممكن يمكن اقدر استطيع نريد نحتاج احتاج اعرف معرفه ابيع تبيعون بيع تقدمون تقبلون يوجد موجود تعملون تعمل هناك شيء اي كان سؤال استفسار"
        " شركه شركتكم محل متجر اشتري شراء طيب حابب عايز تقدر تقدرون حق الي لسا عن كمان توفر توفرون لكم يوم معرض فرع مكتب ابي ابغي يتم تتم فتره توجد"
    ).split()
)
_DATE = re.compile(
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?|weekends?|holidays?|january|february|march|april|may|june|july|august|september"
    r"|october|november|december|lunes|martes|miercoles|jueves|viernes|sabados?|domingos?|festivos?|enero|febrero|marzo|abril|mayo|junio"
    r"|julio|agosto|septiembre|octubre|noviembre|diciembre|summer|winter|verano|invierno"
    r"|احد|اثنين|ثلاثاء|اربعاء|خميس|جمعه|سبت|يناير|فبراير|مارس|ابريل|مايو|يونيو|يوليو|اغسطس|سبتمبر|اكتوبر|نوفمبر|ديسمبر|رمضان"
)
_LETTER = re.compile(r"\b[A-Z]\b")
_CAPITAL = re.compile(r"(?<![\w'’.-])[A-Z](?![\w'’.])")


@lru_cache(maxsize=4)
def words_by(embed: Embed) -> "Words":
    """The process's one memory of word vectors for an embedder."""
    return Words(embed)


class Words:
    """Word vectors, each made once; safe to share among threads."""

    def __init__(self, embed: Embed) -> None:
        self._embed = embed
        self._known: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._lock = Lock()

    def vectors(self, wanted: Sequence[str]) -> NDArray[np.float32]:
        """One row a word, of length one."""
        with self._lock:
            known = {word: self._known[word] for word in wanted if word in self._known}
        missing = [word for word in dict.fromkeys(wanted) if word not in known]
        if missing:
            made = dict(zip(missing, self._embed(missing), strict=True))
            known |= made
            with self._lock:
                self._known.update(made)
                while len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)
        return np.array([known[word] for word in wanted], dtype=np.float32)


def content_words(text: str) -> list[str]:
    """The words of a question that its answer should know: no stop words, no asking, no numbers."""
    found = [
        word[:LONGEST]
        for word in words(text)
        if len(word) > 1
        and not word[0].isdigit()
        and (plain := normalise(word)) not in _STOP
        and plain not in _ASKING
        and _bare(plain) not in _ASKING
    ]
    # "in size L": one capital is a word of its own
    found += [letter for letter in _CAPITAL.findall(text) if letter not in "AIOY"]
    return list(dict.fromkeys(found))


@lru_cache(maxsize=1 << 12)
def is_date_word(word: str) -> bool:
    """A day or month: an answer may tell of it by naming others ("Monday to Friday")."""
    return bool(_DATE.fullmatch(_bare(normalise(word))))


@lru_cache(maxsize=1 << 11)  # the same passages are read for question after question
def all_words(text: str) -> tuple[str, ...]:
    """The words of a sentence that something may be found in."""
    found = [
        word[:LONGEST] for word in words(text) if len(word) > 1 and normalise(word) not in _STOP
    ]
    return tuple(dict.fromkeys([*found, *_LETTER.findall(text)]))


def coverage(asked: Sequence[str], said: Sequence[str], known: Words) -> NDArray[np.float32]:
    """For each asked word, how surely some said word means it: 0 to 1."""
    if not asked or not said:
        return np.zeros(len(asked), dtype=np.float32)
    return _coverage(tuple(asked), tuple(said), known)


@lru_cache(maxsize=1 << 12)  # people ask in the same words, and the same sentences are held to them
def _coverage(asked: tuple[str, ...], said: tuple[str, ...], known: Words) -> NDArray[np.float32]:
    cosines = known.vectors(asked) @ known.vectors(said).T
    near = np.clip((cosines.max(axis=1) - STRANGERS) / (SAME - STRANGERS), 0.0, 1.0) * ALIKE
    held = stems_of(tuple(said))
    exact = np.array([_is_held(word, held) for word in asked], dtype=bool)
    near = np.maximum(near, ALIKE * _same_root(asked, said))
    # Names and single letters mean nothing by being near to others.
    literal = np.array([len(word) == 1 for word in asked], dtype=bool)
    covered: NDArray[np.float32] = np.where(exact, 1.0, np.where(literal, 0.0, near))
    covered = covered.astype(np.float32)
    covered.flags.writeable = False  # whoever asks shares it
    return covered


@lru_cache(maxsize=1 << 11)
def stems_of(said: tuple[str, ...]) -> frozenset[str]:
    return frozenset(form for word in said for form in _forms(word))


def _is_held(word: str, held: frozenset[str]) -> bool:
    return any(form in held for form in _forms(word))


@lru_cache(maxsize=1 << 15)
def _forms(word: str) -> tuple[str, ...]:
    if len(word) == 1:
        return (word,)
    return (normalise(word), stem(word.casefold(), "en"), stem(word.casefold(), "es"))


def _same_root(asked: Sequence[str], said: Sequence[str]) -> NDArray[np.float32]:
    """Arabic hides one word in many: "return!" and "returning", "battery" and "its battery"."""
    held = frozenset(root for word in said if _is_arabic(word) for root in _roots(word))
    found = [_is_arabic(word) and not held.isdisjoint(_roots(word)) for word in asked]
    return np.array(found, dtype=np.float32)


def _roots(word: str) -> tuple[str, ...]:
    bare = _bare(normalise(word))
    consonants = _VOWELS.sub("", _ENDING.sub("", bare))
    beginning = (bare[:BEGINNING],) if len(bare) > BEGINNING else ()
    return (*beginning, consonants) if len(consonants) >= ROOT else beginning


def _is_arabic(word: str) -> bool:
    return "\u0600" <= word[0] <= "\u06ff"


ROOT, BEGINNING = 3, 5  # letters
_ENDING = re.compile(r"(?<=\w{3})(?:ها|هم|كم|نا|ات|ين|ون|ه)$")
_VOWELS = re.compile("[اوي]")


def _bare(word: str) -> str:
    """An Arabic word without "and" and the article."""
    return re.sub(r"^(?:و?ال|لل|و)(?=\w{3})", "", word)
