"""The seven ways a schema per company goes wrong, each tried on our own code."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dramatiq
import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.core.checks import run_checks
from django.db import DatabaseError, connection, transaction
from dramatiq import Worker
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import Pipelines, Retries

from tenants import context
from tenants.accounts.models import User
from tenants.audit.models import AuditEntry
from tenants.console import console
from tenants.jobs import PatientRetries, TenantMiddleware
from tests.factories import make_user


def broker_of(*middleware):
    broker = StubBroker(middleware=list(middleware))
    broker.emit_after("process_boot")
    return broker


def drain(broker, queue="default"):
    """Run everything that waits, on a real worker thread."""
    worker = Worker(broker, worker_timeout=20, worker_threads=1)
    worker.start()
    try:
        broker.join(queue, timeout=5_000, fail_fast=False)
        worker.join()
    finally:
        worker.stop()


@pytest.fixture
def known_companies(north, south):
    """Other threads cannot see this test's transaction; they are told who exists."""
    context.company_of_schema("north")
    context.company_of_schema("south")


# -- 1: what a job enqueues belongs to the job's company


def recorded_pipeline(broker):
    seen = []

    @dramatiq.actor(broker=broker, actor_name="one")
    def one():
        seen.append(("one", context.schema()))

    @dramatiq.actor(broker=broker, actor_name="two")
    def two():
        seen.append(("two", context.schema()))

    steps = [one.message(), two.message_with_options(pipe_ignore=True)]
    dramatiq.pipeline(steps, broker=broker).run()
    drain(broker)
    return seen


def test_the_next_step_of_a_pipeline_runs_in_the_company_of_the_first(known_companies):
    broker = broker_of(TenantMiddleware(), Pipelines(), Retries())

    assert recorded_pipeline(broker) == [("one", "north"), ("two", "north")]


def test_a_middleware_listed_last_loses_the_company(known_companies):
    """The danger itself: why the order is checked at start-up."""
    broker = broker_of(Pipelines(), Retries(), TenantMiddleware())

    assert recorded_pipeline(broker) == [("one", "north"), ("two", "public")]


def test_a_retry_runs_in_the_company_of_the_first_try(known_companies):
    broker = broker_of(TenantMiddleware(), PatientRetries())
    seen = []

    @dramatiq.actor(broker=broker, actor_name="stumbles", min_backoff=1, max_backoff=2)
    def stumbles():
        seen.append(context.schema())
        if len(seen) < 3:
            raise RuntimeError("not yet")

    stumbles.send()
    context.leave()
    drain(broker)

    assert seen == ["north", "north", "north"]


def test_our_own_broker_lists_the_tenant_middleware_first():
    assert [error.id for error in run_checks() if error.id == "tenants.E001"] == []
    assert isinstance(dramatiq.get_broker().middleware[0], TenantMiddleware)


# -- 2 and 5: a job that belongs to nobody does not run


def outcome_of(broker, **options):
    ran = []

    @dramatiq.actor(broker=broker, actor_name="job")
    def job():
        ran.append(context.schema())

    broker.enqueue(job.message_with_options(**options))
    drain(broker)
    return ran


@pytest.mark.parametrize("options", [{"schema": ""}, {"schema": None}, {"schema": "ghost"}])
def test_a_message_of_no_company_is_skipped(known_companies, options):
    context.company_of_schema("ghost")  # remembered as nobody

    assert outcome_of(broker_of(TenantMiddleware()), **options) == []


def test_a_message_of_a_company_runs_there(known_companies):
    assert outcome_of(broker_of(TenantMiddleware()), schema="south") == ["south"]


def test_meeting_a_company_again_costs_no_query(north, django_assert_num_queries):
    context.enter_for_job("north")
    with django_assert_num_queries(0):
        context.leave()
        context.enter_for_job("north")
    assert context.current_company().name == "North"


def test_where_the_company_cannot_be_looked_up_public_is_out_of_reach(north, monkeypatch):
    def away(schema):
        raise DatabaseError("the database is away")

    monkeypatch.setattr(context, "company_of_schema", away)
    context.enter_for_job("ghost")

    with pytest.raises(DatabaseError), transaction.atomic():
        User.objects.count()
    context.leave()


def test_an_unknown_schema_would_read_public(public):
    """The danger itself: why an unknown company is refused before anything is read."""
    make_user(email="operator@leadwire.example")
    context.enter("ghost")

    assert User.objects.get().email == "operator@leadwire.example"


# -- 3: what waits for a commit knows its company


def test_what_waits_for_a_commit_fires_in_its_company(north, django_capture_on_commit_callbacks):
    seen = []
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        transaction.on_commit(lambda: seen.append(context.schema()))

    assert seen == ["north"]


def test_a_company_cannot_be_entered_inside_a_transaction_of_another(public, south):
    with (
        transaction.atomic(),
        pytest.raises(RuntimeError, match="outside any transaction"),
        context.inside(south),
    ):
        pass
    assert context.schema() == "public"


def test_requests_open_no_transaction_of_their_own(settings):
    assert not settings.DATABASES["default"].get("ATOMIC_REQUESTS")


# -- 4: threads do not share where they are


def test_a_company_is_not_a_context_manager(north):
    with pytest.raises(TypeError, match=r"tenants\.context\.inside"), north:
        pass


def test_threads_in_different_companies_do_not_meet(north, south):
    together = threading.Barrier(2)

    def stay(company):
        context.leave()
        together.wait()
        with context.inside(company):
            together.wait()
            inside = context.schema()
            together.wait()
        together.wait()
        connection.close()
        return inside, context.schema()

    with ThreadPoolExecutor(2) as threads:
        outcomes = list(threads.map(stay, [north, south]))

    assert outcomes == [("north", "public"), ("south", "public")]


def test_threads_do_not_share_the_ids_of_content_types(north):
    manager: Any = ContentType.objects
    manager.get_for_model(User)
    seen = []

    def other_thread():
        seen.append(len(manager._cache))

    thread = threading.Thread(target=other_thread)
    thread.start()
    thread.join()

    assert len(manager._cache) == 1
    assert seen == [0]


# -- 6: nothing that a library registers shows up in a company's console


def test_the_console_shows_what_we_registered_and_nothing_else():
    ours = {"tenants", "channels_app", "knowledge", "leads", "crm", "agents"}
    for model in console._registry:
        assert model.__module__.split(".")[0] in ours, f"{model} is not a page of ours"


def test_models_of_public_have_no_page_in_the_console():
    for model in console._registry:
        assert model not in set(apps.get_app_config("tenants").get_models())
    assert apps.get_model("django_dramatiq", "Task") not in console._registry


def test_the_queue_of_all_companies_is_the_operators_only():
    assert apps.get_model("django_dramatiq", "Task") in admin.site._registry


# -- 7: see tests/api/test_permissions.py for the API's own; the log is nobody's to write


def test_what_happens_in_one_company_is_not_read_in_another(north, south):
    make_user()
    before = AuditEntry.objects.count()
    with context.inside(south):
        assert User.objects.count() == 0
        assert AuditEntry.objects.count() == 0
    assert User.objects.count() == 1
    assert AuditEntry.objects.count() == before
