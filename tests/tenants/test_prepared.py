"""A query that is written once finds what a new one would."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.db.transaction import TransactionManagementError

from tenants import context
from tenants.accounts.models import User
from tenants.prepared import Blank, Prepared
from tests.factories import make_user

BY_ROLE = Prepared(lambda: User.objects.filter(role=Blank("role"), is_active=True).order_by("pk"))


def test_each_time_the_blanks_hold_the_new_values(people):
    for _ in range(4):  # prepared by PostgreSQL too, by then
        for role, person in people.items():
            assert BY_ROLE.all(role=role) == [person]
    assert BY_ROLE.first(role="nobody") is None


def test_it_reads_the_company_that_was_entered(people, south):
    assert BY_ROLE.first(role="admin") == people["admin"]
    with context.inside(south):
        assert BY_ROLE.all(role="admin") == []
        other = make_user(role="admin")
        assert BY_ROLE.all(role="admin") == [other]
    assert BY_ROLE.first(role="admin") == people["admin"]


def test_deferred_fields_and_relations_are_as_in_the_query(people):
    short = Prepared(lambda: User.objects.only("email").filter(pk=Blank("pk")))

    assert short.first(pk=people["agent"].pk).get_deferred_fields() >= {"name", "role"}


def test_a_lock_needs_a_transaction(public, monkeypatch):
    locked = Prepared(lambda: User.objects.select_for_update().filter(pk=Blank("pk")))
    assert locked.first(pk=0) is None

    monkeypatch.setattr(connection, "get_autocommit", lambda: True)
    with pytest.raises(TransactionManagementError):
        locked.first(pk=0)


def test_threads_do_not_share_a_compiler(db):
    def compiler_of_thread():
        try:
            return id(BY_ROLE._compiled()[1].connection)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(compiler_of_thread).result() != id(BY_ROLE._compiled()[1].connection)
