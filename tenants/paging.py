"""Lists with the newest row first, a page at a time, by the key of the last row that was shown:
what comes in between shifts nothing, and page a thousand costs what the first does."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

LONGEST = 18  # digits of a key that a bigint holds

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """Its rows, and the cursor behind which the next ones begin (0: nowhere)."""

    rows: list[M]
    next: int


def key_in(cursor: str) -> int:
    """The key that an address names; 0 where it names none."""
    is_one = cursor.isascii() and cursor.isdigit() and len(cursor) <= LONGEST
    return int(cursor) if is_one else 0


def newest_first(rows: QuerySet[M], *, cursor: str | int = "", size: int) -> Page[M]:
    """The rows behind the cursor; one more is read, to know whether there is a next page."""
    last = key_in(str(cursor))
    behind = rows.filter(pk__lt=last) if last else rows
    found = list(behind.order_by("-pk")[: size + 1])
    shown = found[:size]
    return Page(shown, shown[-1].pk if len(found) > size else 0)
