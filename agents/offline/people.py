"""People and places that a text speaks of: by lists of names, titles and the shape of words.

These are mentions, not facts: whoever writes "I spoke to Peter" is not Peter. What the sender
says about themselves is ``agents.offline.entities``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from agents.offline.entities import find_entities
from agents.offline.letters import folded
from agents.offline.lists import lists
from agents.offline.places import PLACES
from agents.offline.times import times
from agents.offline.values import Found, matches

_TOKEN = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|[.,;:!?؟،()\n\"“”]")
_CAPITAL = re.compile(r"[A-ZÀ-ÞĀ-Ž]")
_ARABIC = re.compile(r"[\u0621-\u064a]")
_TITLES = frozenset(
    folded(
        "mr mrs ms miss dr prof sir lord lady president senator judge minister captain coach king queen prince pope saint"
        " sr sra srta don doña señor señora doctor doctora presidente presidenta ministro ministra juez alcalde rey general"
        " السيد السيدة الدكتور دكتور الدكتورة الرئيس رئيس الوزير وزير وزيرة الشيخ الملك الأمير الأستاذ أستاذ المهندس الحاج العقيد الجنرال اللواء الفريق العميد المشير الكاتب الفنان الفنانة الشاعر القائد النائب نائب السفير سفير المبعوث مبعوث المتحدث مستشار المستشار المدرب مدرب اللاعب لاعب المرشح زعيم الزعيم مرشد المرشد البابا الإمام القاضي المحامي الصحفي الصحافي الباحث الناطق المخرج الممثل الممثلة المغني المغنية الأميرة الملكة الآنسة عضو مرحوم المرحوم الشهيد"
    ).split()
)
_CUES = re.compile(
    r"(?:\bmy name(?:'s| is)|\bname(?:d)?|\bcalled|\bi am|\bi'm|\bthis is|\bunder(?: the name(?: of)?)?|\bsoy|\bme llamo|\bse llama|\bllamad[oa]|\bnombre(?: es|:)?|(?<!\w)(?:اسمي|اسمه|اسمها|انا|أنا|يدعي|المدعو))\s*[:,]?\s*$",
    re.IGNORECASE,
)
_PARTICLES = frozenset(
    folded("de del la los da dos di van von der den bin ibn al el ben abu y ال بن ابو عبد").split()
)
_NOT_AFTER = frozenset(
    folded(
        "ltd llc inc gmbh corp co plc group street st road avenue ave airlines bank university hotel county city island river park"
    ).split()
)
_ARABIC_PARTICLES = frozenset(folded("بن ابن آل أبو بنت").split())
# What stands between an office and whose it is; and who is quoted is named.
_OFFICES = frozenset(
    folded(
        "الوزراء الجمهورية الخارجية الداخلية الدفاع العدل المالية الإعلام الصحة التعليم النفط الدولة العام السابق"
        " الراحل الحالي الأعلى الأول الثاني مجلس النواب الأمة الحكومة البرلمان الأمن القومي المتحدة الأركان باسم"
        " السلطة الوطنية الحزب الحركة الاتحاد المنتخب الفريق الوطني"
    ).split()
)
_OFFICE_WORDS = 3
_SAID = frozenset(folded("قال أكد أعلن صرح أضاف أوضح ذكر التقى زار دعا اتهم نفى").split())
_NO_NAME = frozenset(
    folded(
        "في من إلى على عن مع أن إن أنه إنه قد لا لم لن ما كان كانت هذا هذه ذلك التي الذي بعد قبل خلال حول بين عند"
        " كما أو ثم حتى إذا غير كل بعض أي هو هي هم نحو ضد منذ أمس اليوم قال أكد أعلن يوم عام مدير رئيس وزير"
    ).split()
)
MOST = 5  # words of a name
LONGEST = 8_000  # characters that are read


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    start: int
    end: int
    plain: str
    begins: bool  # a sentence, where every word has a capital

    @property
    def is_word(self) -> bool:
        return self.text[0].isalpha()

    @property
    def is_capital(self) -> bool:
        return bool(_CAPITAL.match(self.text))

    @property
    def is_arabic(self) -> bool:
        return bool(_ARABIC.match(self.text))


def find_mentions(text: str) -> list[Found]:
    """People, companies and places spoken of, with what ``find_entities`` finds besides."""
    text = text[:LONGEST]
    found = find_entities(text)
    taken = [one for one in found if one.name != "interest"]
    for one in (*times(text), *organisations(text), *people(text), *known_places(text)):
        if not any(one.start < other.end and other.start < one.end for other in taken):
            taken.append(one)
    return sorted(taken, key=lambda one: one.start)


def people(text: str) -> Iterator[Found]:
    words = _words(text)
    position = 0
    while position < len(words):
        length = _name_at(words, position, text)
        if length:
            first, last = words[position], words[position + length - 1]
            yield Found("name", first.start, last.end, text[first.start : last.end])
        position += max(length, 1)


_HEADS = (
    r"(?:University|Bank|Institute|Ministry|Department|Association|Federation|Foundation|Council|Committee|Church|College|Party|Agency|Club)"
    r"(?: (?:of|for|de))? (?:the )?[A-Z][\w'’-]+(?: (?:of |de )?[A-Z][\w'’-]+){0,3}"
    r"|(?:Universidad|Banco|Instituto|Ministerio|Asociaci[óo]n|Federaci[óo]n|Fundaci[óo]n|Consejo|Comisi[óo]n|Comit[ée]|Partido|Club|Tribunal|Audiencia|Ayuntamiento|Junta|Uni[óo]n|Real|Atl[ée]tico|Fuerzas|Guardia|Polic[íi]a|Congreso|Senado|Diputaci[óo]n|Confederaci[óo]n|Compa[ñn][íi]a|Grupo|Radio|Televisi[óo]n)"
    r"(?: (?:de|del|de la|para|por el))? [A-ZÁÉÍÓÚÑ][\w'’-]+(?: (?:(?:de|del|de la|y|para el) )?[A-ZÁÉÍÓÚÑ][\w'’-]+){0,4}"
    r"|(?:[A-Z][\w'’&-]+ ){1,3}(?:University|Airlines|Airways|Bank|Motors|Records|Studios|Pictures|Foundation|Institute|Corporation|Press|Times|Holdings|Industries|Systems|Software|Electronics|Telecom|Insurance)\b"
    r"|(?<!\w)(?:[وبل]?(?:ل?ل)?)(?:ال)?(?:شركة|وزارة|جامعة|بنك|حزب|حركة|منظمة|هيئة|مجلس|مؤسسة|وكالة|جمعية|نادي|اتحاد|صحيفة|قناة|كتائب)\s\u200e?(?:ال)?[\u0621-\u064a]+|(?:الامم|الأمم)\s\u200e?المتحدة"
)
_ORGANISATION = re.compile(_HEADS)
# Letters that stand for a body, in a text that does not shout: "EFE", "ONU".
_ACRONYM = re.compile(r"(?<![\w.@#-])[A-Z]{3,5}(?![\w-])")
_NO_BODY = frozenset(
    folded(
        "asap faq usd eur gbp sar aed lol omg wtf url http api pdf sms gps diy vip atm pin usa uae uk"
    ).split()
)


def organisations(text: str) -> Iterator[Found]:
    yield from matches("company", _ORGANISATION, text)
    if sum(char.isupper() for char in text) < len(text) * 0.2:
        for one in matches("company", _ACRONYM, text):
            if one.value.casefold() not in _NO_BODY:
                yield one


def known_places(text: str) -> Iterator[Found]:
    """Cities, countries and regions of the lists, longest first, written with a capital."""
    places = lists()["places"]
    words = _words(text)
    position = 0
    while position < len(words):
        for length in (3, 2, 1):
            run = words[position : position + length]
            if len(run) == length and all(word.is_word for word in run) and _may_be_place(run):
                plain = " ".join(word.plain for word in run)
                if plain in places or plain.removeprefix("ب").removeprefix("ل") in places:
                    start, end = run[0].start, run[-1].end
                    yield Found("location", start, end, text[start:end])
                    position += length - 1
                    break
        position += 1


def _may_be_place(run: list[_Word]) -> bool:
    return run[0].is_capital or run[0].is_arabic


def _words(text: str) -> list[_Word]:
    words: list[_Word] = []
    for match in _TOKEN.finditer(text):
        before = words[-1].text if words else "."
        words.append(
            _Word(
                match.group(),
                match.start(),
                match.end(),
                folded(match.group()),
                before in '.!?؟\n"“(',
            )
        )
    return words


def _name_at(words: list[_Word], position: int, text: str) -> int:
    """How many words from here on are somebody's name."""
    word = words[position]
    if not word.is_word:
        return 0
    titled = position > 0 and words[position - 1].plain in _TITLES
    cued = bool(_CUES.search(text[max(0, word.start - 30) : word.start]))
    if word.is_arabic:
        return _arabic_name(words, position, sure=titled or cued)
    if not word.is_capital:
        return _small_name(words, position) if cued else 0
    if titled:
        return _extent(words, position)
    if word.plain in _TITLES or word.plain in _places():
        return 0
    return _latin_name(words, position, cued=cued)


def _latin_name(words: list[_Word], position: int, *, cued: bool) -> int:
    known, word = lists(), words[position]
    length = _extent(words, position)
    is_run = length > 1
    if word.plain in known["given"]:
        return length
    if word.plain in known["doubtful"]:
        # "Grace", "Mark", "Rosa": a name if another follows, or if somebody says so
        return length if cued or (is_run and _is_listed(words[position + 1])) else 0
    is_family = word.plain in known["family"]
    ends_in_family = is_run and words[position + length - 1].plain in known["family"]
    if word.begins:
        return length if is_run and (is_family or cued) else 0
    return length if is_family or ends_in_family or (cued and is_run) else 0


def _small_name(words: list[_Word], position: int) -> int:
    """ "i am laura smith": nobody looked for the shift key."""
    known = lists()
    if words[position].plain not in known["given"]:
        return 0
    return 1 + int(position + 1 < len(words) and _is_listed(words[position + 1]))


def _extent(words: list[_Word], position: int) -> int:
    """The run of capitals from here, with the particles and initials between them."""
    last = position
    here = position + 1
    while here < len(words) and here - position < MOST:
        word = words[here]
        if (
            word.is_word
            and word.is_capital
            and word.plain not in _NOT_AFTER
            and word.plain not in _places()
        ):
            last = here
        elif word.text == "." and len(words[here - 1].text) == 1:
            pass  # an initial
        elif word.plain not in _PARTICLES:
            break
        here += 1
    return last - position + 1


def _arabic_name(words: list[_Word], position: int, *, sure: bool) -> int:
    """Arabic has no capitals: the lists must do, and who is spoken of by a title."""
    word = words[position]
    if _begins_kunya(words, position):
        return 2 + _arabic_run(words, position + 2)
    sure = sure or _is_titled(words, position)
    listed = _is_listed(word)
    length = _arabic_run(words, position)
    if sure:
        if listed:
            return length
        if word.plain.startswith("ال") or word.plain in _NO_NAME or len(word.plain) < 3:
            return 0
        following = _arabic_run(words, position + 1)
        return 1 + following if following else 0
    known = lists()
    if length > 1:
        run = words[position : position + length]
        # Two everyday words in a row are no name because each of them may be one.
        return length if any(_is_surely(each) for each in run) else 0
    return length if listed and word.plain in known["sure"] else 0


def _arabic_run(words: list[_Word], position: int) -> int:
    """How many words from here on belong to a name: listed ones, with the particles between."""
    last = here = position
    while here < len(words) and here - position < MOST and words[here].is_arabic:
        plain = words[here].plain
        following = words[here + 1].plain if here + 1 < len(words) else ""
        if plain == "عبد" and following.startswith("ال"):
            here += 2
            last = here
        elif _is_listed(words[here]):
            here += 1
            last = here
        elif here > position and plain in _ARABIC_PARTICLES:
            here += 1
        else:
            break
    return last - position


def _begins_kunya(words: list[_Word], position: int) -> bool:
    """Abu and Umm with whose father or mother somebody is; "Abu Dhabi" is a place."""
    if words[position].plain not in {"ابو", "ابي", "ابا"} or position + 1 >= len(words):
        return False
    both = f"{words[position].plain} {words[position + 1].plain}"
    return words[position + 1].is_arabic and both not in _places()


def _is_titled(words: list[_Word], position: int) -> bool:
    """ "The American president X", "the minister of defence X": what stands before is an office."""
    for back in range(1, _OFFICE_WORDS + 1):
        if back > position or not words[position - back].is_arabic:
            return False
        plain = words[position - back].plain
        if plain in _TITLES or plain in _SAID:
            return True
        if not (plain in _OFFICES or plain.endswith(("ي", "يه"))):
            return False
    return False


def _is_surely(word: _Word) -> bool:
    return word.plain in lists()["sure"]


def _is_listed(word: _Word) -> bool:
    known = lists()
    plain = word.plain
    return any(plain in known[name] for name in ("given", "family", "doubtful", "sure"))


@lru_cache(maxsize=1)
def _places() -> frozenset[str]:
    return frozenset(map(folded, PLACES)) | lists()["places"]
