"""A log that cannot be rewritten unnoticed."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from tenants import context
from tenants.audit.models import AuditEntry
from tenants.audit.services import find_damage, record
from tenants.models import AuditHead


@pytest.fixture
def log(north):
    return [record(action="test.done", subject=f"thing:{n}", details={"n": n}) for n in range(1, 6)]


@pytest.fixture
def by_force(log):
    """SQL as somebody would run it who owns the database and took the trigger away."""

    def run(sql, *args):
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE audit_auditentry DISABLE TRIGGER audit_append_only")
            cursor.execute(sql, args)

    return run


def test_a_sound_log_says_so(log):
    assert list(find_damage()) == []
    assert [entry.sequence for entry in reversed(AuditEntry.objects.all())] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "sql",
    ["UPDATE audit_auditentry SET actor = 'me'", "DELETE FROM audit_auditentry"],
)
def test_the_database_refuses_to_change_an_entry(log, sql):
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


@pytest.mark.parametrize(
    ("sql", "sequence", "reason"),
    [
        ("UPDATE audit_auditentry SET actor = 'x' WHERE sequence = 3", 3, "changed"),
        ("UPDATE audit_auditentry SET details = '{}' WHERE sequence = 5", 5, "changed"),
        ("DELETE FROM audit_auditentry WHERE sequence = 1", 2, "missing"),
        ("DELETE FROM audit_auditentry WHERE sequence = 3", 4, "missing"),
        ("DELETE FROM audit_auditentry WHERE sequence >= 4", 4, "cut off"),
        ("DELETE FROM audit_auditentry", 1, "cut off"),
        (
            "INSERT INTO audit_auditentry (sequence, at, actor, action, subject, details,"
            " previous_hash, hash) SELECT 6, at, actor, action, subject, details, hash, hash"
            " FROM audit_auditentry WHERE sequence = 5",
            6,
            "another hand",
        ),
    ],
)
def test_damage_is_found_and_named(by_force, sql, sequence, reason):
    by_force(sql)

    assert any(d.sequence == sequence and reason in d.reason for d in find_damage())


def test_a_chain_made_anew_from_the_middle_is_found(by_force):
    """Whoever recomputes all hashes after a change still does not match the head."""
    by_force("UPDATE audit_auditentry SET actor = 'x' WHERE sequence = 3")
    previous = AuditEntry.objects.get(sequence=2).hash
    for entry in AuditEntry.objects.filter(sequence__gte=3).order_by("sequence"):
        entry.previous_hash = previous
        previous = entry.computed_hash()
        by_force(
            "UPDATE audit_auditentry SET previous_hash = %s, hash = %s WHERE sequence = %s",
            entry.previous_hash,
            previous,
            entry.sequence,
        )

    assert [damage.sequence for damage in find_damage()] == [5]


def test_each_company_has_its_own_chain(log, south):
    with context.inside(south):
        assert record(action="test.done", subject="thing:1").sequence == 1
        assert list(find_damage()) == []
    assert AuditHead.objects.get(schema_name="north").sequence == 5


def test_a_rolled_back_deed_leaves_no_gap(log):
    with transaction.atomic():
        record(action="test.undone", subject="thing:9")
        transaction.set_rollback(True)

    assert record(action="test.done", subject="thing:6").sequence == 6
    assert list(find_damage()) == []


def test_writing_costs_few_queries(log, django_assert_max_num_queries):
    with django_assert_max_num_queries(5):  # savepoint, head, entry, head, release
        record(action="test.done", subject="thing:6")


def test_the_command_reports_every_company(log, capsys):
    context.leave()

    call_command("verify_audit")

    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["company"]: line["entries"] for line in said} == {"north": 5, "south": 0}
    assert all(line["sound"] for line in said)


def test_the_command_fails_and_names_the_entry(by_force, capsys):
    by_force("UPDATE audit_auditentry SET actor = 'x' WHERE sequence = 3")
    context.leave()

    with pytest.raises(CommandError, match="north is damaged") as failed:
        call_command("verify_audit", company="north")

    assert failed.value.returncode == 1
    assert json.loads(capsys.readouterr().out)["damage"][0]["entry"] == 3
