"""Sitemaps and their indexes. https://www.sitemaps.org/protocol.html

Read as a stream. No sitemap needs a document type, so whoever declares one (entities that unfold,
files of ours) is refused before anything of it is looked at.
"""

import re
from dataclasses import dataclass, field
from xml.parsers import expat

from knowledge import sentences

MOST_ADDRESSES = 50_000  # the protocol's own limit
MAX_DEPTH = 12
LONGEST_ADDRESS = 2_048
WEB = re.compile(r"^https?://\S+$", re.I)


class NoSitemap(Exception):
    """These bytes are none; the message is one sentence."""


@dataclass(slots=True)
class Sitemap:
    """The pages it names, and the sitemaps an index names."""

    pages: list[str] = field(default_factory=list)
    sitemaps: list[str] = field(default_factory=list)


def read_sitemap(content: bytes) -> Sitemap:
    """Read XML or plain lines; a file that is cut off gives what stood before the cut."""
    if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return _of_lines(content)
    reading = _Reading()
    try:
        reading.parser.Parse(content, True)
    except _Enough:
        pass
    except (expat.ExpatError, ValueError) as error:
        if not (reading.found.pages or reading.found.sitemaps):
            raise NoSitemap(sentences.BROKEN_SITEMAP) from error
    if not reading.is_one:
        raise NoSitemap(sentences.NO_SITEMAP)
    return reading.found


def _of_lines(content: bytes) -> Sitemap:
    lines = (line.strip() for line in content.decode("utf-8", "ignore").splitlines())
    pages = [line for line in lines if len(line) <= LONGEST_ADDRESS and WEB.match(line)]
    if not pages:
        raise NoSitemap(sentences.NO_SITEMAP)
    return Sitemap(pages=pages[:MOST_ADDRESSES])


class _Enough(Exception):
    pass


class _Reading:
    def __init__(self) -> None:
        self.found = Sitemap()
        self.is_one = False
        self._path: list[str] = []
        self._said: list[str] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._said.append
        self.parser.StartDoctypeDeclHandler = _refuse
        self.parser.EntityDeclHandler = _refuse

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name.rpartition(" ")[2])
        self._said.clear()
        self.is_one = self.is_one or self._path[0] in {"urlset", "sitemapindex"}
        if len(self._path) > MAX_DEPTH:
            raise NoSitemap(sentences.DEEP_SITEMAP)

    def _end(self, name: str) -> None:
        address = "".join(self._said).strip()
        if len(address) <= LONGEST_ADDRESS and WEB.match(address):
            if self._path[1:] == ["url", "loc"]:
                self.found.pages.append(address)
            elif self._path[1:] == ["sitemap", "loc"]:
                self.found.sitemaps.append(address)
        self._path.pop()
        self._said.clear()
        if len(self.found.pages) + len(self.found.sitemaps) >= MOST_ADDRESSES:
            raise _Enough


def _refuse(*_: object) -> None:
    raise NoSitemap(sentences.DECLARING_SITEMAP)
