"""SQL of ours that comes again with every message.

Such a statement keeps a cursor of its own on each connection of the pool, and with it what the
driver has learnt of its values and columns. Django's own cursors are made anew for each
statement; that took as long as PostgreSQL needs to answer a small one.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

Values = Sequence[Any] | Mapping[str, Any]

_PLACES = re.compile(r"%(?:%|s|\((\w+)\)s)")


class Statement:
    """``sql`` has ``%s`` or ``%(name)s`` where values belong, as for any cursor of Django's."""

    def __init__(self, sql: str) -> None:
        self.sql = sql
        self._names: list[str] = []
        self._count = 0
        self._numbered = _PLACES.sub(self._number, sql)

    def rows(self, values: Values = ()) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self._ask(values).fetchall()
        return found

    def first(self, values: Values = ()) -> tuple[Any, ...] | None:
        """The first row, or None; the statement itself should give no more than one."""
        return next(iter(self.rows(values)), None)

    def changed(self, values: Values = ()) -> int:
        """How many rows a statement without an answer has written."""
        count: int = self._ask(values).rowcount
        return count

    def _ask(self, values: Values) -> Any:
        here: Any = connections[DEFAULT_DB_ALIAS]
        if here.queries_logged or here.execute_wrappers:  # somebody wants to see what is asked
            cursor = here.cursor()
            cursor.execute(self.sql, values)
            return cursor
        if isinstance(values, Mapping):
            values = [values[name] for name in self._names]
        return here.ask(self._numbered, values)

    def _number(self, place: re.Match[str]) -> str:
        """PostgreSQL's own notation, which the driver need not translate each time."""
        if place[0] == "%%":
            return "%"
        if place[1] is None:
            self._count += 1
            return f"${self._count}"
        if place[1] not in self._names:
            self._names.append(place[1])
        return f"${self._names.index(place[1]) + 1}"
