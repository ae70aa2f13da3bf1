"""SQL of ours that comes again with every message.

Such a statement keeps a cursor of its own on each connection of the pool, and with it what the
driver has learnt of its values and columns. Django's own cursors are made anew for each
statement; that took as long as PostgreSQL needs to answer a small one.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections

Values = Sequence[Any] | Mapping[str, Any]

_PLACES = re.compile(r"%(?:%|s|\((\w+)\)s)")
_NAMES = re.compile(r"%\((\w+)\)s")


class Statement:
    """``sql`` has ``%s`` or ``%(name)s`` where values belong, as for any cursor of Django's."""

    def __init__(self, sql: str) -> None:
        self.sql = sql
        # For those who put it into a greater one: every place ``%s``, and what belongs there.
        self.in_order = _NAMES.sub("%s", sql)
        self.names = _NAMES.findall(sql)
        self._known = list(dict.fromkeys(self.names))
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

    def filled(self, values: Values) -> list[Any]:
        """The values for ``in_order``."""
        if isinstance(values, Mapping):
            return [values[name] for name in self.names]
        return list(values)

    def _ask(self, values: Values) -> Any:
        here: Any = connections[DEFAULT_DB_ALIAS]
        if here.queries_logged or here.execute_wrappers:  # somebody wants to see what is asked
            cursor = here.cursor()
            cursor.execute(self.sql, values)
            return cursor
        if isinstance(values, Mapping):
            values = [values[name] for name in self._known]
        return here.ask(self._numbered, values)

    def _number(self, place: re.Match[str]) -> str:
        """PostgreSQL's own notation, which the driver need not translate each time."""
        if place[0] == "%%":
            return "%"
        if place[1] is None:
            self._count += 1
            return f"${self._count}"
        return f"${self._known.index(place[1]) + 1}"


class Write(NamedTuple):
    """A statement that waits to be made together with others."""

    statement: Statement
    values: Values


def write_together(writes: Iterable[Write | None]) -> None:
    """Make these writes in one journey to the database, as one statement.

    For writes of different rows whose answers nobody needs: none of them sees what another does.
    """
    made = [write for write in writes if write is not None]
    if made:
        whole = _whole(tuple(write.statement for write in made))
        whole.rows([value for write in made for value in write.statement.filled(write.values)])


@lru_cache(maxsize=256)  # the same ones for every message, with some numbers of rows
def _whole(statements: tuple[Statement, ...]) -> Statement:
    parts = [
        f"part{number} AS ({statement.in_order})" for number, statement in enumerate(statements)
    ]
    return Statement(f"WITH {', '.join(parts)} SELECT 1")
