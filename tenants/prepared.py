"""Queries whose SQL is written once and asked often.

Django writes a query's SQL anew each time it is asked; for a row with its relations that takes
longer than PostgreSQL needs to find it. A message asks a dozen such queries, always the same
ones with other values.
"""

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.db import models
from django.db.models.expressions import Expression
from django.db.models.query import ModelIterable
from django.db.transaction import TransactionManagementError


class Blank(Expression):
    """A place in a query that is filled when it is asked."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", (self,)


M = TypeVar("M", bound=models.Model)


class Prepared(Generic[M]):
    """Rows of one model, by a query that ``build`` makes with blanks; values fill them by name.

    Values must be what the column's driver type takes: they are not prepared as ``filter`` would.
    The queryset is built once a thread, for a compiler belongs to its thread's connection.
    """

    def __init__(self, build: Callable[[], "models.QuerySet[M]"]) -> None:
        self._build = build
        self._mine = threading.local()

    def all(self, **values: Any) -> list[M]:
        queryset, compiler, sql, places = self._compiled()
        if queryset.query.select_for_update and compiler.connection.get_autocommit():
            raise TransactionManagementError("A row is locked within a transaction only.")
        filled = tuple(values[one.name] if isinstance(one, Blank) else one for one in places)
        compiler.as_sql = lambda *args, **kwargs: (sql, filled)
        return list(ModelIterable(queryset))

    def first(self, **values: Any) -> M | None:
        """The first row, or None; the query itself should ask for no more than one."""
        return next(iter(self.all(**values)), None)

    def _compiled(self) -> Any:
        kept = getattr(self._mine, "kept", None)
        if kept is None:
            queryset: Any = self._build()
            compiler: Any = queryset.query.get_compiler(using=queryset.db)
            sql, places = compiler.as_sql()
            queryset.query.get_compiler = lambda *args, **kwargs: compiler
            kept = self._mine.kept = (queryset, compiler, sql, places)
        return kept
