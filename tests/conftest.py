"""Two companies, an in-line worker, and nothing that reaches the network."""

from pathlib import Path

import dramatiq
import pytest
from django.core.management import call_command
from dramatiq.message import Message

from config.embedded import start_what_is_missing
from tests.aimock_fixture import aimock as aimock
from tests.prism_fixture import judge as judge
from tests.prism_fixture import prism as prism
from tests.side_by_side import pytest_collection_modifyitems as pytest_collection_modifyitems
from tests.side_by_side import pytest_xdist_make_scheduler as pytest_xdist_make_scheduler
from tests.simulator_fixture import simulator as simulator
from tests.simulator_fixture import simulator_process as simulator_process

start_what_is_missing(Path(__file__).resolve().parent.parent)

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker, django_db_modify_db_settings):
    """One test database with the two companies' schemas; each test rolls its own rows back."""
    from django.test.utils import setup_databases, teardown_databases

    from tenants import context
    from tenants.models import Company, Domain
    from tenants.services import starter_plan

    with django_db_blocker.unblock():
        old = setup_databases(verbosity=0, interactive=False, keepdb=False)
        call_command("migrate_schemas", schema_name="public", verbosity=0)
        for name in ("north", "south"):
            company = Company.objects.create(
                schema_name=name, name=name.title(), plan=starter_plan(), time_zone="Europe/Madrid"
            )
            Domain.objects.create(domain=f"{name}.localhost", tenant=company)
    yield
    with django_db_blocker.unblock():
        context.leave()
        teardown_databases(old, verbosity=0)


@pytest.fixture(autouse=True)
def forget_what_processes_remember():
    """Hosts, keys and Redis are remembered per process; every test starts without memories."""
    from agents.services import leave
    from tenants import hosts, moments, platform_apps
    from tenants.redis import client

    hosts.forget_hosts()
    moments.forget_moments()
    platform_apps.forget_apps()
    leave.forget_rooms()
    if keys := list(client().scan_iter("lw:*", count=1_000)):
        client().delete(*keys)


@pytest.fixture
def memories_last(monkeypatch):
    """What processes remember for a moment lasts for the test: for those that count queries."""
    from tenants import context, hosts, moments, platform_apps

    for module in (hosts, platform_apps):
        monkeypatch.setattr(module, "SECONDS", 600.0)
    monkeypatch.setattr(moments, "MOMENT", 600.0)
    monkeypatch.setattr(moments.Memory, "seconds", 600.0)
    monkeypatch.setattr(context, "REMEMBERED_SECONDS", 600.0)


@pytest.fixture(autouse=True)
def stay_where_we_are(monkeypatch):
    """A request leaves its company and its language to the thread when it ends.

    The test that made it stays in its own.
    """
    from django.test import Client
    from django.utils import translation

    from tenants import context

    ask = Client.request

    def ask_and_return(self, **request):
        here = context.connection.tenant
        try:
            with translation.override(translation.get_language()):
                return ask(self, **request)
        finally:
            context.connection.set_tenant(here)

    monkeypatch.setattr(Client, "request", ask_and_return)


@pytest.fixture
def public(db):
    from tenants import context

    context.leave()
    yield
    context.leave()


def _inside(name):
    from tenants import context
    from tenants.models import Company

    context.leave()
    company = Company.objects.get(schema_name=name)
    context.enter_company(company)
    yield company
    context.leave()


@pytest.fixture
def north(db):
    """The company most tests are about; the test's own code runs in its schema."""
    yield from _inside("north")


@pytest.fixture
def south(db):
    """The other company: what happens in north must neither be read nor changed from here.

    Its row only; enter it with ``context.inside(south)``.
    """
    from tenants.models import Company

    return Company.objects.get(schema_name="south")


@pytest.fixture
def people(north):
    """North's three people, by role."""
    from tests.factories import make_user

    return {role: make_user(role=role) for role in ("admin", "agent", "viewer")}


@pytest.fixture
def client(client):
    """A browser at north's address."""
    client.defaults["HTTP_HOST"] = "north.localhost"
    return client


@pytest.fixture
def sign_in(client, people):
    """``sign_in("viewer")`` gives the browser of the person with that role."""

    def enter(role: str):
        client.force_login(people[role], backend="tenants.accounts.backends.RoleBackend")
        return client

    return enter


@pytest.fixture
def program(north):
    """``program("agent")`` gives a client with a key of that role."""
    from django.test import Client

    from tenants.services import create_api_key

    def enter(role: str):
        key = create_api_key(name=role, role=role)[1]
        return Client(headers={"Host": "north.localhost", "Authorization": f"Bearer {key}"})

    return enter


@pytest.fixture
def work(north, django_capture_on_commit_callbacks):
    """Run every queued actor, in this thread, through the real middleware, commits and all.

    Returns the names of the actors that ran. A retry is not awaited: the error is raised.
    """
    from tenants import context

    broker = dramatiq.get_broker()
    broker.flush_all()

    def run(limit: int = 1_000) -> list[str]:
        done: list[str] = []
        while queued := [q for q in broker.queues.values() if not q.empty()]:
            message = Message.decode(queued[0].get_nowait())
            queued[0].task_done()
            with django_capture_on_commit_callbacks(execute=True):
                broker.emit_before("process_message", message)
                try:
                    broker.get_actor(message.actor_name).fn(*message.args, **message.kwargs)
                    broker.emit_after("process_message", message)
                finally:
                    context.enter("north")
            done.append(message.actor_name)
            assert len(done) <= limit, f"the actors ring each other for ever: {done[-10:]}"
        return done

    return run
