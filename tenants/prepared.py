"""Statements whose SQL is written once and asked often.

Django writes a query's SQL anew each time it is asked; for a row with its relations that takes
longer than PostgreSQL needs to find it. A message asks a dozen such queries, always the same
ones with other values, and writes a dozen rows in always the same way.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from django.db import connections, models
from django.db.models.expressions import Expression
from django.db.models.query import get_related_populators
from django.db.transaction import TransactionManagementError
from pgvector.django import VectorField

from tenants.context import connection
from tenants.statements import Statement, Write
from tenants.vectors import Point


class Blank(Expression):
    """A place in a query that is filled when it is asked."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", (self,)


M = TypeVar("M", bound=models.Model)
N = TypeVar("N", bound=models.Model)


class Prepared(Generic[M]):
    """Rows of one model, by a query that ``build`` makes with blanks; values fill them by name.

    Values must be what the column's driver type takes: they are not prepared as ``filter`` would.
    The query is written once a process; each thread asks it over its own connection.
    ``after`` is a WITH clause of our own before it, whose blanks are written ``%(name)s``.
    """

    def __init__(self, build: Callable[[], "models.QuerySet[M]"], *, after: str = "") -> None:
        self._build = build
        self._after = after

    def all(self, **values: Any) -> list[M]:
        query = self._query
        here = connections[query.alias]
        if query.locks and here.get_autocommit():
            raise TransactionManagementError("A row is locked within a transaction only.")
        filled = [values[one.name] if isinstance(one, Blank) else one for one in query.places]
        return [query.read(row, here) for row in query.statement.rows(filled)]

    def first(self, **values: Any) -> M | None:
        """The first row, or None; the query itself should ask for no more than one."""
        return next(iter(self.all(**values)), None)

    @cached_property
    def _query(self) -> "_Query[M]":
        return _Query(self._build(), Statement(self._after))


class _Query(Generic[M]):
    """A query's SQL, and how its rows become instances.

    Django's own ``ModelIterable`` finds the latter out anew for each query: which columns are
    whose, and what each has to be converted by.
    """

    def __init__(self, queryset: "models.QuerySet[M]", before: Statement) -> None:
        compiler: Any = queryset.query.get_compiler(using=queryset.db)
        sql, places = compiler.as_sql()
        self.statement = Statement(before.in_order + sql)
        self.places = [*map(Blank, before.names), *places]
        self.locks = bool(queryset.query.select_for_update)
        self.alias = queryset.db
        described = compiler.klass_info
        fields = described["select_fields"]
        self._model: type[M] = described["model"]
        self._own = slice(fields[0], fields[-1] + 1)
        self._names = [column.target.attname for column, *_ in compiler.select[self._own]]
        # The stubs know a newer Django.
        populators: Any = get_related_populators
        self._related = populators(described, compiler.select, queryset.db)
        self._annotations = compiler.annotation_col_map or {}
        columns = [column for column, *_ in compiler.select[: compiler.col_count]]
        self._converters = list(compiler.get_converters(columns).items())

    def read(self, row: Sequence[Any], here: Any) -> M:
        values = list(row)
        for place, (converters, column) in self._converters:
            for convert in converters:
                values[place] = convert(values[place], column, here)
        made = self._model.from_db(self.alias, self._names, values[self._own])
        for related in self._related:
            related.populate(values, made)
        for name, place in self._annotations.items():
            setattr(made, name, values[place])
        return made


class PreparedInsert(Generic[M]):
    """New rows of one model, any number of them in one statement.

    ``conflict`` says what happens to a row that is there already (``ON CONFLICT …``), and
    ``returning`` what else is to be known of a new one. No signals are sent, and values go to the
    driver as ``Prepared`` says: as their columns take them.
    """

    def __init__(self, model: type[M], conflict: str = "", returning: str = "") -> None:
        self._model = model
        self._conflict = conflict
        self._returning = f", {returning}" if returning else ""
        self._statements: dict[int, Statement] = {}

    def row(self, row: M, *, beside: Write | None = None) -> bool:
        """Insert one and give it its key; False where one that is there already was left alone.

        ``beside`` is made in the same journey, whatever becomes of the row.
        """
        return self.told(row, beside=beside) is not None

    def told(self, row: M, *, beside: Write | None = None) -> tuple[Any, ...] | None:
        """Insert one; what ``returning`` asks of it, or None where it was left alone."""
        written = self._write([row], beside)
        return written[0][1:] if written else None

    def rows(self, rows: Sequence[M]) -> None:
        """Insert them all; they get their keys where none of them can be left alone."""
        if rows:
            self._write(rows)

    def later(self, rows: Sequence[M]) -> Write | None:
        """To insert them together with other writes; they get no keys."""
        return Write(self._statement(len(rows)), self._values(rows)) if rows else None

    def _write(self, rows: Sequence[M], beside: Write | None = None) -> list[tuple[Any, ...]]:
        statement, values = self._statement(len(rows)), self._values(rows)
        if beside is not None:
            statement = _with(beside.statement, statement)
            values = [*beside.statement.filled(beside.values), *values]
        written = statement.rows(values)
        if len(written) == len(rows):  # else nobody can tell whose keys they are
            for row, (key, *_) in zip(rows, written, strict=True):
                _is_written(row, key)
        return written

    def _values(self, rows: Sequence[M], but: str = "") -> list[Any]:
        return [
            convert(getattr(row, name) if fill is None else fill(row, True))
            for row in rows
            for name, fill, convert in self._columns
            if name != but
        ]

    def _statement(self, count: int) -> Statement:
        if count not in self._statements:
            self._statements[count] = Statement(self._sql(count))
        return self._statements[count]

    def _sql(self, count: int, given: Mapping[str, str] = MappingProxyType({})) -> str:
        """``given`` holds expressions of columns that are not filled with values."""
        quote = connection.ops.quote_name
        names = ", ".join(quote(field.column) for field in self._fields)
        places = ", ".join(given.get(field.attname, "%s") for field in self._fields)
        key = quote(str(self._model._meta.pk.column))
        return (
            f"INSERT INTO {quote(self._model._meta.db_table)} ({names})"  # noqa: S608 (columns)
            f" VALUES {', '.join([f'({places})'] * count)} {self._conflict}"
            f" RETURNING {key}{self._returning}"
        )

    @cached_property
    def _fields(self) -> list[Any]:
        return [
            field
            for field in self._model._meta.concrete_fields
            if not field.generated and not isinstance(field, models.AutoField)
        ]

    @cached_property
    def _columns(self) -> list[Any]:
        return [(field.attname, _filling(field), _converting(field)) for field in self._fields]


class PreparedPair(Generic[M, N]):
    """A new row and one that belongs to it by ``field``, in one statement."""

    def __init__(self, owner: PreparedInsert[M], owned: PreparedInsert[N], field: str) -> None:
        self._owner, self._owned, self._field = owner, owned, field

    def told(self, owner: M, owned: N) -> tuple[Any, ...] | None:
        """Insert both and give them their keys; what ``returning`` asks of the owned one.

        None where that one was left alone: the transaction is then to be given up, for its owner
        has been written.
        """
        but = self._link.attname
        values = [*self._owner._values([owner]), *self._owned._values([owned], but)]
        written = self._statement.first(values)
        if written is None:
            return None
        key, *told, owner_key = written
        _is_written(owner, owner_key)
        _is_written(owned, key)
        setattr(owned, self._field, owner)
        return tuple(told)

    @cached_property
    def _link(self) -> Any:
        return self._owned._model._meta.get_field(self._field)

    @cached_property
    def _statement(self) -> Statement:
        owned = self._owned._sql(1, {self._link.attname: "(SELECT * FROM owner)"})
        column = connection.ops.quote_name(self._link.column)
        return Statement(f"WITH owner AS ({self._owner._sql(1)}) {owned}, {column}")


@lru_cache(maxsize=64)
def _with(beside: Statement, last: Statement) -> Statement:
    return Statement(f"WITH beside AS ({beside.in_order}) {last.in_order}")


def _is_written(row: models.Model, key: Any) -> None:
    row.pk = key
    row._state.adding, row._state.db = False, connection.alias


class PreparedUpdate(Generic[M]):
    """Some fields of one row, written as the instance has them.

    ``where`` finds the row; its blanks are filled with the instance's own values by name.
    """

    def __init__(
        self,
        model: type[M],
        fields: Sequence[str],
        *,
        where: str = "id = %(id)s",
        returning: str = "id",
    ) -> None:
        self._model = model
        self._names = fields
        self._where = where
        self._returning = returning

    def row(self, row: M) -> Any:
        """Write the fields; what the statement returns of the row, or None if there is none."""
        return self._statement.first(self._values(row))

    def later(self, row: M) -> Write:
        """To write them together with other writes."""
        return Write(self._statement, self._values(row))

    def _values(self, row: M) -> dict[str, Any]:
        values = dict(row.__dict__)
        for name, fill, convert in self._columns:
            values[name] = convert(values[name] if fill is None else fill(row, False))
        return values

    @cached_property
    def _fields(self) -> list[Any]:
        return [self._model._meta.get_field(name) for name in self._names]

    @cached_property
    def _statement(self) -> Statement:
        quote = connection.ops.quote_name
        changes = ", ".join(
            f"{quote(field.column)} = %({field.attname})s" for field in self._fields
        )
        table = quote(self._model._meta.db_table)
        return Statement(
            f"UPDATE {table} SET {changes} WHERE {self._where}"  # noqa: S608 (our own columns)
            f" RETURNING {self._returning}"
        )

    @cached_property
    def _columns(self) -> list[Any]:
        return [(field.attname, _filling(field), _converting(field)) for field in self._fields]


# What the driver takes as it is. Of these exactly: a field of another class may mean more.
PLAIN = {
    models.BigIntegerField,
    models.BooleanField,
    models.CharField,
    models.DateField,
    models.DateTimeField,
    models.DecimalField,
    models.FloatField,
    models.ForeignKey,
    models.IntegerField,
    models.OneToOneField,
    models.PositiveBigIntegerField,
    models.PositiveIntegerField,
    models.PositiveSmallIntegerField,
    models.SmallIntegerField,
    models.TextField,
    models.UUIDField,
}


def _as_it_is(value: Any) -> Any:
    return value


def _converting(field: Any) -> Callable[[Any], Any]:
    """From the instance's value to the driver's."""
    if type(field) in PLAIN:
        return _as_it_is
    if type(field) is VectorField:
        return Point.of
    return lambda value: field.get_db_prep_save(value, connection)


def _filling(field: Any) -> Callable[[Any, bool], Any] | None:
    """How a field that fills itself (``auto_now``) does so; None for all others."""
    fills_itself = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    return field.pre_save if fills_itself else None
