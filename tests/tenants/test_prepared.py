"""A statement that is written once does what a new one would."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Value
from django.db.transaction import TransactionManagementError

from channels_app.models import Contact, Conversation
from tenants import context
from tenants.accounts.models import User
from tenants.prepared import Blank, Prepared, PreparedInsert, PreparedPair, PreparedUpdate
from tenants.workspace.models import UsageDay
from tests.factories import make_contact, make_conversation, make_user

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

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


def test_a_query_may_follow_what_it_reads(people):
    renamed = Prepared(
        lambda: User.objects.order_by("pk"),
        after="""
        WITH accounts_user AS (
            UPDATE accounts_user SET name = %(name)s WHERE role = %(role)s RETURNING *
        )
        """,
    )

    assert renamed.first(role="agent", name="Grace").name == "Grace"
    assert renamed.first(role="agent", name="Joan") == people["agent"]
    assert renamed.all(role="nobody", name="x") == []


def test_deferred_fields_and_relations_are_as_in_the_query(people):
    short = Prepared(lambda: User.objects.only("email").filter(pk=Blank("pk")))

    assert short.first(pk=people["agent"].pk).get_deferred_fields() >= {"name", "role"}


def test_a_lock_needs_a_transaction(public, monkeypatch):
    locked = Prepared(lambda: User.objects.select_for_update().filter(pk=Blank("pk")))
    assert locked.first(pk=0) is None

    monkeypatch.setattr(connection, "get_autocommit", lambda: True)
    with pytest.raises(TransactionManagementError):
        locked.first(pk=0)


def test_each_thread_asks_over_its_own_connection(north):
    def answered_in_a_thread():
        try:
            return BY_ROLE.first(role="agent")
        finally:
            connection.close()

    make_user(role="agent")  # not committed: only this thread's own connection sees it
    assert BY_ROLE.first(role="agent")
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(answered_in_a_thread).result() is None


def test_relations_and_annotations_are_as_in_the_query(north):
    conversation = make_conversation()
    counted = Prepared(
        lambda: (
            Conversation.objects.select_related("contact", "assignee")
            .annotate(asked=Value(7))
            .filter(pk=Blank("pk"))
        )
    )

    found = counted.first(pk=conversation.pk)

    assert (found, found.asked, found.assignee) == (conversation, 7, None)
    assert Conversation.contact.is_cached(found)
    assert found.contact.name == conversation.contact.name
    assert not found._state.adding


# -- rows that are written

ALL_OF_A_CONTACT = PreparedInsert(Contact)
NAMES = PreparedUpdate(Contact, ["name", "language"])


def test_a_written_row_is_as_django_would_have_written_it(north):
    first = Contact(name="Ada", phone="+34600", language="es")

    assert ALL_OF_A_CONTACT.row(first)
    assert not first._state.adding
    second = Contact.objects.create(name="Ada", phone="+34600", language="es")
    for field in Contact._meta.concrete_fields:
        if field.name not in {"id", "created_at", "updated_at", "phone_index"}:
            kept = getattr(Contact.objects.get(pk=first.pk), field.attname)
            assert kept == getattr(second, field.attname), field.name
    assert Contact.objects.get(pk=first.pk).created_at == first.created_at


def test_several_rows_are_one_statement_and_get_their_own_keys(north, django_assert_num_queries):
    people = [Contact(name=name) for name in ("Ada", "Grace", "Alan")]
    make_contact()  # keys and search path are known from here on

    with django_assert_num_queries(1):
        ALL_OF_A_CONTACT.rows(people)
    with django_assert_num_queries(0):
        ALL_OF_A_CONTACT.rows([])

    assert [Contact.objects.get(pk=one.pk).name for one in people] == ["Ada", "Grace", "Alan"]


def test_a_row_and_a_write_beside_it_are_one_statement(north, django_assert_num_queries):
    known, new = make_contact(name="Ada", language="en"), Contact(name="Grace")
    known.name = "Joan"

    with django_assert_num_queries(1):
        assert ALL_OF_A_CONTACT.row(new, beside=NAMES.later(known))

    assert {one.pk: one.name for one in Contact.objects.all()} == {
        known.pk: "Joan",
        new.pk: "Grace",
    }


def test_a_row_that_is_there_already_is_treated_as_the_statement_says(north):
    day = date(2026, 11, 20)
    keep = PreparedInsert(UsageDay, "ON CONFLICT DO NOTHING")
    add = PreparedInsert(
        UsageDay,
        "ON CONFLICT (day, kind) DO UPDATE"
        " SET amount = workspace_usageday.amount + EXCLUDED.amount",
    )

    written = [
        statement.row(UsageDay(day=day, kind="tokens", amount=Decimal(5)))
        for statement in (keep, keep, add)
    ]

    assert written == [True, False, True]
    assert UsageDay.objects.get(day=day).amount == 10


def test_rows_are_written_to_the_company_that_was_entered(north, south):
    ALL_OF_A_CONTACT.row(Contact(name="Ada"))
    with context.inside(south):
        theirs = Contact(name="Grace")
        ALL_OF_A_CONTACT.row(theirs)
        assert [one.name for one in Contact.objects.all()] == ["Grace"]
        assert NAMES.row(theirs)

    assert [one.name for one in Contact.objects.all()] == ["Ada"]


def test_an_update_writes_its_fields_and_no_others(north):
    person = make_contact(name="Ada", language="en")
    Contact.objects.filter(pk=person.pk).update(phone_index="kept", updated_at=EPOCH)

    person.name, person.phone_index = "Grace", "not written"
    assert NAMES.row(person) == (person.pk,)

    person.refresh_from_db()
    assert (person.name, person.phone_index, person.updated_at) == ("Grace", "kept", EPOCH)


def test_an_update_finds_its_row_by_the_instances_own_values(north):
    person = make_contact(language="en")
    fenced = PreparedUpdate(
        Contact, ["name"], where="id = %(id)s AND language = %(language)s", returning="language"
    )
    assert fenced.row(person) == ("en",)

    person.language = "es"
    assert fenced.row(person) is None


def test_an_update_renews_what_renews_itself(north):
    person = make_contact()
    Contact.objects.update(updated_at=EPOCH)

    PreparedUpdate(Contact, ["name", "updated_at"]).row(person)

    person.refresh_from_db()
    assert person.updated_at > EPOCH


def test_a_row_and_its_owner_are_inserted_together(north):
    known = make_conversation()
    pair = PreparedPair(
        PreparedInsert(Contact),
        PreparedInsert(
            Conversation, "ON CONFLICT DO NOTHING", "channels_app_conversation.thread_index"
        ),
        "contact",
    )

    def talk(thread):
        return Conversation(
            connection=known.connection, external_thread="t", thread_index=thread, language="en"
        )

    contact, conversation = Contact(name="Ada"), talk("new")
    assert pair.told(contact, conversation) == ("new",)
    assert Conversation.objects.get(pk=conversation.pk).contact == contact
    assert Contact.objects.get(pk=contact.pk).name == "Ada"
    assert conversation.contact is contact

    assert pair.told(Contact(name="Eve"), talk("new")) is None  # that thread is there already
