"""What was said before, in short: the sentences that hold something, in their own words."""

from agents.offline.acts import is_closing
from agents.offline.asking import asks
from agents.offline.entities import find_entities

LONGEST = 900  # characters of a summary
LINE = 220


def summarise(lines: str, *, before: str = "") -> str:
    """Roll ``lines`` ("contact: …", "company: …") into the summary ``before``; the oldest words
    go first where there are too many."""
    kept = [line for line in before.splitlines() if line.strip()]
    for line in lines.splitlines():
        who, _, said = line.partition(": ")
        said = said.strip()
        if not said or is_closing(said):
            continue
        if who != "contact" or asks(said) or find_entities(said):
            kept.append(f"{who}: {said[:LINE]}")
    while len("\n".join(kept)) > LONGEST and len(kept) > 1:
        kept.pop(0)
    return "\n".join(kept)[:LONGEST]
