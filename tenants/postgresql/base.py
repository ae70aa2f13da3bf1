"""A pooled connection remembers its search path.

django-tenants sets the path anew whenever Django borrows a connection from the pool and after
every rollback: several statements a message, each as dear as a small query. Here the path is
set while no transaction is open, so that no rollback can take it back, and noted on the
connection itself; who borrows it next for the same company finds it set.
"""

from collections.abc import Sequence
from typing import Any

from django_tenants.postgresql_backend import base
from psycopg import RawCursor

KEPT = 300  # statements; we have about fifty, some of them for several numbers of rows


class DatabaseWrapper(base.DatabaseWrapper):
    """``_path_of`` on the raw connection is the path it has outside of any transaction, ``_kept``
    the cursors of statements that come again."""

    search_path_set_schemas: Any
    _setting_search_path: Any

    def connect(self) -> None:
        super().connect()
        if self.schema_name and self._known_path() != self._wanted_path():
            with self.connection.cursor() as cursor:
                self._handle_search_path(cursor)

    def ask(self, sql: str, values: Sequence[Any]) -> RawCursor[Any]:
        """Run a statement of ours that comes again; it numbers its values (``$1``)."""
        self.ensure_connection()
        self.validate_thread_sharing()
        self.validate_no_broken_transaction()
        self._handle_search_path()
        with self.wrap_database_errors:
            # It comes again, so it is planned to be kept from the first time on.
            return self._kept_cursor(sql).execute(sql, values, prepare=True)

    def _kept_cursor(self, sql: str) -> RawCursor[Any]:
        raw = self.connection
        kept: dict[str, RawCursor[Any]] | None = raw.__dict__.get("_kept")
        if kept is None:
            kept = raw.__dict__["_kept"] = {}
            raw.prepared_max = KEPT
        cursor = kept.get(sql)
        if cursor is None:
            if len(kept) >= KEPT:
                kept.clear()
            cursor = kept[sql] = RawCursor(raw)
        return cursor

    def _handle_search_path(self, cursor: Any = None) -> None:
        if self._setting_search_path or self.search_path_set_schemas:
            return
        wanted = self._wanted_path()
        if self._known_path() == wanted:
            self.search_path_set_schemas = wanted
            return
        lasting = self._is_outside_transaction()
        super()._handle_search_path(cursor)
        # Set inside a transaction it lasts only if that commits: nobody can rely on it.
        self.connection._path_of = wanted if lasting and self.search_path_set_schemas else None

    def _known_path(self) -> list[str] | None:
        return getattr(self.connection, "_path_of", None)

    def _wanted_path(self) -> list[str]:
        paths: list[str] = self._get_cursor_search_paths()
        return paths

    def _is_outside_transaction(self) -> bool:
        raw = self.connection
        return bool(raw.autocommit) and raw.info.transaction_status.name == "IDLE"
