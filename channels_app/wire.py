"""Reading JSON that somebody else wrote: every surprise becomes a reason, none an error.

Pure, and shared by every network's provider.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from tenants.plugins.errors import AnswerLost, PayloadRejected

MAX_ID = 512  # no network's id is longer; a longer one is an attack or a mistake
MAX_ACCOUNT = 190  # what the routing table holds
MAX_TEXT = 100_000
MAX_ATTACHMENTS = 50
MAX_SPAN = 20  # digits; a longer number is no number of a network's
ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def _span(digits: str) -> int | str:
    return int(digits) if len(digits) <= MAX_SPAN else digits


def loads(body: bytes) -> Any:
    """Decode JSON of any temper; raises PayloadRejected. Numbers of absurd length stay text."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise PayloadRejected(f"Not UTF-8 at byte {error.start}.") from error
    try:
        try:
            found = json.loads(text)
        except json.JSONDecodeError:
            raise
        except ValueError:  # a number with more digits than int() takes
            found = json.loads(text, parse_int=_span)
        return whole(found) if ESCAPED_SURROGATE.search(text) else found
    except json.JSONDecodeError as error:
        raise PayloadRejected(f"Not JSON: {error.msg} at character {error.pos}.") from error
    except RecursionError as error:
        raise PayloadRejected("JSON nested too deeply.") from error


def whole(found: Any) -> Any:
    """The same without half characters: JSON can spell them, and no page can show them.

    https://www.rfc-editor.org/rfc/rfc8259#section-8.2
    """
    text = json.dumps(found, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.loads(text.encode("utf-8", "replace"))
    return found


def load_object(body: bytes) -> dict[str, Any]:
    found = loads(body)
    if not isinstance(found, dict):
        raise PayloadRejected(f"Expected an object, got {_name(found)}.")
    return found


def dumps(value: Any) -> bytes:
    """One event as bytes; lone surrogates stay escaped.

    Never fails, so that one event nested beyond reason does not take its siblings along.
    """
    try:
        return json.dumps(value, separators=(",", ":")).encode("ascii")
    except RecursionError:
        return b'{"unreadable":"nested too deeply"}'


def key_of(*parts: str | int) -> str:
    """The hash under which an event is stored once."""
    joined = "\x1f".join(map(str, parts))
    return sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()


def number_of(word: str) -> int:
    """A number of a word's own, of as many digits as networks give their ids."""
    return 10**15 + int(sha256(word.encode()).hexdigest()[:12], 16)


def objects(value: Any) -> Iterator[tuple[dict[str, Any] | None, Any]]:
    """Each element of what should be a list of objects: (object or None, as it came)."""
    if value is None:
        return
    for element in value if isinstance(value, list) else [value]:
        yield (element if isinstance(element, dict) else None), element


def get_object(holder: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A nested object; an absent one is empty, anything else is rejected."""
    value = holder.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise PayloadRejected(f"{name} is {_name(value)}, not an object.")
    return value


def get_list(holder: Mapping[str, Any], name: str) -> list[Any]:
    value = holder.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise PayloadRejected(f"{name} is {_name(value)}, not a list.")
    return value


def get_id(holder: Mapping[str, Any], name: str, *, required: bool = True) -> str:
    """An id as text. Numbers are taken as well: some networks switch between the two."""
    value = holder.get(name)
    if value is None or value == "":
        if required:
            raise PayloadRejected(f"{name} is missing.")
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise PayloadRejected(f"{name} is {_name(value)}, not an id.")
    found = str(value)
    if len(found) > MAX_ID:
        raise PayloadRejected(f"{name} has {len(found)} characters; {MAX_ID} are allowed.")
    if not found.isprintable():
        raise PayloadRejected(f"{name} holds characters that no id has.")
    return found


def get_text(holder: Mapping[str, Any], name: str) -> str:
    """A text; absent is empty, a number or an object is rejected."""
    value = holder.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise PayloadRejected(f"{name} is {_name(value)}, not text.")
    if len(value) > MAX_TEXT:
        raise PayloadRejected(f"{name} has {len(value)} characters; {MAX_TEXT} are allowed.")
    return value


def label(holder: Mapping[str, Any], name: str, limit: int = 255) -> str:
    """A short text that a message can do without: anything else becomes empty."""
    value = holder.get(name)
    return value[:limit] if isinstance(value, str) else ""


def number(holder: Mapping[str, Any], name: str) -> int:
    """A whole number within a database's reach, else 0."""
    value = holder.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 2**62:
        return 0
    return value


def moment(value: Any, *, milliseconds: bool = False) -> datetime | None:
    """A network's time stamp; None for what cannot be a time of our days.

    A message is not lost because its clock is wrong: the time of receipt stands in.
    """
    if isinstance(value, bool):
        return None
    try:
        seconds = float(value) / (1000 if milliseconds else 1)
    except (TypeError, ValueError, OverflowError):
        return _written_out(value)
    if not math.isfinite(seconds) or not 0 < seconds < 4_102_444_800:  # 1970 to 2100
        return None
    return datetime.fromtimestamp(seconds, tz=UTC)


def _written_out(value: Any) -> datetime | None:
    """A time stamp in words (ISO 8601); None without its zone."""
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo is not None and 1970 < found.year < 2100 else None


def web_address(value: Any) -> str:
    """An http(s) address, else nothing: ``data:``, ``file:`` and the like are never kept."""
    if not isinstance(value, str) or len(value) > 4096 or not value.isprintable():
        return ""
    is_web = value.lower().startswith(("https://", "http://"))
    return value if is_web and _server(value) else ""


def is_at(address: str, *ours: str) -> bool:
    """Whether an address lies on the very server of one of ours: scheme, host and port."""
    asked = _server(address)
    return bool(asked) and asked in map(_server, ours)


def _server(address: str) -> tuple[str, str] | None:
    try:
        parts = urlsplit(address)
        return (parts.scheme, parts.netloc.lower()) if parts.hostname else None
    except ValueError:  # a bracket without its other half
        return None


def _name(value: Any) -> str:
    names = {list: "a list", dict: "an object", str: "text", bool: "true or false"}
    return names.get(type(value), "nothing" if value is None else "a number")


def plain(value: Any, limit: int = 40) -> str:
    """A word for a log or a column, free of anything that is not plain text."""
    if not isinstance(value, str):
        return ""
    return "".join(c for c in value[:limit] if c.isascii() and c.isprintable())


def get_account(holder: Mapping[str, Any], name: str) -> str:
    """The id of one of our accounts, as short as the routing table wants it."""
    found = get_id(holder, name)
    if len(found) > MAX_ACCOUNT:
        raise PayloadRejected(f"{name} has {len(found)} characters; {MAX_ACCOUNT} are allowed.")
    return found


def get_answer_id(answer: Any, name: str) -> str:
    """The id a network gave to what we sent; without it we cannot know that it took it."""
    value = answer.get(name) if isinstance(answer, dict) else None
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise AnswerLost(f"The answer names no {name}.")
    return str(value)[:MAX_ID]
