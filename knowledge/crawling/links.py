"""What a web page says to robots: its links, its own true address, and what it asks not to do.

Read as a stream by lxml, as the loader reads its text: no tree, no depth, nothing loaded.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from knowledge.crawling.addresses import joined, may_be_page

MOST_LINKS = 2_000
BLOCK = 64 * 1024
DIRECTIVE = re.compile(r"[a-z]+")


@dataclass(slots=True)
class Links:
    """``canonical`` is the address the page wants to be known by; empty where it says none."""

    addresses: list[str] = field(default_factory=list)
    canonical: str = ""
    may_index: bool = True
    may_follow: bool = True


def read_links(page: str, address: str, *, header: str = "") -> Links:
    """The links of a page of this address; ``header`` is what X-Robots-Tag said."""
    heard = _Heard(address)
    heard.obey(header)
    parser = etree.HTMLParser(target=heard, remove_comments=True, remove_pis=True)
    try:
        for start in range(0, len(page), BLOCK):
            parser.feed(page[start : start + BLOCK])
        parser.close()
    except (etree.LxmlError, ValueError):
        pass  # what was heard so far counts; the loader will say that the page is damaged
    found = heard.found
    if not found.may_follow:
        found.addresses = []
    found.addresses = list(dict.fromkeys(found.addresses))
    return found


class _Heard:
    def __init__(self, address: str) -> None:
        self.found = Links()
        self._base = address

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        relation = attributes.get("rel", "").lower().split()
        link = attributes.get("href", "")
        if tag == "a":
            self._link(link, relation)
        elif tag == "link" and "canonical" in relation:
            self.found.canonical = self.found.canonical or joined(self._base, link)
        elif tag == "base" and link:
            self._base = joined(self._base, link) or self._base
        elif tag == "meta" and attributes.get("name", "").lower() in {"robots", "leadwire"}:
            self.obey(attributes.get("content", ""))

    def end(self, tag: str) -> None:
        """lxml asks every target for the ends of elements."""

    def data(self, text: str) -> None:
        """lxml tells every target the text."""

    def close(self) -> None:
        """lxml asks every target for its end."""

    def obey(self, said: str) -> None:
        words = set(DIRECTIVE.findall(said[:1_000].lower()))
        self.found.may_index &= not words & {"noindex", "none"}
        self.found.may_follow &= not words & {"nofollow", "none"}

    def _link(self, link: str, relation: list[str]) -> None:
        if "nofollow" in relation or len(self.found.addresses) >= MOST_LINKS or not link:
            return
        address = joined(self._base, link)
        if address and may_be_page(address):
            self.found.addresses.append(address)
