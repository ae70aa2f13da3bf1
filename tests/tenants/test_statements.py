"""A statement that keeps its cursor asks what any cursor would."""

import pytest
from django.db import DataError, IntegrityError, connection
from django.db.transaction import TransactionManagementError, atomic
from django.test.utils import CaptureQueriesContext

from tenants import context
from tenants.statements import Statement, Write, write_together
from tests.factories import make_user

PERCENT = Statement("SELECT %(a)s::int * %(b)s::int, %(a)s::int %% 7")
EMAILS = Statement("SELECT email FROM accounts_user WHERE role = %s ORDER BY id")
DIVIDE = Statement("SELECT 1 / %s::int")


def test_values_by_name_may_stand_in_several_places(north):
    for a, b in ((15, 2), (8, 3), (7, 1), (9, 9)):
        assert PERCENT.rows({"b": b, "a": a}) == [(a * b, a % 7)]


def test_values_of_other_types_are_taken_each_time(north):
    given = Statement("SELECT %s::text, %s::bigint")
    for values in (("a", 1), (None, 2**40), ("ب", None)):
        assert given.first(values) == values


def test_it_reads_the_company_that_was_entered(people, south):
    here = EMAILS.rows(["admin"])
    with context.inside(south):
        assert EMAILS.rows(["admin"]) == []
        other = make_user(role="admin")
        assert EMAILS.first(["admin"]) == (other.email,)
    assert EMAILS.rows(["admin"]) == here


def test_an_error_is_djangos_and_the_cursor_lives_on(north):
    for _ in range(2):
        with pytest.raises(DataError), atomic():
            DIVIDE.rows([0])
        assert DIVIDE.first([1]) == (1,)


def test_nothing_is_asked_in_a_transaction_that_failed(north):
    with atomic():
        connection.needs_rollback = True
        with pytest.raises(TransactionManagementError):
            DIVIDE.rows([1])
        connection.needs_rollback = False


def test_who_counts_queries_sees_it(people):
    with CaptureQueriesContext(connection) as asked:
        assert EMAILS.rows(["admin"])
    assert [query["sql"] for query in asked if "accounts_user" in query["sql"]]


def test_how_many_rows_were_changed(people):
    renamed = Statement("UPDATE accounts_user SET name = %s WHERE role = %s")
    assert renamed.changed(["Ada", "admin"]) == 1
    assert renamed.changed(["Ada", "nobody"]) == 0


def test_writes_are_made_together_or_not_at_all(people):
    rename = Statement("UPDATE accounts_user SET name = %(name)s WHERE role = %(role)s")
    add = Statement(
        "INSERT INTO workspace_usageday (day, kind, amount) VALUES ('2026-11-20', %s, %s)"
    )
    both = [Write(rename, {"role": "admin", "name": "Ada"}), None, Write(add, ["messages", 2])]

    write_together(both)
    assert people["admin"].__class__.objects.get(role="admin").name == "Ada"
    with pytest.raises(IntegrityError), atomic():
        write_together([Write(rename, {"role": "admin", "name": "Eve"}), both[2]])

    assert people["admin"].__class__.objects.get(role="admin").name == "Ada"
    write_together([None])  # nothing to write
