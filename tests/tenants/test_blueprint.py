"""A company's schema is the one its migrations make, though they are not run for it."""

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from tenants import blueprint, context
from tenants.models import Blueprint, Company
from tenants.services import starter_plan

# Each gives rows of text; the schema's own name is taken out of them.
CATALOG = {
    "columns": """
        SELECT c.relname, c.relkind, c.relpersistence, c.reloptions, a.attnum, a.attname,
               format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
               a.attstorage, a.attcompression, a.attcollation::regcollation, a.attstattarget,
               pg_get_expr(d.adbin, d.adrelid)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = %s::regnamespace AND NOT a.attisdropped""",
    "constraints": """
        SELECT conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated
        FROM pg_constraint WHERE connamespace = %s::regnamespace""",
    "indexes": """
        SELECT indexrelid::regclass, pg_get_indexdef(indexrelid), indisvalid, indisclustered
        FROM pg_index JOIN pg_class c ON c.oid = indexrelid
        WHERE c.relnamespace = %s::regnamespace""",
    "sequences": """
        SELECT sequencename, data_type, start_value, increment_by, max_value, cache_size, cycle,
               last_value
        FROM pg_sequences WHERE schemaname = %s""",
    "triggers": """
        SELECT c.relname, regexp_replace(t.tgname, '_\\d+$', ''), pg_get_triggerdef(t.oid),
               tgenabled
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE c.relnamespace = %s::regnamespace AND NOT tgisinternal""",
    "functions": """
        SELECT proname, pg_get_functiondef(oid) FROM pg_proc
        WHERE pronamespace = %s::regnamespace""",
    "types": """
        SELECT typname, typtype FROM pg_type WHERE typnamespace = %s::regnamespace""",
    "rights": """
        SELECT relname, relacl::text, relrowsecurity, obj_description(oid, 'pg_class')
        FROM pg_class WHERE relnamespace = %s::regnamespace""",
}


def make_company(name: str, **given: object) -> Company:
    company = Company(schema_name=name, name=name, plan=starter_plan(), **given)
    company.save(verbosity=0)
    return company


def migrated(name: str) -> None:
    """The long way: an empty schema, and every migration run in it."""
    company = Company(schema_name=name, name=name, plan=starter_plan())
    company.auto_create_schema = False
    company.save(verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {name}")
    call_command("migrate_schemas", schema_name=name, tenant=True, verbosity=0)


def rows_of(name: str, statement: str) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [name] * statement.count("%s"))
        return sorted(
            tuple(str(value).replace(name, "<schema>") for value in row)
            for row in cursor.fetchall()
        )


def kept_in(name: str) -> dict[str, list[tuple[str, ...]]]:
    """The rows of every table that has any; when a migration was run is left out."""
    found = {}
    for (table,) in rows_of(name, "SELECT tablename FROM pg_tables WHERE schemaname = %s"):
        columns = "app, name, id" if table == "django_migrations" else "*"
        rows = rows_of(name, f'SELECT {columns} FROM {name}."{table}"')  # noqa: S608
        if rows:
            found[table] = rows
    return found


def test_a_schema_from_the_record_is_the_one_that_the_migrations_make(public):
    make_company("replayed")
    migrated("migrated")

    for part, statement in CATALOG.items():
        made = rows_of("replayed", statement)
        assert made == rows_of("migrated", statement), part
        assert made, part
    assert kept_in("replayed") == kept_in("migrated")


def test_nothing_of_a_company_is_in_the_record(public):
    """Its rows are the same for all: a value that is secret or drawn by lot may not be there."""
    make_company("replayed")

    assert set(kept_in("replayed")) == {
        "auth_permission",
        "django_content_type",
        "django_migrations",
    }


def test_no_migration_is_run_for_a_company(public, monkeypatch):
    monkeypatch.setattr(blueprint, "call_command", lambda *a, **k: pytest.fail("migrated"))

    make_company("replayed")

    assert Blueprint.objects.get().fingerprint == blueprint.fingerprint()


def test_other_migrations_are_written_down_anew_and_the_old_ones_forgotten(public, monkeypatch):
    table = "CREATE TABLE django_migrations (applied timestamptz) -- this is all"
    monkeypatch.setattr(blueprint, "fingerprint", lambda: "other migrations")
    monkeypatch.setattr(blueprint, "_recorded", lambda: [table, "CREATE TABLE another ()"])

    call_command("migrate_schemas", schema_name="public", verbosity=0)  # as every start does

    assert Blueprint.objects.get().fingerprint == "other migrations"
    make_company("after")
    assert rows_of("after", "SELECT tablename FROM pg_tables WHERE schemaname = %s") == [
        ("another",),
        ("django_migrations",),
    ]


def test_the_fingerprint_tells_every_migration(tmp_path, monkeypatch):
    blueprint.fingerprint.cache_clear()
    before = blueprint.fingerprint()
    sources = list(blueprint._migrations())
    assert {path.parent.parent.name for path in sources} >= {"agents", "auth", "account", "leads"}

    (tmp_path / "0099_new.py").write_text("")
    monkeypatch.setattr(blueprint, "_migrations", lambda: [*sources, tmp_path / "0099_new.py"])
    blueprint.fingerprint.cache_clear()
    assert blueprint.fingerprint() != before
    blueprint.fingerprint.cache_clear()


def test_what_fails_half_way_leaves_no_schema(public, monkeypatch):
    said = blueprint.current()
    monkeypatch.setattr(blueprint, "current", lambda: f"{said}\n;\nSELECT 1/0")

    with pytest.raises(DatabaseError, match="division by zero"), transaction.atomic():
        make_company("halfway")

    assert context.schema() == "public"
    assert rows_of("halfway", "SELECT nspname FROM pg_namespace WHERE nspname = %s") == []
    assert not Company.objects.filter(schema_name="halfway").exists()


def test_a_migration_that_takes_back_what_it_said_cannot_be_replayed():
    with pytest.raises(RuntimeError, match="cannot be replayed"):
        blueprint._replayable('ROLLBACK TO SAVEPOINT "s1"')
