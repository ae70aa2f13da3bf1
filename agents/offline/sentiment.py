"""How the sender feels, from -1 to 1: a small lexicon with negation and stress, three languages.

VADER's idea (Hutto and Gilbert, ICWSM 2014) without its word list.
"""

import math
import re

from agents.offline.letters import folded

_STRENGTH: dict[float, str] = {
    3.0: "love loved amazing awesome excellent fantastic wonderful perfect best brilliant superb"
    " encanta excelente fantastico maravilloso perfecto increible mejor genial buenisimo"
    " رائع ممتاز احب افضل مذهل جميل",
    2.0: "great good happy glad thanks thank nice helpful pleased fast easy recommend impressed beautiful"
    " bueno buena bien gracias feliz contento amable rapido util bonito recomiendo"
    " شكرا جيد سعيد مبروك حلو سريع ممنون",
    1.0: "ok fine interested welcome hope cool please enjoy fun kind"
    " interesado espero vale claro بخير تمام مهتم",
    -1.0: "late slow waiting delay delayed problem issue wrong unclear confused expensive sorry cancel"
    " cancelled refund return sad tarde lento espera problema equivocado caro cancelar devolver triste"
    " تاخر تاخير مشكله خطا غالي الغاء حزين انتظر",
    -2.0: "bad broken damaged missing lost fail failed fails failure rude angry upset annoyed annoying poor disappointed"
    " disappointing unhappy useless stupid crash crashes complaint stuck refuse ignored unfortunately frustrated frustrating"
    " malo mala roto perdido falta enfadado molesto decepcionado inutil queja fallo falla mal"
    " سيئ سيئه مكسور ضايع ضاع غاضب مزعج خيبه شكوي فاشل",
    -3.0: "terrible horrible awful worst hate disgusting ridiculous unacceptable scam fraud stolen disgrace pathetic"
    " shame joke liars thieves furious inexcusable nightmare shit fuck fucking damn crap sucks wtf bullshit"
    " pesimo pesima terrible asco odio verguenza inaceptable estafa robo robado ladrones ridiculo mierda"
    " اسوا فظيع مقرف اكره فضيحه احتيال سرقه سرق نصب نصابين حرامي زباله مخجل",
}
_WORDS = {
    word: weight for weight, words in _STRENGTH.items() for word in map(folded, words.split())
}
_NEGATIONS = frozenset(
    folded(
        "not no never nothing without cannot can't don't doesn't didn't isn't wasn't won't wouldn't hardly"
        " ni nunca nada sin tampoco لا ليس لم لن غير بدون مش مو ما"
    ).split()
)
_STRESS = {
    folded(word): weight
    for weight, words in (
        (
            1.3,
            "very really so extremely absolutely totally super muy tan demasiado totalmente جدا كثيرا للغايه",
        ),
        (0.7, "a bit slightly somewhat little poco algo قليلا شوي"),
    )
    for word in words.split()
}
_TOKEN = re.compile(r"[^\W\d_][\w']*")
_GLAD, _SAD = set("😀😃😄😁😊😍🥰😘👍🙏❤🎉😂🤩👏💕✨"), set("😡😠😤😞😢😭👎🤬😩😖😒🙄💔😣😫")
# Reads as a sum of three strong words being nearly as bad (or good) as it gets.
_NORM = 12.0


def sentiment_of(text: str) -> float:
    """Below -0.75 somebody is furious; above 0.5 they are pleased."""
    words = _TOKEN.findall(folded(text))
    total = sum(_weight(words, position) for position in range(len(words)))
    total += 2.0 * sum(char in _GLAD for char in text) - 2.0 * sum(char in _SAD for char in text)
    if total:
        total += math.copysign(min(text.count("!"), 3) * 0.3, total)
        if _shouts(text):
            total *= 1.3
    return round(total / math.sqrt(total * total + _NORM), 3)


def _weight(words: list[str], position: int) -> float:
    word = words[position]
    weight = _WORDS.get(word)
    if weight is None and word.startswith("ال"):
        weight = _WORDS.get(word[2:])
    if weight is None:
        return 0.0
    before = words[max(0, position - 3) : position]
    for previous in before:
        weight *= _STRESS.get(previous, 1.0)
    if any(previous in _NEGATIONS for previous in before):
        weight *= -0.6
    return weight


def _shouts(text: str) -> bool:
    letters = [char for char in text if char.isalpha()]
    return len(letters) > 12 and sum(char.isupper() for char in letters) > len(letters) * 0.7
