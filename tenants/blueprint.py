"""How a company's schema is made: by saying to PostgreSQL again what the migrations said.

Django renders its models anew for nearly every operation of every migration: seconds of computing
around a quarter of a second of SQL. So that SQL is written down once for each set of migrations,
by migrating a schema which is rolled back, and every company is made from the record.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from secrets import token_hex
from typing import Any

import django
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.db.migrations.loader import MigrationLoader

from tenants import context, crypto

# Reading changes nothing; transactions and the search path belong to whoever replays.
LEFT_OUT = ("SELECT", "SHOW", "SET search_path", "SAVEPOINT", "RELEASE SAVEPOINT")


def build(schema_name: str) -> None:
    """Make the schema, as ``migrate_schemas`` would on an empty one, or nothing at all."""
    try:
        with transaction.atomic():
            statements = current()
            _create(schema_name)
            with context.connection.cursor() as cursor, context.connection.wrap_database_errors:
                # In one go; never prepared, which is for one statement at a time.
                cursor.cursor.execute(statements, prepare=False)
                cursor.execute("UPDATE django_migrations SET applied = now()")
    finally:
        context.leave()


def current() -> str:
    """The statements for the migrations there are now, written down if nobody has."""
    kept = apps.get_model("tenants", "Blueprint").objects
    of_these = fingerprint()
    statements = kept.filter(fingerprint=of_these).values_list("statements", flat=True).first()
    if statements is None:
        with transaction.atomic():
            statements = "\n;\n".join(_recorded())  # a statement may end in a comment
            kept.bulk_create(
                [kept.model(fingerprint=of_these, statements=statements)], ignore_conflicts=True
            )
            kept.exclude(fingerprint=of_these).delete()
    return str(statements)


def follow_migrations(*, schema_name: str, **signal: Any) -> None:
    """Write it down as soon as public is up to date, not when somebody waits for a company."""
    here = context.connection
    if schema_name == context.PUBLIC and "tenants_blueprint" in here.introspection.table_names():
        current()


@cache
def fingerprint() -> str:
    """Another one as soon as a migration, or what turns migrations into SQL, is another."""
    digest = sha256(repr((django.VERSION, settings.SHARED_APPS, settings.TENANT_APPS)).encode())
    for source in _migrations():
        digest.update(f"\0{source.parent.parent.name}/{source.name}\0".encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _migrations() -> Iterator[Path]:
    for app in apps.get_app_configs():
        module, _ = MigrationLoader.migrations_module(app.label)
        spec = find_spec(module) if module else None
        for folder in (spec and spec.submodule_search_locations) or ():
            yield from sorted(Path(folder).glob("*.py"))


def _create(schema_name: str) -> None:
    with context.connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {context.connection.ops.quote_name(schema_name)}")
    context.enter(schema_name)


def _recorded() -> list[str]:
    """What migrating a new schema says; the schema is gone afterwards."""
    record: list[str] = []

    def listen(execute: Callable[..., Any], sql: Any, params: Any, many: bool, about: Any) -> Any:
        for each in params if many else [params]:
            record.extend(_replayable(context.connection.ops.compose_sql(sql, each)))
        return execute(sql, params, many, about)

    name = f"blueprint-{token_hex(8)}"
    try:
        with transaction.atomic():
            # A column that is encrypted gets a default for the rows there were before: none here,
            # and its key goes with the company.
            plan = apps.get_model("tenants", "Plan").objects.create(code=name, name=name)
            companies = apps.get_model("tenants", "Company").objects
            companies.bulk_create([companies.model(schema_name=name, name=name, plan=plan)])
            _create(name)
            with context.connection.execute_wrapper(listen):
                call_command("migrate_schemas", tenant=True, schema_name=name, verbosity=0)
            transaction.set_rollback(True)
    finally:
        context.leave()
        crypto.forget(name)
    return record


def _replayable(statement: str) -> Iterable[str]:
    if statement.startswith("ROLLBACK"):
        raise RuntimeError("A migration takes back what it said: this cannot be replayed.")
    return [] if statement.startswith(LEFT_OUT) else [statement]
