"""A pooled connection that served one company must never serve another by accident."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, connection
from django.db.utils import load_backend

from config import settings as real_settings

DatabaseWrapper = load_backend(real_settings.DATABASES["default"]["ENGINE"]).DatabaseWrapper
SCHEMAS = ("public", "north", "south")


@pytest.fixture
def pooled(north, request):
    """New connections of our real database settings, which share one small pool."""
    options = {
        **real_settings.DATABASES["default"]["OPTIONS"],
        "pool": {"min_size": 1, "max_size": getattr(request, "param", 1), "timeout": 20},
    }
    wrapped = {**connection.settings_dict, "OPTIONS": options}
    made = []

    def make():
        made.append(DatabaseWrapper(dict(wrapped), alias="pool_under_test"))
        made[-1].inc_thread_sharing()
        return made[-1]

    yield make
    for one in made:
        one.close()
    made[0].close_pool()


def here(wrapper):
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT current_schema(), pg_backend_pid()")
        return cursor.fetchone()


def test_the_next_borrower_of_a_connection_starts_in_its_own_schema(pooled):
    first, second = pooled(), pooled()
    first.set_schema("south")
    schema, backend = here(first)
    first.close()

    assert schema == "south"
    assert here(second) == ("public", backend)  # the same connection, and nobody's


def test_a_released_connection_comes_back_in_the_chosen_schema(pooled):
    first, second = pooled(), pooled()
    first.set_schema("north")
    here(first)
    first.close()
    second.set_schema("south")
    here(second)
    second.close()

    assert here(first)[0] == "north"


def test_a_rolled_back_switch_is_made_again(pooled):
    wrapper = pooled()
    wrapper.set_schema("north")
    wrapper.set_autocommit(False)
    here(wrapper)
    wrapper.rollback()
    wrapper.set_autocommit(True)

    assert here(wrapper)[0] == "north"


def switch(wrapper, chance):
    """Choose a schema and say where that really led, if elsewhere."""
    schema = chance.choice(SCHEMAS)
    wrapper.set_schema(schema)
    found = here(wrapper)[0]
    return [] if found == schema else [(schema, found)]


def fail(wrapper):
    with pytest.raises(DatabaseError), wrapper.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")


def wander_in_transaction(wrapper, chance):
    """Switch inside a transaction, fail there, and end it one way or the other."""
    wrong = []
    wrapper.set_autocommit(False)
    for _ in range(chance.randrange(3)):
        wrong += switch(wrapper, chance)
        if chance.random() < 0.3:
            fail(wrapper)
            wrapper.rollback()
    chance.choice([wrapper.commit, wrapper.rollback])()
    wrapper.set_autocommit(True)
    found = here(wrapper)[0]
    return wrong if found == wrapper.schema_name else [*wrong, (wrapper.schema_name, found)]


def wander(wrapper, chance):
    wrong = []
    for _ in range(60):
        wrong += switch(wrapper, chance)
        if chance.random() < 0.5:
            wrong += wander_in_transaction(wrapper, chance)
        if chance.random() < 0.5:
            wrapper.close()
    wrapper.close()
    return wrong


@pytest.mark.parametrize("pooled", [3], indirect=True)
def test_many_threads_switching_at_random_stay_where_they_are(pooled):
    with ThreadPoolExecutor(6) as threads:
        ways = threads.map(
            lambda seed: wander(pooled(), random.Random(seed)),  # noqa: S311
            range(6),
        )
        assert list(ways) == [[]] * 6


def test_a_statement_that_was_prepared_in_one_company_reads_the_next_ones_rows(pooled):
    wrapper = pooled()
    try:
        for schema, name in (("north", "red"), ("south", "blue")):
            wrapper.set_schema(schema)
            with wrapper.cursor() as cursor:
                cursor.execute("CREATE TABLE kept_apart (name text)")
                cursor.execute("INSERT INTO kept_apart VALUES (%s)", [name])
        seen = []
        for schema in ["north"] * 6 + ["south"] * 6 + ["north", "south"] * 2:
            wrapper.set_schema(schema)
            with wrapper.cursor() as cursor:
                cursor.execute("SELECT name FROM kept_apart WHERE name <> %s", [""])
                seen.append(cursor.fetchone()[0])
        with wrapper.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE generic_plans > 0")
            prepared = cursor.fetchone()[0]
    finally:
        for schema in ("north", "south"):
            wrapper.set_schema(schema)
            with wrapper.cursor() as cursor:
                cursor.execute("DROP TABLE IF EXISTS kept_apart")

    assert seen == ["red"] * 6 + ["blue"] * 6 + ["red", "blue"] * 2
    assert prepared, "nothing was prepared: this test proves nothing"
