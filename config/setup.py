"""Getting a database ready: schemas migrated, the demo company in place."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import redis
from django.conf import settings
from django.core.management import call_command
from django.db import ProgrammingError
from django.db.migrations.loader import MigrationLoader
from psycopg.errors import InsufficientPrivilege

from config.launcher import CannotRun
from tenants import context
from tenants.models import Company

Tell = Callable[[str], None]

# Sentence vectors are halfvec: https://github.com/pgvector/pgvector/blob/master/CHANGELOG.md
PGVECTOR = (0, 7)
# Live events count what a stream was ever given, which XINFO STREAM tells since 7; Valkey names
# the Redis it is compatible with: https://redis.io/docs/latest/commands/xinfo-stream/
REDIS = 7


@contextmanager
def step(tell: Tell, what: str) -> Iterator[None]:
    """Say what is being done, and how long it took once it is done."""
    started = time.perf_counter()
    yield
    tell(f"  {what} ({time.perf_counter() - started:.1f} s)")


def check_servers() -> None:
    """Raise CannotRun unless both servers answer and PostgreSQL has pgvector."""
    database = settings.DATABASES["default"]
    named = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    arguments: dict[str, Any] = {name: database[key] or None for name, key in named.items()}
    # A URL may name the host among its options, as one with a socket's folder does.
    ours = {"pool", "server_side_binding"}  # Django's; the driver knows the others
    arguments |= {key: value for key, value in database["OPTIONS"].items() if key not in ours}
    where = f"{arguments['host'] or 'localhost'}:{arguments['port'] or 5432}"
    try:
        with psycopg.connect(dbname=database["NAME"], connect_timeout=5, **arguments) as probe:
            found = probe.execute(
                "SELECT coalesce(installed_version, default_version)"
                " FROM pg_available_extensions WHERE name = 'vector'"
            ).fetchone()
    except psycopg.OperationalError as error:
        reason = str(error).splitlines()[0]
        raise CannotRun(f"Cannot reach PostgreSQL at {where} (DATABASE_URL): {reason}") from error
    if found is None:
        raise CannotRun(f"PostgreSQL at {where} lacks the pgvector extension; install it first.")
    if tuple(map(int, found[0].split(".")[:2])) < PGVECTOR:
        wanted = ".".join(map(str, PGVECTOR))
        raise CannotRun(
            f"PostgreSQL at {where} has pgvector {found[0]}; {wanted} or newer is needed"
            " (after installing it: ALTER EXTENSION vector UPDATE)."
        )
    try:
        version = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=5).info()[
            "redis_version"
        ]
    except (redis.RedisError, ValueError) as error:
        raise CannotRun(f"Cannot reach Redis (REDIS_URL): {str(error).rstrip('.')}.") from error
    if int(version.split(".")[0]) < REDIS:
        raise CannotRun(f"Redis (REDIS_URL) is {version}; {REDIS} or newer is needed, or Valkey.")


def migrate(tell: Tell) -> None:
    """Bring public and every company's schema up to date; cheap when nothing is new."""
    wanted = set(MigrationLoader(None).disk_migrations or {})
    if not wanted <= _applied(context.PUBLIC):
        try:
            with step(tell, "public schema migrated"):
                call_command("migrate_schemas", schema_name=context.PUBLIC, verbosity=0)
        except ProgrammingError as error:
            if not isinstance(error.__cause__, InsufficientPrivilege):
                raise
            reason = str(error).splitlines()[0]
            raise CannotRun(
                f"The role of DATABASE_URL is not allowed to set the database up: {reason}; a"
                " superuser may do it before: CREATE EXTENSION vector SCHEMA public."
            ) from error
    for company in Company.objects.order_by("pk"):
        if not wanted <= _applied(company.schema_name):
            with step(tell, f"schema of {company.name} migrated"):
                call_command("migrate_schemas", schema_name=company.schema_name, verbosity=0)


def _applied(schema: str) -> set[tuple[str, str]]:
    """The migrations a schema has seen; none if it does not exist yet."""
    with context.connection.cursor() as cursor:
        table = f'"{schema}".django_migrations'
        cursor.execute("SELECT to_regclass(%s)", [table])
        if cursor.fetchone()[0] is None:
            return set()
        cursor.execute(f"SELECT app, name FROM {table}")  # noqa: S608 (a schema of ours)
        return set(cursor.fetchall())
