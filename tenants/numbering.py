"""Rows that are numbered one after the other, by people who may ask in the same moment."""

from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError, models, transaction
from django.db.models import Max

ATTEMPTS = 3
Row = TypeVar("Row", bound=models.Model)


def numbered(make: Callable[[int], Row], *, among: type[Row], after: int = 0) -> Row | None:
    """The row that ``make`` writes under the next number, in a transaction of its own.

    None where others were faster each time. Numbers begin behind ``after``; the column is
    ``number``, and unique.
    """
    for _attempt in range(ATTEMPTS):
        highest = among._default_manager.aggregate(number=Max("number"))["number"] or after
        try:
            with transaction.atomic():
                return make(highest + 1)
        except IntegrityError:
            continue
    return None
