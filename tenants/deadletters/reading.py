"""What lies in the boxes a person may look into: pages, counts, one letter."""

import contextlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import redis

from tenants import context
from tenants.deadletters.boxes import Letter, LetterBox, Position, Tally, Wanted, box_of, boxes
from tenants.redis import client

PAGE = 50
BADGE, BADGE_SECONDS = "dead-letters", 30
# Who holds none of these sees what a payload is made of, and none of its words.
READ_PAYLOADS = "deadletters.read_payload"
MASKED = "•••"


class Member(Protocol):
    """Whoever looks: a person, or a program by its key."""

    def has_perm(self, permission: str, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class Page:
    """Some letters, and where the next ones begin (empty at the end)."""

    letters: list[Letter]
    next_cursor: str


def visible(member: Member, kind: str = "") -> list[LetterBox]:
    """The boxes of failures this person may look into, or the one of a kind."""
    return [box for box in allowed(member) if kind == box.kind or not (kind or box.is_aside)]


def allowed(member: Member) -> list[LetterBox]:
    """Every box this person may look into."""
    return [box for box in boxes() if member.has_perm(box.sees)]


def page_of(
    member: Member, wanted: Wanted, *, kind: str = "", cursor: str = "", limit: int = PAGE
) -> Page:
    """Letters of all boxes, the latest first; each box is asked once."""
    before = position_of(cursor)
    found: list[Letter] = []
    for box in visible(member, kind):
        start = before.seen_from(box.kind) if before else None
        found += box.letters(wanted, start=start, limit=limit + 1)
    # Latest first; of the same moment by kind, and within a kind as its box gave them.
    found.sort(key=lambda letter: letter.kind)
    found.sort(key=lambda letter: letter.at, reverse=True)
    shown = found[:limit]
    return Page(shown, cursor_of(shown[-1].position) if len(found) > limit else "")


def tallies(member: Member, wanted: Wanted, *, kind: str = "") -> list[Tally]:
    """How many letters there are of each reason, the most frequent first."""
    found = [tally for box in visible(member, kind) for tally in box.tally(wanted)]
    return sorted(found, key=lambda tally: (-tally.count, tally.kind, tally.reason))


def letter_of(member: Member, key: str) -> tuple[LetterBox, Letter] | None:
    """One letter by its key, if it is there and this person may see it."""
    kind, _mark, letter_id = key.partition("-")
    box = box_of(kind)
    if box is None or not letter_id or not member.has_perm(box.sees):
        return None
    letter = box.find(letter_id)
    return (box, letter) if letter else None


def payload_text(member: Member, box: LetterBox, letter: Letter) -> tuple[str, bool]:
    """What is in a letter, and whether it is whole: names and words are for some eyes only."""
    payload = box.payload(letter.id)
    whole = member.has_perm(READ_PAYLOADS)
    text = payload.text
    if payload.language == "json":
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return (text, True) if whole else (MASKED, False)
        text = json.dumps(value if whole else masked(value), indent=2, ensure_ascii=False)
        # JSON can spell half a character, and no page can show it.
        text = text.encode("utf-8", "replace").decode()
    elif not whole:
        text = MASKED
    return text, whole


def masked(value: Any) -> Any:
    """The bones of a JSON value: its names and shapes, none of its words and numbers."""
    if isinstance(value, dict):
        return {name: masked(each) for name, each in value.items()}
    if isinstance(value, list):
        return [masked(each) for each in value]
    return value if value is None or isinstance(value, bool) else MASKED


def badge() -> int:
    """How many letters there are, remembered for half a minute: every page asks."""
    name = context.scoped(BADGE)
    try:
        known = client().get(name)
        if known is not None:
            return int(str(known))
        count = _count()
        client().set(name, count, ex=BADGE_SECONDS)
    except redis.RedisError:
        return _count()
    return count


def forget_badge() -> None:
    """Somebody has just cleared some away."""
    with contextlib.suppress(redis.RedisError):  # half a minute, and it is right again
        client().delete(context.scoped(BADGE))


def _count() -> int:
    return sum(tally.count for box in boxes() if not box.is_aside for tally in box.tally(Wanted()))


def cursor_of(position: Position) -> str:
    return f"{position.at.isoformat()}_{position.kind}_{position.id}"


def position_of(cursor: str) -> Position | None:
    """Where a cursor points; one that is none of ours leads to the beginning."""
    moment, _mark, rest = cursor.partition("_")
    kind, _mark, letter_id = rest.partition("_")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return None
    known = box_of(kind)
    if at.tzinfo is None or known is None or not known.reads(letter_id):
        return None
    return Position(at, kind, letter_id)
