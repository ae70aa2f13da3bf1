"""The socket of document loaders: bytes in, plain text under its headings out.

A few kilobytes can unfold into gigabytes of text or minutes of work. Every loader reads under one
allowance, and says in a sentence where it ended.
"""

import re
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

from tenants.told import Sentence

LONGEST_HEADING = 150
MAX_SECONDS = 20  # of processor time, for one document
MAX_CHARACTERS = 5_000_000  # of text


# A sentence here and not beside its plug-in, which a page that tells of it need not have loaded.
TOO_LONG = Sentence(_("This %(kind)s holds more than %(most)s characters."))
TOO_SLOW = Sentence(_("This %(kind)s takes longer than %(seconds)s seconds to read; split it."))
TOO_MANY_PAGES = Sentence(_("This PDF has more than %(most)s pages."))


class Unreadable(Exception):
    """This document cannot be read; the message is one sentence for whoever uploaded it.

    In English, as it is kept; ``tenants.told`` tells it in its reader's language.
    """


@dataclass(frozen=True, slots=True)
class Section:
    """A run of text under one heading; ``heading`` is the path to it, outermost first."""

    text: str
    heading: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a loader found; ``title`` is empty where the document names none.

    ``left_out`` is a sentence about what could not be used, if anything.
    """

    sections: list[Section]
    title: str = ""
    left_out: str = ""


class Loader(ABC):
    """Reads one kind of file."""

    suffixes: tuple[str, ...] = ()
    is_text = True  # such bytes can be read as another kind of text, too

    @abstractmethod
    def recognises(self, content: bytes) -> bool:
        """Whether the bytes themselves can be this kind, whatever the file is called."""

    def is_surely(self, content: bytes) -> bool:
        """Whether the bytes can hardly be anything else; text may be anything."""
        return False

    def examine(self, content: bytes) -> None:  # noqa: B027 - most need no such glance
        """Raise Unreadable for what one glance tells, so that it is said at the door."""

    @abstractmethod
    def load(self, content: bytes) -> Loaded:
        """Read the document, or raise Unreadable."""


class Allowance:
    """Counts what a document has cost so far; ``name`` is what its errors call it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._characters = 0
        self._until = time.thread_time() + MAX_SECONDS

    def spend(self, characters: int = 0) -> None:
        """Note so much text, and look at the clock. Raises Unreadable."""
        self._characters += characters
        if self._characters > MAX_CHARACTERS:
            raise Unreadable(TOO_LONG.of(kind=self.name, most=f"{MAX_CHARACTERS:,}"))
        if time.thread_time() > self._until:
            raise Unreadable(TOO_SLOW.of(kind=self.name, seconds=MAX_SECONDS))


def decoded(content: bytes) -> str:
    """Text in the encodings people really save it in, line ends and odd characters made plain."""
    for encoding in _encodings(content):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return printable(text)
    raise Unreadable(_("This file is not text in UTF-8, UTF-16 or a Windows code page."))


def printable(text: str) -> str:
    """Without what no database column and no reader wants: NUL, controls, lone surrogates."""
    text = text.encode("utf-8", "ignore").decode().replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ufeff\ufffe\uffff]", "", text)
    text = re.sub(r"[\x0c\x85\u2028\u2029]", "\n", text)
    # Long runs of white space say nothing, and every pattern that follows would walk them.
    text = re.sub(r"[^\S\n]{20,}", " ", text)
    return re.sub(r"\n(?:[^\S\n]*\n){2,}", "\n\n", text)


def looks_like_text(content: bytes) -> bool:
    """Not an image, an archive or a program: those hold NUL and control bytes early on."""
    sample = content[:4096]
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    controls = sum(byte < 32 and byte not in b"\t\n\r\x0c\x1b" for byte in sample)
    return b"\x00" not in sample and controls <= len(sample) // 50


def _encodings(content: bytes) -> tuple[str, ...]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    # cp1256 is Arabic; it accepts any bytes, so what it makes of them has the last word.
    arabic = sum(byte in range(0xC7, 0xEE) for byte in content[:4096])
    others = sum(byte >= 0x80 for byte in content[:4096])
    mostly_arabic = others > len(content[:4096]) * 0.3 and arabic > others * 0.8
    return ("utf-8-sig", "cp1256" if mostly_arabic else "cp1252", "cp1252", "latin-1")
