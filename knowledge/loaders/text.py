"""Plain text, FAQ style included: a short question on its own line heads what follows it."""

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

QUESTION_MARK = ("?", "؟", "？")
# "Q:", "P:" (pregunta), "س:" (سؤال), "1." before a question; "A:", "R:", "ج:" before its answer.
ASKED = re.compile(r"^\s*(?:(?:Q|P|F|س)\s*\d*\s*[:.)\-]|\d+\s*[.)])\s*", re.IGNORECASE)
ANSWERED = re.compile(r"^\s*(?:A|R|ج)\s*[:.)]\s*", re.IGNORECASE)
LONGEST_TITLE = 120


class Text(Loader):
    suffixes = (".txt", ".text")

    def recognises(self, content: bytes) -> bool:
        return looks_like_text(content)

    def load(self, content: bytes) -> Loaded:
        text = decoded(content)
        Allowance("document").spend(len(text))
        if not text.strip():
            raise Unreadable(_("There is no text in this document."))
        sections = [_section(block) for block in _blocks(text)]
        return Loaded(_together(sections), _title(text))


def _blocks(text: str) -> list[str]:
    """Paragraphs; a line that asks something starts a new one."""
    blocks: list[list[str]] = [[]]
    for line in text.splitlines():
        if not line.strip() or _asks(line):
            blocks.append([])
        if line.strip():
            blocks[-1].append(line)
    return ["\n".join(lines) for lines in blocks if lines]


def _asks(line: str) -> bool:
    line = line.strip()
    return line.endswith(QUESTION_MARK) and len(line) <= LONGEST_HEADING


def _section(block: str) -> Section:
    first, _, rest = block.partition("\n")
    if _asks(first):
        return Section(ANSWERED.sub("", rest), (ASKED.sub("", first).strip(),))
    return Section(ANSWERED.sub("", block))


def _together(sections: list[Section]) -> list[Section]:
    """Paragraphs after a question belong to it; without one they are one run of text."""
    joined: list[Section] = []
    for section in sections:
        if joined and (not section.heading or not joined[-1].text):
            before = joined.pop()
            if section.heading and not before.text:  # two questions with one answer
                heading = (" ".join(before.heading + section.heading),)
                joined.append(Section(section.text, heading))
            else:
                glue = "\n\n" if before.text else ""
                joined.append(Section(before.text + glue + section.text, before.heading))
        else:
            joined.append(section)
    # A question that nothing answers is still worth finding.
    return [one if one.text else Section(" ".join(one.heading)) for one in joined]


def _title(text: str) -> str:
    first = text.strip().partition("\n")[0].strip()
    is_sentence = first.endswith((".", "!", ";", *QUESTION_MARK))
    return first if len(first) <= LONGEST_TITLE and not is_sentence else ""
