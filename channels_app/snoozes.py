"""Until when: what people choose or type, as a moment. English, Spanish and Arabic."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta

MORNING = 9
LONGEST = timedelta(days=366)
PRESETS = ("hour", "evening", "tomorrow", "week", "month")

_UNITS = {
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
    "weeks": timedelta(days=7),
    "months": timedelta(days=30),
}
_UNIT_WORDS = {
    "minutes": ("m", "min", "mins", "minute", "minutes", "minuto", "minutos", "دقيقة", "دقائق"),
    "hours": ("h", "hr", "hrs", "hour", "hours", "hora", "horas", "ساعة", "ساعات"),
    "days": ("d", "day", "days", "dia", "dias", "يوم", "ايام"),
    "weeks": ("w", "week", "weeks", "semana", "semanas", "اسبوع", "اسابيع"),
    "months": ("month", "months", "mes", "meses", "شهر", "اشهر"),
}
_UNIT_OF = {word: unit for unit, words in _UNIT_WORDS.items() for word in words}
_PAIRS = {"ساعتين": "2 hours", "يومين": "2 days", "اسبوعين": "2 weeks", "شهرين": "2 months"}
_DAYS = {
    **dict.fromkeys(("today", "hoy", "اليوم"), 0),
    **dict.fromkeys(("tomorrow", "tmr", "manana", "غدا", "بكرة"), 1),
}
_WEEKDAYS = (
    ("monday", "mon", "lunes", "الاثنين", "الإثنين"),
    ("tuesday", "tue", "martes", "الثلاثاء"),
    ("wednesday", "wed", "miercoles", "الاربعاء"),
    ("thursday", "thu", "jueves", "الخميس"),
    ("friday", "fri", "viernes", "الجمعة"),
    ("saturday", "sat", "sabado", "السبت"),
    ("sunday", "sun", "domingo", "الاحد"),
)
_NEXT_WEEK = ("next week", "la semana que viene", "proxima semana", "الاسبوع القادم")
_NEXT_MONTH = ("next month", "el mes que viene", "proximo mes", "الشهر القادم")
_AMOUNT = re.compile(r"^(?:in|en|dentro de|بعد)?\s*(\d{1,3}|an?|una?)?\s*([^\W\d]+)$")
_DATE = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b|\b(\d{1,2})[./](\d{1,2})(?:[./](\d{4}))?\b")
_CLOCK = re.compile(
    r"(?:(?<=\s)|^)(?:(?:at|a las?|الساعة)\s+)?(\d{1,2})(?:[:.h](\d{2}))?\s*"
    r"(am|pm|a\.m\.|p\.m\.|صباحا|مساء)?(?=\s|$)"
)
_EVENING = ("pm", "p.m.", "مساء")


def preset(name: str, now: datetime) -> datetime | None:
    """When one of ``PRESETS`` ends; None where it is none, or over for today."""
    if name == "hour":
        return _after(now, timedelta(hours=1))
    if name == "evening":
        return _later(_at(now, 18), now)
    if name == "tomorrow":
        return _at(now + timedelta(days=1), MORNING)
    if name == "week":
        return _at(now + timedelta(days=7 - now.weekday()), MORNING)
    if name == "month":
        return _at((now.replace(day=1) + timedelta(days=32)).replace(day=1), MORNING)
    return None


def typed(text: str, now: datetime) -> datetime | None:
    """What somebody typed, such as "tomorrow 9am", "in 2 hours", "viernes a las 10" or
    "2026-12-01 14:00", on the clock that ``now`` is in. None where it says no time to come."""
    said = _folded(text)
    for pair, meant in _PAIRS.items():
        said = said.replace(_folded(pair), meant)
    found = _span(said, now) or _day(said, now)
    if found is None or not now < found <= now + LONGEST:
        return None
    return found


def _span(said: str, now: datetime) -> datetime | None:
    matched = _AMOUNT.match(said)
    unit = _UNIT_OF.get(matched[2]) if matched else None
    if matched is None or unit is None:
        return None
    count = int(matched[1]) if (matched[1] or "").isdecimal() else 1
    return _after(now, _UNITS[unit] * count)


def _day(said: str, now: datetime) -> datetime | None:
    if said in _NEXT_WEEK:
        return preset("week", now)
    if said in _NEXT_MONTH:
        return preset("month", now)
    dated = _DATE.search(said)
    rest = _DATE.sub(" ", said).strip() if dated else said
    clock = _CLOCK.search(rest)
    hour, minute = _hour(clock) if clock else (MORNING, 0)
    if hour > 23 or minute > 59:
        return None
    words = (rest[: clock.start()] + rest[clock.end() :] if clock else rest).split()
    if dated:
        return None if words else _dated(dated, now, hour, minute)
    return _named(words, now, hour, minute, has_clock=clock is not None)


def _hour(clock: re.Match[str]) -> tuple[int, int]:
    hour, minute, half = int(clock[1]), int(clock[2] or 0), clock[3]
    if half is None:
        return hour, minute
    if not 1 <= hour <= 12:
        return 24, 0
    return hour % 12 + (12 if half in _EVENING else 0), minute


def _dated(dated: re.Match[str], now: datetime, hour: int, minute: int) -> datetime | None:
    year, month, day = (int(dated[n]) if dated[n] else 0 for n in (1, 2, 3))
    if not year:
        day, month, year = int(dated[4]), int(dated[5]), int(dated[6] or now.year)
    has_year = bool(dated[1] or dated[6])
    for candidate in (year, year + 1):
        try:
            found = _at(now.replace(year=candidate, month=month, day=day), hour, minute)
        except ValueError:  # no such day
            return None
        if has_year or found > now:
            return found
    return None


def _named(
    words: list[str], now: datetime, hour: int, minute: int, *, has_clock: bool
) -> datetime | None:
    words = [word for word in words if word not in {"on", "el", "next", "at", "يوم", "the"}]
    if not words:
        if not has_clock:
            return None
        found = _at(now, hour, minute)
        return found if found > now else found + timedelta(days=1)
    if len(words) != 1:
        return None
    if words[0] in _DAYS:
        return _at(now + timedelta(days=_DAYS[words[0]]), hour, minute)
    for number, names in enumerate(_WEEKDAYS):
        if words[0] in map(_folded, names):
            ahead = (number - now.weekday()) % 7
            found = _at(now + timedelta(days=ahead), hour, minute)
            return found if found > now else found + timedelta(days=7)
    return None


def _after(now: datetime, span: timedelta) -> datetime:
    """By the sun and not by the clock, which may be put back meanwhile."""
    return (now.astimezone(UTC) + span).astimezone(now.tzinfo)


def _at(day: datetime, hour: int, minute: int = 0) -> datetime:
    return day.replace(hour=hour, minute=minute, second=0, microsecond=0)


def _later(found: datetime, now: datetime) -> datetime | None:
    return found if found > now else None


def _folded(text: str) -> str:
    """Lower case, no accents, Latin digits: "Mañana" and "manana" are one."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    latin = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in bare)
    return " ".join(latin.replace(",", " ").split())
