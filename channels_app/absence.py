"""What contacts are told while nobody is there, and when somebody will be, in their language.

Pure. These are the company's words to its contacts, not ours to its people: they are not
translated with the console.
"""

from collections.abc import Mapping
from datetime import datetime

from django.utils import translation
from django.utils.formats import date_format

DEFAULT_LANGUAGE = "en"
OPENING = "{opening}"

SENTENCES = {
    "en": "We are closed right now. We open again {opening} and will answer you here.",
    "es": "Ahora mismo estamos fuera de horario. Abrimos {opening} y te responderemos por aquí.",
    "ar": "نحن خارج أوقات العمل الآن. نعود {opening} وسنجيبك هنا.",
}
# Today, tomorrow, on a day of this week, on a day further away: a format of Django's, the clock.
_WHEN = {
    "en": ("today at {clock}", "tomorrow at {clock}", ("l", "on {day} at {clock}"),
           ("j F", "on {day} at {clock}")),
    "es": ("hoy a las {clock}", "mañana a las {clock}", ("l", "el {day} a las {clock}"),
           (r"j \d\e F", "el {day} a las {clock}")),
    "ar": ("اليوم في الساعة {clock}", "غدًا في الساعة {clock}", ("l", "يوم {day} في الساعة {clock}"),
           ("j F", "يوم {day} في الساعة {clock}")),
}  # fmt: skip
_ELSEWHERE = (("l", "{day}, {clock}"), ("j F", "{day}, {clock}"))
A_WEEK = 7


def away_sentence(
    language: str,
    own: Mapping[str, str],
    *,
    usual: str,
    now: datetime,
    opens: datetime,
) -> str:
    """The company's own sentence, else ours: in the contact's language if there is one, else in
    the company's usual one, else in English. Both moments are on the company's clock."""
    known = {**SENTENCES, **{code: text for code, text in own.items() if text.strip()}}
    spoken = language.replace("_", "-").partition("-")[0].lower()
    code = next(each for each in (spoken, usual, DEFAULT_LANGUAGE) if each in known)
    return known[code].replace(OPENING, opening_words(opens, now=now, language=code))


def opening_words(opens: datetime, *, now: datetime, language: str) -> str:
    """ "tomorrow at 09:00 (CET)", by the company's calendar."""
    days = (opens.date() - now.date()).days
    today, tomorrow, this_week, later = _WHEN.get(language, (None, None, *_ELSEWHERE))
    clock = f"{opens:%H:%M} ({_zone(opens)})"
    if days < 2 and today and tomorrow:
        return (tomorrow if days else today).format(clock=clock)
    form, sentence = this_week if days < A_WEEK else later
    with translation.override(language):
        return sentence.format(day=date_format(opens, form), clock=clock)


def _zone(moment: datetime) -> str:
    """CET, or GMT+04 where a zone has no letters of its own."""
    name = moment.tzname() or "UTC"
    return name if name.isalpha() else f"GMT{name}"
