"""What canned replies leave open: ``{name}`` and the like, filled in where they are used."""

import re
from collections.abc import Mapping

KNOWN = ("name", "first_name", "email", "phone", "agent", "company", "channel")
_BLANK = re.compile(r"\{\s*([a-z_]+)\s*(?:\|([^{}]*))?\}")


def fill(text: str, values: Mapping[str, str]) -> str:
    """Each known blank becomes its value, or what stands behind its bar: ``{name|friend}``.

    What we do not know stays as it was written, so that nobody sends it without noticing.
    """

    def filled(found: re.Match[str]) -> str:
        name, otherwise = found[1], found[2]
        if name not in KNOWN:
            return found[0]
        value = values.get(name, "")
        return value or (otherwise if otherwise is not None else found[0])

    return _BLANK.sub(filled, text)


def unfilled(text: str) -> list[str]:
    """The known blanks that nobody filled."""
    return [found[0] for found in _BLANK.finditer(text) if found[1] in KNOWN]
