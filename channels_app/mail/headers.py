"""The head of a letter, from whoever wrote it: raw bytes, odd charsets, no bytes at all."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import getaddresses, parsedate_to_datetime

MAX_VALUE = 20_000  # characters of one header that are looked at
MAX_IDS = 50
MAX_ADDRESSES = 100
MESSAGE_ID = re.compile(r"<[^<>\s]{1,500}>")
ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@]{1,120}@[^\s<>()\[\],;:\"@]{1,190}")


class Headers:
    """Name and value of every header, in their order, repaired and cut to a sane length."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.pairs = [(name.lower().strip(), repaired(value[:MAX_VALUE])) for name, value in pairs]

    def all(self, name: str) -> list[str]:
        return [value for known, value in self.pairs if known == name.lower()]

    def get(self, name: str) -> str:
        """The first of that name, unfolded; empty if there is none."""
        found = next(iter(self.all(name)), "")
        return " ".join(found.split())

    def text(self, name: str) -> str:
        """The same for people: encoded words decoded, nothing unprintable."""
        return printable(words(self.get(name)))

    def ids(self, name: str) -> list[str]:
        """The message ids in it, as they are written: with their angle brackets."""
        value = " ".join(self.all(name))
        found = MESSAGE_ID.findall(value)
        if not found and "@" in value:
            found = [f"<{word}>" for word in value.split() if "@" in word and len(word) < 500]
        return list(dict.fromkeys(found))[:MAX_IDS]

    def people(self, name: str) -> list[tuple[str, str]]:
        """(name, address) of everybody in it; groups and ruins have no address and are left out."""
        found: list[tuple[str, str]] = []
        for value in self.all(name):
            try:
                pairs = getaddresses([value])
            except (ValueError, IndexError, AttributeError):
                pairs = []
            pairs = [pair for pair in pairs if ADDRESS.fullmatch(pair[1])]
            pairs = pairs or [("", address) for address in ADDRESS.findall(value)]
            found += [(printable(words(who))[:200], address.lower()) for who, address in pairs]
        return found[:MAX_ADDRESSES]

    def moment(self, name: str) -> datetime | None:
        try:
            found = parsedate_to_datetime(self.get(name))
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        except (TypeError, ValueError, OverflowError, IndexError):
            return None


def repaired(value: str) -> str:
    """Raw bytes in a header (they come as lone surrogates) read as UTF-8, else as Latin-1."""
    value = str(value)
    if not any("\ud800" <= character <= "\udfff" for character in value):
        return value
    return decoded(raw_bytes(value), "utf-8")


def raw_bytes(text: str) -> bytes:
    """The bytes that became a text; what never was one (somebody's broken JSON) is replaced."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def words(value: str) -> str:
    """Encoded words (RFC 2047) decoded; what is broken stays as it came."""
    if "=?" not in value:
        return value
    try:
        pieces = decode_header(value)
    except (HeaderParseError, ValueError):
        return value
    return "".join(
        piece if isinstance(piece, str) else decoded(piece, charset or "utf-8")
        for piece, charset in pieces
    )


def decoded(raw: bytes, charset: str) -> str:
    """Bytes as text: by the charset they name, else by the first that fits."""
    for name in (charset, "utf-8"):
        try:
            return raw.decode(name.strip("\"' ") or "ascii")
        except (LookupError, UnicodeError, ValueError):
            continue
    try:
        return raw.decode(charset.strip("\"' "), "replace")
    except (LookupError, UnicodeError, ValueError):
        return raw.decode("latin-1")


def printable(text: str) -> str:
    """One line without control characters; NUL is not for PostgreSQL."""
    return "".join(
        character if character.isprintable() and not "\ud800" <= character <= "\udfff" else " "
        for character in text
    ).strip()
