"""The gaps of a message template, and the template with its gaps filled. Pure values.

A network approves the words around the gaps; we fill ``{{1}}`` or ``{{first_name}}`` and show
people the whole. https://developers.facebook.com/docs/whatsapp/business-management-api/message-templates/components
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

GAP = re.compile(r"\{\{\s*([A-Za-z0-9_]{1,60})\s*\}\}")
MEDIA = {"IMAGE": "image", "VIDEO": "video", "DOCUMENT": "document"}
# What these need besides words we do not ask for: such a template is sent from Meta's own pages.
BEYOND_US = {"CAROUSEL", "LIMITED_TIME_OFFER"}
BUTTONS_BEYOND_US = {"OTP", "FLOW", "CATALOG", "MPM", "SPM"}
MAX_VALUE = 1_024  # a body as a whole is not longer
# "Param text cannot have new-line/tab characters or more than 4 consecutive spaces".
UNFIT = re.compile(r"[\n\r\t]| {5,}")

Component = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One thing to be filled in. ``key`` is its name in a form: ``body-1``, ``button-0``.

    ``kind`` is text, image, video or document (then the value is a web address), or code.
    """

    key: str
    name: str
    kind: str = "text"
    example: str = ""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A filled template: what people see of it, and what the network wants for it."""

    text: str
    components: tuple[dict[str, Any], ...]


class Unfilled(ValueError):
    """A gap is empty or holds what the network does not take: key -> sentence."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(", ".join(problems))
        self.problems = dict(problems)


def is_ours_to_fill(components: Sequence[Component]) -> bool:
    """Whether words and addresses are all it takes."""
    for part in components:
        if _type(part) in BEYOND_US or _format(part) == "LOCATION":
            return False
        if any(_type(button) in BUTTONS_BEYOND_US for button in _buttons(part)):
            return False
    return True


def gaps(components: Sequence[Component]) -> list[Gap]:
    """What is to be filled in, from top to bottom."""
    return [gap for part in components for gap in _gaps_of(part)]


def fill(components: Sequence[Component], values: Mapping[str, str]) -> Phrase:
    """The template with these values in its gaps; raises Unfilled."""
    known = {gap.key: gap for gap in gaps(components)}
    given = {key: str(values.get(key, "")).strip() for key in known}
    problems = {key: said for key, gap in known.items() if (said := _problem(gap, given[key]))}
    if problems:
        raise Unfilled(problems)
    sent = [made for part in components for made in _sent(part, given)]
    return Phrase(preview(components, given), tuple(sent))


def preview(components: Sequence[Component], values: Mapping[str, str]) -> str:
    """What the person will read; a gap without a value shows its name in brackets."""
    lines = []
    for part in components:
        kind = _type(part).lower()
        if kind in {"header", "body", "footer"} and part.get("text"):
            lines.append(GAP.sub(partial(_shown, at=kind, values=values), _text(part)))
        lines += [f"[{_text(button)}]" for button in _buttons(part) if _text(button)]
    return "\n\n".join(lines)


# -- one part of a template


def _gaps_of(part: Component) -> Iterator[Gap]:
    kind = _type(part).lower()
    if kind == "header" and _format(part) in MEDIA:
        yield Gap(key="header-file", name="", kind=MEDIA[_format(part)])
    elif kind in {"header", "body"}:
        examples = _examples(part, kind)
        for name in _names(_text(part)):
            yield Gap(key=f"{kind}-{name}", name=name, example=examples.get(name, ""))
    for number, button in enumerate(_buttons(part)):
        if _type(button) == "URL" and GAP.search(str(button.get("url", ""))):
            yield Gap(key=f"button-{number}", name=_text(button), example=_first(button))
        elif _type(button) == "COPY_CODE":
            yield Gap(key=f"button-{number}", name=_text(button), kind="code")


def _sent(part: Component, values: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Parts without gaps are not sent: the network has them."""
    kind = _type(part).lower()
    if kind == "header" and _format(part) in MEDIA:
        sort = MEDIA[_format(part)]
        file = {"type": sort, sort: {"link": values["header-file"]}}
        yield {"type": "header", "parameters": [file]}
    elif kind in {"header", "body"} and (names := _names(_text(part))):
        words = [_parameter(name, values[f"{kind}-{name}"]) for name in names]
        yield {"type": kind, "parameters": words}
    for number, button in enumerate(_buttons(part)):
        value = values.get(f"button-{number}")
        if value is None:
            continue
        sort = "copy_code" if _type(button) == "COPY_CODE" else "url"
        said = (
            {"type": "coupon_code", "coupon_code": value}
            if sort == "copy_code"
            else {"type": "text", "text": value}
        )
        yield {"type": "button", "sub_type": sort, "index": str(number), "parameters": [said]}


def _parameter(name: str, value: str) -> dict[str, str]:
    """Numbered gaps are known by their place, named ones by their name."""
    named = {} if name.isdigit() else {"parameter_name": name}
    return {"type": "text", **named, "text": value}


def _problem(gap: Gap, value: str) -> str:
    if not value:
        return "Fill this in."
    if gap.kind in MEDIA.values():
        return "" if value.startswith("https://") else "Give an address that begins with https://."
    if len(value) > MAX_VALUE:
        return f"At most {MAX_VALUE} characters."
    if UNFIT.search(value):
        return "One line only, without tabs or runs of spaces."
    return ""


def _names(text: str) -> list[str]:
    """Each name once; numbers in their order, as the network counts them."""
    found = list(dict.fromkeys(GAP.findall(text)))
    return sorted(found, key=int) if all(name.isdigit() for name in found) else found


def _shown(found: re.Match[str], at: str, values: Mapping[str, str]) -> str:
    return values.get(f"{at}-{found[1]}") or f"[{found[1]}]"


def _examples(part: Component, kind: str) -> dict[str, str]:
    """What stood in the gaps when the network approved it."""
    example = part.get("example")
    if not isinstance(example, dict):
        return {}
    named = example.get(f"{kind}_text_named_params")
    if isinstance(named, list):
        return {
            str(each.get("param_name")): str(each.get("example", ""))
            for each in named
            if isinstance(each, dict)
        }
    listed = example.get(f"{kind}_text")
    first = listed[0] if isinstance(listed, list) and listed else []
    words = first if isinstance(first, list) else listed
    return {str(number): str(word) for number, word in enumerate(words or [], start=1)}


def _first(button: Component) -> str:
    example = button.get("example")
    return str(example[0]) if isinstance(example, list) and example else ""


def _buttons(part: Component) -> list[Component]:
    found = part.get("buttons") if _type(part) == "BUTTONS" else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _type(part: Component) -> str:
    return str(part.get("type", "")).upper()


def _format(part: Component) -> str:
    return str(part.get("format", "")).upper() if _type(part) == "HEADER" else ""


def _text(part: Component) -> str:
    return str(part.get("text") or "")
