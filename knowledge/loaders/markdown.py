"""Markdown (CommonMark's headings; marks and link targets dropped, their words kept)."""

import re

from django.utils.translation import gettext_noop as _

from knowledge.loaders.base import (
    LONGEST_HEADING,
    Allowance,
    Loaded,
    Loader,
    Section,
    Unreadable,
    decoded,
    looks_like_text,
)

FENCE = re.compile(r"^\s{0,3}(`{3,}|~{3,})")
HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.+)$")
UNDERLINE = re.compile(r"^ {0,3}(=+|-{3,})\s*$")
FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
FRONT_TITLE = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)
# Every repetition has an end: a document may be written to keep a pattern walking for ever.
PLAIN = (
    (re.compile(r"!\[([^\[\]\n]{0,500})\]\([^)\n]{0,2000}\)"), r"\1"),
    (
        re.compile(r"\[([^\[\]\n]{1,500})\]\(<?(https?://[^)\s>]{1,2000}+)>?[^)\n]{0,500}\)"),
        r"\1 (\2)",
    ),
    (re.compile(r"\[([^\[\]\n]{1,500})\]\([^)\n]{0,2000}\)"), r"\1"),
    (re.compile(r"(\*\*|__)(?=\S)(.{1,200}?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])"), r"\1"),
    (re.compile(r"`([^`\n]+)`"), r"\1"),
    (re.compile(r"^ {0,3}>\s?", re.MULTILINE), ""),
    (re.compile(r"^[ \t]*\|?(?:[ \t]*:?-{3,}:?[ \t]*\|)+[ \t]*:?-*:?[ \t]*$", re.MULTILINE), ""),
    (re.compile(r"</?[a-zA-Z][^>\n]{0,200}>"), ""),
)


class Markdown(Loader):
    suffixes = (".md", ".markdown", ".mdown")

    def recognises(self, content: bytes) -> bool:
        return looks_like_text(content)

    def load(self, content: bytes) -> Loaded:
        text = decoded(content)
        Allowance("document").spend(len(text))
        title = ""
        if front := FRONT_MATTER.match(text):
            text = text[front.end() :]
            named = FRONT_TITLE.search(front[1])
            title = named[1] if named else ""
        sections, heading = _sections(text)
        if not sections:
            raise Unreadable(_("There is no text in this document."))
        return Loaded(sections, title or heading)


def _sections(text: str) -> tuple[list[Section], str]:
    """The sections in order, and the first heading of the highest level."""
    path: dict[int, str] = {}
    found: list[Section] = []
    lines: list[str] = []
    title, title_level = "", 7

    def close() -> None:
        body = plain("\n".join(lines)).strip()
        if body:
            found.append(Section(body, tuple(path[level] for level in sorted(path))))
        lines.clear()

    for level, line in _lines(text):
        if not level:
            lines.append(line)
            continue
        close()
        heading = plain(line)[:LONGEST_HEADING]
        for deeper in [known for known in path if known >= level]:
            del path[deeper]
        path[level] = heading
        if level < title_level:
            title, title_level = heading, level
    close()
    if not found and path:  # nothing but headings
        found = [Section("\n".join(path.values()))]
    return found, title


def _lines(text: str) -> list[tuple[int, str]]:
    """Each line with its heading level, 0 for text; code is never a heading."""
    found: list[tuple[int, str]] = []
    fence = ""
    for line in text.splitlines():
        if mark := FENCE.match(line):
            if not fence:
                fence = mark[1]
            elif mark[1].startswith(fence):
                fence = ""
        elif fence:
            found.append((0, line))
        elif heading := HEADING.match(line):
            found.append((len(heading[1]), _unclosed(heading[2])))
        elif (under := UNDERLINE.match(line)) and _is_paragraph(found):
            found[-1] = (1 if under[1][0] == "=" else 2, found[-1][1].strip())
        else:
            found.append((0, line))
    return found


def _unclosed(heading: str) -> str:
    """A heading's words without the optional closing marks."""
    return heading.rstrip().rstrip("#").rstrip() or heading.strip()


def _is_paragraph(found: list[tuple[int, str]]) -> bool:
    """Whether the last line stands alone, so that an underline makes it a heading."""
    if not found or found[-1][0] or not found[-1][1].strip() or "|" in found[-1][1]:
        return False
    return len(found) < 2 or bool(found[-2][0]) or not found[-2][1].strip()


def plain(text: str) -> str:
    """The words without their marks."""
    text = _without_comments(text)
    for pattern, instead in PLAIN:
        text = pattern.sub(instead, text)
    return text.strip("\n")


def _without_comments(text: str) -> str:
    """Without HTML comments; one that nothing closes is text."""
    kept: list[str] = []
    end = 0
    while (start := text.find("<!--", end)) >= 0 and (close := text.find("-->", start)) >= 0:
        kept.append(text[end:start])
        end = close + len("-->")
    return "".join([*kept, text[end:]])
