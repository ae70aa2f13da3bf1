"""Looks for what was changed since a time, however many records were changed in one second."""

from collections.abc import Callable, Mapping
from typing import Any

from channels_app import wire

Query = Callable[[str], list[dict[str, Any]]]

# https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_offset.htm
FARTHEST = 2_000


def changed_rows(query: Query, soql: str, *, by: str, most: int) -> list[dict[str, Any]]:
    """A full answer, and on while all of its rows have one and the same time ``by``.

    The next look goes on from the last row's time: rows of that time that no answer held, as
    after a change of hundreds at once, would be left out for good.
    """
    rows: list[dict[str, Any]] = []
    while True:
        start = f" OFFSET {len(rows)}" if rows else ""
        page = query(f"{soql} ORDER BY {by}, Id LIMIT {most}{start}")
        rows += page
        if len(page) < most or len(rows) > FARTHEST or _at(rows[0], by) != _at(rows[-1], by):
            return rows


def _at(row: Mapping[str, Any], by: str) -> object:
    held: Any = row
    for name in by.split("."):
        held = held.get(name) if isinstance(held, dict) else None
    return wire.moment(held)
