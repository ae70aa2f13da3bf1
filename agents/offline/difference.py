"""What a person changed in a text, word by word."""

import re
from difflib import SequenceMatcher

SAME, OUT, IN = "same", "out", "in"
LONGEST = 4_000
_PIECES = re.compile(r"\s+|[^\W_]+|.", re.DOTALL)


def difference(before: str, after: str) -> list[tuple[str, str]]:
    """Pieces in reading order, each the same in both, taken out, or put in."""
    old, new = _PIECES.findall(before[:LONGEST]), _PIECES.findall(after[:LONGEST])
    found: list[tuple[str, str]] = []
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            found.append((SAME, "".join(old[a:b])))
            continue
        if a < b:
            found.append((OUT, "".join(old[a:b])))
        if c < d:
            found.append((IN, "".join(new[c:d])))
    return found


def share_changed(before: str, after: str) -> float:
    """How much of the words is another's, 0 to 1."""
    old, new = before.split(), after.split()
    if not old and not new:
        return 0.0
    return 1.0 - SequenceMatcher(None, old, new, autojunk=False).ratio()
