"""HTML letters as text: what was quoted stays recognisable, everything else is words."""

import re
from html.parser import HTMLParser

import nh3

MAX_HTML = 600_000
BLOCKS = {
    "address", "article", "blockquote", "center", "dd", "div", "dl", "dt", "footer", "form",
    "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "ol", "p", "pre", "section",
    "table", "tr", "ul",
}  # fmt: skip
KEPT = BLOCKS | {"a", "b", "br", "i", "em", "strong", "span", "td", "th", "tbody", "font", "u"}
SILENT = {"script", "style", "title", "head", "noscript", "template"}
# What mail programs put around, or in front of, the letter they answer.
QUOTES = {
    "gmail_quote_container", "yahoo_quoted", "yahoo_quoted_begin", "divrplyfwdmsg", "appendonsend",
    "olk_src_body_section", "stopspelling", "mail-editor-reference-message-container",
    "zmail_extra", "protonmail_quote", "tutanota_quote",
}  # fmt: skip
MARK = "-----Original Message-----"
VOID = {"br", "hr", "img", "meta", "link", "input", "col", "area", "base", "wbr", "p", "li"}
MAX_DEPTH = 400
TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})[^<>]{0,2000}>?")
SPACES = re.compile(r"[ \t\f\v]+")
GAPS = re.compile(r"\n{3,}")


def text_of(html: str) -> str:
    """The words of an HTML letter, quoted ones behind ``>`` as in plain text."""
    html = html[:MAX_HTML]
    if not html.strip():
        return ""
    if _depth(html) > MAX_DEPTH:  # no mail program does that; a tree of it takes minutes
        return SPACES.sub(" ", TAG.sub(" ", html)).strip()
    # Cleaned first: what the sanitiser leaves is well-formed and easy to read.
    cleaned = nh3.clean(
        html,
        tags=KEPT,
        clean_content_tags=SILENT,
        attributes={name: {"class", "id"} for name in ("div", "hr", "span", "p", "table")},
        link_rel=None,
    )
    reader = _Words()
    reader.feed(cleaned)
    reader.close()
    return GAPS.sub("\n\n", "\n".join(reader.lines())).strip()


def _depth(html: str) -> int:
    """How deep it is nested, at most."""
    depth = deepest = 0
    for found in TAG.finditer(html):
        if found[1]:
            depth = max(0, depth - 1)
        elif found[2].lower() not in VOID:
            depth += 1
            deepest = max(deepest, depth)
    return deepest


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line = ""
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br" or tag in BLOCKS:
            self._break()
        if tag == "blockquote":
            self._depth += 1
        elif tag in {"td", "th"} and self._line.strip():
            self._line += " "
        if self._opens_quote(attrs):
            self._break()
            self._line = MARK
            self._break()

    @staticmethod
    def _opens_quote(attrs: list[tuple[str, str | None]]) -> bool:
        names = " ".join(value or "" for key, value in attrs if key in {"class", "id"})
        return any(name.lower().removeprefix("x_") in QUOTES for name in names.split())

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS:
            self._break()
        if tag == "p":
            self._lines.append(self._quoted(""))
        if tag == "blockquote":
            self._depth = max(0, self._depth - 1)

    def handle_data(self, data: str) -> None:
        self._line += data.replace("\n", " ").replace("\r", " ")

    def _quoted(self, line: str) -> str:
        return f"{'>' * min(self._depth, 5)} {line}".rstrip() if self._depth else line

    def _break(self) -> None:
        line = SPACES.sub(" ", self._line.replace("\xa0", " ").replace("\u200b", "")).strip()
        if line:
            self._lines.append(self._quoted(line))
        self._line = ""

    def lines(self) -> list[str]:
        self._break()
        return self._lines
