"""Web pages: what a visitor reads on them, under its headings.

Read as a stream by lxml, which builds no tree and so knows no depth that could exhaust it; it
resolves no entities but HTML's own and loads nothing. What frames every page of a site (menus,
footers, banners), what is hidden and what only programs read is left out.
"""

import re
from collections.abc import Mapping

from django.utils.translation import gettext_noop as _
from lxml import etree

from knowledge.loaders.base import (
    LONGEST_HEADING,
    Allowance,
    Loaded,
    Loader,
    Section,
    Unreadable,
    decoded,
    looks_like_text,
    printable,
)

LINE, PARAGRAPH = "\x02", "\x03"  # where one ends
BLOCK = 64 * 1024  # characters between two looks at the clock
BEGINNING = re.compile(
    r"(?:\s|<!--[^>]{0,2000}-->|<\?[^>]{0,200}\?>){0,20}<(?:!doctype\s+html|html|head|body)\b", re.I
)
TAG = re.compile(
    r"<(?:html|head|body|main|article|section|div|p|h[1-6]|ul|ol|table|br|span)\b", re.I
)
# https://html.spec.whatwg.org/multipage/semantics.html#charset, both of its spellings
CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.I)
BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")

# They have no end, so that nothing is inside them.
VOID = frozenset(
    {
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param"),
        *("source", "track", "wbr"),
    }
)
PROGRAMS = frozenset(
    {
        *("script", "style", "noscript", "template", "svg", "math", "canvas", "iframe", "object"),
        *("audio", "video", "map", "datalist"),
    }
)
CONTROLS = frozenset({"button", "select", "option", "textarea", "input"})
FRAME = frozenset({"nav", "footer", "aside", "dialog"})
FRAME_ROLES = frozenset(
    {"navigation", "contentinfo", "complementary", "search", "dialog", "alertdialog", "banner"}
)
COOKIES = re.compile(r"(?:^|[\s_-])(?:cookie|consent|gdpr)(?:s|$|[\s_-])", re.I)
HIDDEN = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.I)
HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6, "summary": 7, "dt": 7}
CELLS = frozenset({"td", "th"})
PARAGRAPHS = frozenset(
    {
        *("p", "blockquote", "pre", "figure", "ul", "ol", "dl", "table", "section", "article"),
    }
)
LINES = frozenset(
    {
        *("li", "tr", "dd", "div", "br", "hr", "caption", "figcaption", "address", "main"),
        *("details", "header", "form"),
    }
)


class Webpage(Loader):
    suffixes = (".html", ".htm", ".xhtml")

    def recognises(self, content: bytes) -> bool:
        if not looks_like_text(content):
            return False
        return bool(TAG.search(decoded(content[:BLOCK])))

    def is_surely(self, content: bytes) -> bool:
        return self.recognises(content) and bool(BEGINNING.match(decoded(content[:BLOCK])))

    def load(self, content: bytes) -> Loaded:
        spent = Allowance("page")
        page = _Page(spent)
        text = _text(content)
        parser = etree.HTMLParser(target=page, remove_comments=True, remove_pis=True)
        try:
            for start in range(0, len(text), BLOCK):
                spent.spend()
                parser.feed(text[start : start + BLOCK])
            parser.close()
        except (etree.LxmlError, ValueError) as error:
            raise Unreadable(_("This page is damaged and cannot be read.")) from error
        sections = page.sections()
        if not sections:
            raise Unreadable(_("There is no text on this page that a visitor would read."))
        return Loaded(sections, page.title)


def _text(content: bytes) -> str:
    """The page's characters: UTF-8 where its bytes are, else as it says, else by a guess."""
    if not content.startswith(BOMS) and (said := CHARSET.search(content[:4096])):
        for charset in ("utf-8", said[1].decode("ascii", "replace")):
            try:
                return printable(content.decode(charset))
            except (UnicodeDecodeError, LookupError, ValueError):
                continue
    return decoded(content)


class _Page:
    """Hears the page from its beginning to its end, and keeps what is to be read."""

    def __init__(self, spent: Allowance) -> None:
        self._spent = spent
        self._everything = _Text()
        self._main = _Text()  # of <main> alone
        self._open: list[tuple[str, bool]] = []  # elements, and whether each is unseen
        self._unseen = 0
        self._in_main = 0
        self._named: list[str] = []  # what <title> says

    @property
    def title(self) -> str:
        heading = self._main.title or self._everything.title
        named = " ".join(printable("".join(self._named)).split())
        return (heading or named)[:200]

    def sections(self) -> list[Section]:
        """Those of the main part, where the page tells it from the rest."""
        return self._main.done() or self._everything.done()

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._spent.spend()
        if tag not in VOID:
            is_unseen = self._is_unseen(tag, attributes)
            self._open.append((tag, is_unseen))
            self._unseen += is_unseen
            self._in_main += tag == "main" or attributes.get("role") == "main"
        if not self._unseen:
            for text in self._hearing():
                text.begin(tag)

    def end(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self._unseen:
            for text in self._hearing():
                text.end(tag)
        if self._open:
            _, was_unseen = self._open.pop()
            self._unseen -= was_unseen
        self._in_main -= tag == "main"

    def data(self, text: str) -> None:
        self._spent.spend(len(text))
        if self._open and self._open[-1][0] == "title":
            self._named.append(text[:200] if len(self._named) < 9 else "")
        elif not self._unseen:
            for heard in self._hearing():
                heard.say(text)

    def close(self) -> None:
        """lxml asks every target for its end."""

    def _hearing(self) -> list["_Text"]:
        return [self._everything, self._main] if self._in_main > 0 else [self._everything]

    def _is_unseen(self, tag: str, attributes: Mapping[str, str]) -> bool:
        if tag in PROGRAMS or tag in CONTROLS or tag == "head":
            return True
        if tag in FRAME or attributes.get("role", "").lower() in FRAME_ROLES:
            return True
        if "hidden" in attributes or attributes.get("aria-hidden", "").lower() == "true":
            return True
        if HIDDEN.search(attributes.get("style", "")[:2_000]):
            return True
        called = f"{attributes.get('id', '')} {attributes.get('class', '')}"
        return tag not in {"html", "body"} and bool(COOKIES.search(called[:2_000]))


class _Text:
    """Lines, put under the path of headings they stand below."""

    def __init__(self) -> None:
        self.title = ""
        self._sections: list[Section] = []
        self._path: dict[int, str] = {}
        self._said: list[str] = []
        self._heading: list[str] | None = None

    def begin(self, tag: str) -> None:
        if tag in HEADINGS:
            self._heading = []
        elif tag in CELLS:
            self._say(" | ")
        elif tag == "li":
            self._say(f"{LINE}- ")
        elif tag in PARAGRAPHS:
            self._say(PARAGRAPH)
        elif tag in LINES:
            self._say(LINE)

    def end(self, tag: str) -> None:
        if tag in HEADINGS and self._heading is not None:
            heading = " ".join(printable("".join(self._heading)).split())
            self._heading = None
            self._under(heading, HEADINGS[tag])
        elif tag in {"details", "dl"}:  # its question ends with it
            self._close()
            self._path.pop(HEADINGS["summary"], None)
        elif tag in PARAGRAPHS:
            self._say(PARAGRAPH)
        elif tag in LINES:
            self._say(LINE)

    def say(self, text: str) -> None:
        self._say(re.sub(r"\s+", " ", text))

    def done(self) -> list[Section]:
        self._close()
        if not self._sections and self._path:  # nothing but headings
            return [Section("\n".join(self._path.values()))]
        return self._sections

    def _say(self, text: str) -> None:
        (self._said if self._heading is None else self._heading).append(text)

    def _under(self, heading: str, level: int) -> None:
        if not heading:
            return
        if len(heading) > LONGEST_HEADING:
            self._say(f"{PARAGRAPH}{heading}{PARAGRAPH}")
            return
        self._close()
        for deeper in [known for known in self._path if known >= level]:
            del self._path[deeper]
        self._path[level] = heading
        self.title = self.title or (heading if level == 1 else "")

    def _close(self) -> None:
        text = _lines("".join(self._said))
        self._said = []
        if any(char.isalnum() for char in text):
            path = tuple(self._path[level] for level in sorted(self._path))
            self._sections.append(Section(text, path))


def _lines(said: str) -> str:
    """The text with an empty line between paragraphs, and none between other lines."""
    found: list[str] = []
    gap = ""
    for piece in re.split(f"([{PARAGRAPH}{LINE}])", said):
        if piece == PARAGRAPH:
            gap = "\n\n"
        elif piece == LINE:
            gap = gap or "\n"
        elif line := _line(piece):
            found += [gap, line] if found else [line]
            gap = ""
    return "".join(found)


def _line(line: str) -> str:
    """A line with single spaces; a row begins with its first cell, an empty item is none."""
    line = " ".join(printable(line).split()).removeprefix("| ").removesuffix(" |")
    return "" if line in {"-", "|"} else line
