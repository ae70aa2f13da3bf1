"""What one version of the agent says of itself: its prompts, its manners, its thresholds.

Plain values. What stands empty is as the built-in text or the company's settings have it, so
that version 0 is simply ``Instructions()``.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from difflib import SequenceMatcher
from typing import Any

# What a prompt may ask us to fill in; anything else in braces stays as it was written.
PLACES = {
    "understand": frozenset[str](),
    "reply": frozenset({"about", "tone", "language", "limit", "guidance"}),
    "regenerate": frozenset({"problems"}),
}
NEEDED = {"understand": frozenset[str](), "reply": frozenset({"language", "limit"}),
          "regenerate": frozenset({"problems"})}  # fmt: skip
TASKS = ("understand", "reply")
MAX_TEXT = 8_000
MAX_RULES = 20
_PLACE = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Instructions:
    """``routes`` names a model per task; ``signature``, ``refusal``, ``handover`` by language."""

    tone: str = ""
    guidance: str = ""
    dos: tuple[str, ...] = ()
    donts: tuple[str, ...] = ()
    signature: Mapping[str, str] = field(default_factory=dict)
    refusal: Mapping[str, str] = field(default_factory=dict)
    handover: Mapping[str, str] = field(default_factory=dict)
    understand: str = ""
    reply: str = ""
    regenerate: str = ""
    routes: Mapping[str, str] = field(default_factory=dict)
    confidence_gate: float | None = None
    search_threshold: float | None = None

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Instructions":
        """Read a row; a key that we no longer know, or of another kind, is left out."""
        known: dict[str, Any] = {}
        for each in fields(cls):
            value = content.get(each.name)
            if each.name in {"dos", "donts"} and isinstance(value, list):
                known[each.name] = tuple(str(line) for line in value)
            elif each.name in _MAPPINGS and isinstance(value, dict):
                known[each.name] = {str(name): str(text) for name, text in value.items()}
            elif each.name in _NUMBERS and isinstance(value, int | float):
                known[each.name] = float(value)
            elif each.name in _TEXTS and isinstance(value, str):
                known[each.name] = value
        return cls(**known)

    def as_json(self) -> dict[str, Any]:
        """The row's content: only what says something, in a steady order."""
        content = {}
        for name, value in asdict(self).items():
            if value not in (None, "", (), {}):
                content[name] = list(value) if isinstance(value, tuple) else value
        return content

    @property
    def fingerprint(self) -> str:
        """The same for the same content."""
        written = json.dumps(self.as_json(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(written.encode()).hexdigest()

    @property
    def rules(self) -> str:
        """The company's own words for the prompt, as one block; empty where it has none."""
        lines = [self.guidance.strip()] if self.guidance.strip() else []
        lines += [f"Do: {line}" for line in self.dos]
        lines += [f"Do not: {line}" for line in self.donts]
        return "\n".join(lines)

    def signature_in(self, language: str) -> str:
        """In no other language than the answer's: a line in another would look like a slip."""
        return self.signature.get(language, "")

    def trimmed(self) -> "Instructions":
        """Without lines that say nothing."""
        kept: dict[str, Any] = {name: getattr(self, name).strip() for name in _TEXTS}
        for name in ("dos", "donts"):
            kept[name] = tuple(line.strip() for line in getattr(self, name) if line.strip())
        for name in _MAPPINGS:
            said = {key: text.strip() for key, text in getattr(self, name).items()}
            kept[name] = {key: text for key, text in said.items() if text}
        return replace(self, **kept)


_MAPPINGS = ("signature", "refusal", "handover", "routes")
_NUMBERS = ("confidence_gate", "search_threshold")
_TEXTS = ("tone", "guidance", "understand", "reply", "regenerate")
BUILT_IN = Instructions()


def filled(template: str, places: frozenset[str], **values: object) -> str:
    """The template with our values in its places; their own braces are not read again."""
    return _PLACE.sub(
        lambda found: str(values[found[1]]) if found[1] in places else found[0], template
    )


def faults_of(instructions: Instructions) -> dict[str, str]:
    """What makes a text unfit to be used at all: field -> ``reason:detail``."""
    return _faulty_templates(instructions) | _faulty_sizes(instructions)


def _faulty_templates(instructions: Instructions) -> dict[str, str]:
    faults = {}
    for task, places in PLACES.items():
        template = getattr(instructions, task)
        named = set(_PLACE.findall(template))
        if unknown := sorted(named - places):
            faults[task] = f"unknown_place:{unknown[0]}"
        elif template and (missing := sorted(NEEDED[task] - named)):
            faults[task] = f"missing_place:{missing[0]}"
    return faults


def _faulty_sizes(instructions: Instructions) -> dict[str, str]:
    long = {name for name in _TEXTS if len(getattr(instructions, name)) > MAX_TEXT}
    many = {name for name in ("dos", "donts") if len(getattr(instructions, name)) > MAX_RULES}
    shares = {name: getattr(instructions, name) for name in _NUMBERS}
    outside = {name for name, value in shares.items() if value is not None and not 0 <= value <= 1}
    return {
        **dict.fromkeys(sorted(long), f"too_long:{MAX_TEXT}"),
        **dict.fromkeys(sorted(many), f"too_many:{MAX_RULES}"),
        **dict.fromkeys(sorted(outside), "not_a_share"),
    }


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a text: ``same``, ``gone`` or ``new``."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """One field that two versions have differently."""

    name: str
    pieces: tuple[Piece, ...]


def difference(before: Instructions, after: Instructions) -> list[Change]:
    """What changed, field by field, word by word."""
    return [
        Change(each.name, _pieces(_shown(old), _shown(new)))
        for each in fields(Instructions)
        if (old := getattr(before, each.name)) != (new := getattr(after, each.name))
    ]


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return "\n".join(value)
    if isinstance(value, Mapping):
        return "\n".join(f"{name}: {text}" for name, text in sorted(value.items()))
    return str(value)


def _pieces(before: str, after: str) -> tuple[Piece, ...]:
    old, new = re.findall(r"\s+|\w+|[^\w\s]", before), re.findall(r"\s+|\w+|[^\w\s]", after)
    pieces = []
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(Piece("same", "".join(old[i:j])))
        else:
            pieces.append(Piece("gone", "".join(old[i:j])))
            pieces.append(Piece("new", "".join(new[k:m])))
    return tuple(piece for piece in pieces if piece.text)
