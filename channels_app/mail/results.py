"""What a server found out about a letter's sender: Authentication-Results, read as it is written.

https://www.rfc-editor.org/rfc/rfc8601#section-2.2

Much of such a line is the sender's own: an address as ``dmarc=pass@evil.example`` is a good one,
and a quoted one may hold semicolons. So it is taken apart by the grammar; what does not come out
even says nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

# A quoted text, a pair with a backslash, or what stands between the marks of the grammar.
PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|\\.|[^"();\s\\]+|\s+|.', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Result:
    """One method's: ``dkim``, ``pass``, and of whom (``header.d`` -> ``acme.example``)."""

    method: str
    verdict: str
    properties: Mapping[str, str]

    def domain(self, name: str) -> str:
        """The domain of a property, whether it is one or an address."""
        return self.properties.get(name, "").strip("<>").rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Results:
    """Whose word it is, and what it says."""

    server: str = ""
    found: tuple[Result, ...] = ()

    def passed(self, method: str) -> list[Result]:
        return [each for each in self.found if (each.method, each.verdict) == (method, "pass")]


def results_of(value: str) -> Results:
    """A header's results, in small letters; none of one that is not well-formed."""
    server, *sections = _sections(value.lower())
    found = tuple(_result(words) for words in sections if words)
    return Results(next(iter(server), ""), found)


def _result(words: list[str]) -> Result:
    (method, _, verdict), *rest = (word.partition("=") for word in words)
    properties: dict[str, str] = {}
    for name, _, said in rest:
        properties.setdefault(name, said)
    return Result(method.partition("/")[0], verdict, properties)


def _sections(value: str) -> list[list[str]]:
    """The words between the semicolons; a quoted text is part of its word, whatever is in it."""
    sections: list[list[str]] = [[]]
    word = ""
    for piece in [*_without_comments(value), " "]:
        if piece != ";" and not piece.isspace():
            word += piece.strip('"')
            continue
        sections[-1] += [word] if word else []
        word = ""
        if piece == ";":
            sections.append([])
    return sections


def _without_comments(value: str) -> list[str]:
    """The pieces outside of brackets; none where a bracket or a quotation mark has no partner.

    In a comment quotation marks count too: it may tell of an address that has them.
    """
    outside: list[str] = []
    depth = 0
    for piece in PIECE.findall(value):
        depth += {"(": 1, ")": -1}.get(piece, 0)
        if depth < 0 or piece == '"':
            return []
        if not depth and piece != ")":
            outside.append(piece)
    return [] if depth else outside
