"""How long, how heavy, how many: numbers with their unit, in digits or in words.

"30 days" is not "30 hours", and "two years" is "2 años" and "سنتين".
"""

import re
from collections.abc import Iterator

_UNITS = {
    "minute": "minutes? minutos? min دقيقه دقائق دقيقتين",
    "hour": "hours? horas? hrs? ساعه ساعات",
    "day": "days? dias? يوم يوما ايام",
    "week": "weeks? semanas? اسبوع اسابيع اسبوعا",
    "month": "months? mes meses شهر شهرا اشهر شهور",
    "year": "years? anos? سنه سنوات عام اعوام سنين عاما",
    "kg": "kg kgs kilos? kilograms? kilogramos? كغ كجم كيلو كيلوغرام كيلوجرام",
    "cm": "cm centimet(?:er|re)s? centimetros? سم سنتيمتر",
    "mm": "mm millimet(?:er|re)s? milimetros? مم",
    "km": "km kilomet(?:er|re)s? kilometros? كم كيلومتر",
    "metre": "m met(?:er|re)s? metros? متر امتار",
    "litre": "litres? liters? litros? لتر",
    "watt": "w watts? vatios? واط",
    "person": "persons? people personas? اشخاص شخص",
    "usd": "dollars? dolares دولار",
    "eur": "euros? يورو",
    "percent": "percent percentage",
}  # fmt: skip
_UNIT_OF = [
    (name, re.compile(rf"(?:{'|'.join(words.split())})\Z")) for name, words in _UNITS.items()
]
_ANY_UNIT = "|".join(word for words in _UNITS.values() for word in words.split())

_COUNTS = {
    1: "one una uno un واحد واحده", 2: "two dos اثنين اثنان", 3: "three tres ثلاثه ثلاث",
    4: "four cuatro اربعه اربع", 5: "five cinco خمسه خمس", 6: "six seis سته ست",
    7: "seven siete سبعه سبع", 8: "eight ocho ثمانيه ثماني ثمان", 9: "nine nueve تسعه تسع",
    10: "ten diez عشره عشر", 11: "eleven once", 12: "twelve doce dozen docena",
    13: "thirteen trece", 14: "fourteen catorce", 15: "fifteen quince", 16: "sixteen dieciseis",
    18: "eighteen dieciocho", 20: "twenty veinte عشرين عشرون", 24: "veinticuatro",
    30: "thirty treinta ثلاثين ثلاثون", 40: "forty cuarenta اربعين اربعون",
    50: "fifty cincuenta خمسين خمسون", 60: "sixty sesenta ستين ستون",
    70: "seventy setenta سبعين سبعون", 80: "eighty ochenta ثمانين ثمانون",
    90: "ninety noventa تسعين تسعون", 100: "hundred cien ciento مائه مئه",
    200: "doscientos doscientas مئتين مئتان مائتين", 300: "trescientos trescientas ثلاثمئه ثلاثمائه",
    400: "cuatrocientos اربعمئه اربعمائه", 500: "quinientos quinientas خمسمئه خمسمائه",
    1000: "thousand mil الف",
}  # fmt: skip
_COUNT_OF = {word: number for number, words in _COUNTS.items() for word in words.split()}
_WORD = "|".join(sorted(map(re.escape, _COUNT_OF), key=len, reverse=True))
_COUNT = rf"(?:{_WORD})(?:[ -](?:and |y )?و?(?:{_WORD})(?=[\s-])){{0,4}}"
_NUMBER = r"\d{1,9}(?:[.,]\d{1,3})?"
# Words that may stand between a number and its unit.
_BETWEEN = r"(?:(?:working|business|full|calendar|whole|more|further|consecutive|de|ايام)[ -])?"
_SPAN = re.compile(
    rf"(?<![\w.,])[وبلف]?(?:(?P<low>{_NUMBER})\s?(?:-|–|to|a|o|or|الي)\s?)?(?P<high>{_NUMBER}|(?:{_COUNT})(?=[\s-]))[\s-]?{_BETWEEN}(?P<unit>{_ANY_UNIT})(?!\w)"
)
_DUALS = {
    "يومين": "day", "يومان": "day", "ساعتين": "hour", "ساعتان": "hour", "شهرين": "month",
    "شهران": "month", "سنتين": "year", "سنتان": "year", "عامين": "year", "عامان": "year",
    "اسبوعين": "week", "اسبوعان": "week", "دقيقتين": "minute", "كيلوين": "kg",
}  # fmt: skip
_DUAL = re.compile(rf"(?<!\w)[وبل]?({'|'.join(_DUALS)})(?!\w)")


def quantities(words: str) -> Iterator[str]:
    """Each as "30 day"; of a range both ends. The text is folded."""
    for found in _SPAN.finditer(words):
        unit = _unit(found.group("unit"))
        for value in (found.group("low"), found.group("high")):
            if value:
                yield f"{_value(value)} {unit}"
    for found in _DUAL.finditer(words):
        yield f"2 {_DUALS[found.group(1)]}"


def _unit(word: str) -> str:
    return next(name for name, pattern in _UNIT_OF if pattern.match(word))


def _value(word: str) -> str:
    if not word[0].isdigit():
        return str(_counted(word))
    whole, dot, tail = word.replace(",", ".").partition(".")
    tail = tail.rstrip("0")
    return f"{whole}{dot}{tail}" if tail else whole


def _counted(words: str) -> int:
    """ "a hundred and eighty" is 180: what follows a smaller number multiplies it, else adds."""
    total = 0
    for word in re.split(r"[ -]", words):
        number = _COUNT_OF.get(word) or _COUNT_OF.get(word.removeprefix("و"), 0)
        total = total * number if number >= 100 and 0 < total < number else total + number
    return total
