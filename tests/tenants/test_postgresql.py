"""The search path of a pooled connection: right after every turn, and not set for nothing."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext


@pytest.fixture
def own(django_db_setup, django_db_blocker):
    """A connection beside the test's own, without a transaction around it."""
    with django_db_blocker.unblock():
        own = connection.copy()
        yield own
        own.close()


def path(own):
    with own.cursor() as cursor:
        cursor.execute("SELECT current_schemas(false)")
        return cursor.fetchone()[0][0]


def test_the_path_follows_the_company(own):
    for name in ("north", "south", "public", "north"):
        own.set_schema(name)
        assert path(own) == name


def test_a_rollback_takes_nothing_back(own):
    own.set_schema("north")
    own.set_autocommit(False)
    assert path(own) == "north"
    own.rollback()
    own.set_autocommit(True)

    assert path(own) == "north"


def test_a_company_entered_within_a_transaction_that_fails(own):
    own.set_schema("north")
    path(own)
    own.set_autocommit(False)
    own.set_schema("south")
    assert path(own) == "south"
    own.rollback()  # the database goes back to north; we are still in south
    own.set_autocommit(True)

    assert path(own) == "south"
    own.set_schema("north")
    assert path(own) == "north"


def test_a_failed_savepoint_leaves_the_path_right(own):
    own.set_schema("north")
    own.set_autocommit(False)
    path(own)
    sid = own.savepoint()
    own.set_schema("south")
    path(own)
    own.savepoint_rollback(sid)

    assert path(own) == "south"
    own.rollback()
    own.set_autocommit(True)


def test_it_is_set_once_for_many_transactions(own):
    own.set_schema("north")
    path(own)
    with CaptureQueriesContext(own) as captured:
        for _ in range(3):
            own.set_autocommit(False)
            path(own)
            own.rollback()
            own.set_autocommit(True)
            own.set_schema("north")

    assert [query["sql"] for query in captured if "SET search_path" in query["sql"]] == []


def test_a_borrower_finds_it_set(own):
    own.set_schema("north")
    path(own)
    raw = own.connection

    own.set_schema("south")
    own.set_schema("north")
    own.search_path_set_schemas = None  # as after being given back and borrowed again

    with CaptureQueriesContext(own) as captured:
        assert path(own) == "north"
    assert own.connection is raw
    assert len(captured) == 1
