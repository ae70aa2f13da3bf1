"""Two companies: the other's ids, cookies, tokens, jobs and keys read and change nothing."""

import inspect

import dramatiq
import pytest
from django.apps import apps
from django.core.cache import cache
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.test import Client

from tenants import context, live
from tenants.jobs import TenantMiddleware
from tenants.limits import Rate, take
from tenants.plugins.errors import ProviderError
from tenants.redis import client as redis_client
from tenants.services import create_api_key
from tests.factories import make_user
from tests.test_doors import METHODS, OPEN, SIGNED, is_stopped
from tests.walks import rows
from tests.walks.addresses import COMPANY, addresses


@pytest.fixture
def furnished_south(north, south):
    """One row of everything in south, none of it in north."""
    with context.inside(south):
        made = rows.make_all()
    assert len(made) > 10
    return made


def visit(client, address, method, data=None):
    path = address.concrete(int=rows.NUMBER, uuid=rows.IDENTIFIER, str=rows.NUMBER)
    if data is not None:
        return getattr(client, method)(path, data, content_type="application/json")
    return getattr(client, method)(path)


def everything_as(client, methods=METHODS):
    """Try each address with south's ids in it, by each method; return what leaked."""
    leaks = []
    for address in addresses(COMPANY):
        if "logout" in address.route:
            continue
        for method in methods:
            answer = visit(client, address, method)
            content = b"" if answer.streaming else answer.content
            if rows.MARK.encode() in content or rows.MARK in str(answer.headers):
                leaks.append((str(address), method))
            found = answer.status_code == 200 and str(rows.NUMBER).encode() in content
            if found and "<int>" in address.route and method == "get":
                leaks.append((str(address), "answered 200"))
    return leaks


def test_an_admin_of_north_finds_nothing_by_souths_ids(furnished_south):
    browser = Client(headers={"Host": "north.localhost"}, raise_request_exception=False)
    browser.force_login(make_user(role="admin"))
    before = rows.fingerprint("south")

    assert everything_as(browser) == []
    assert rows.changed(before, rows.fingerprint("south")) == []


def test_the_walk_would_notice(furnished_south, south):
    """The same walk by an admin of south finds south's rows: it does look where they are."""
    browser = Client(headers={"Host": "south.localhost"}, raise_request_exception=False)
    with context.inside(south):
        browser.force_login(make_user(role="admin"))

    found = {where for where, _ in everything_as(browser, methods=["get"])}

    assert len(found) > 10
    assert any("/api/v1/" in where for where in found)
    assert any("/api/v1/" not in where for where in found)


def test_a_key_of_north_finds_nothing_by_souths_ids(furnished_south):
    key = create_api_key(name="x", role="admin")[1]
    program = Client(
        headers={"Host": "north.localhost", "Authorization": f"Bearer {key}"},
        raise_request_exception=False,
    )
    before = rows.fingerprint("south")

    assert everything_as(program) == []
    assert rows.changed(before, rows.fingerprint("south")) == []


def test_ids_of_south_in_a_body_point_at_nothing_in_north(furnished_south):
    """Foreign keys in what is sent: an id of another company is an id of nobody."""
    key = create_api_key(name="x", role="admin")[1]
    program = Client(
        headers={"Host": "north.localhost", "Authorization": f"Bearer {key}"},
        raise_request_exception=False,
    )
    names = {
        field.name
        for model in rows.company_models()
        for field in model._meta.local_concrete_fields
        if field.is_relation
    }
    body = dict.fromkeys([*names, "id", "pk"], rows.NUMBER)
    before = rows.fingerprint("south")

    for address in addresses(COMPANY):
        if address.route.startswith("api/"):
            for method in ("post", "put", "patch"):
                answer = visit(program, address, method, body)
                assert rows.MARK.encode() not in answer.content, address
    assert rows.changed(before, rows.fingerprint("south")) == []


def test_a_session_of_south_is_nobody_in_north(furnished_south, south):
    browser = Client(raise_request_exception=False)
    with context.inside(south):
        browser.force_login(make_user(role="admin"))
    browser.defaults["HTTP_HOST"] = "south.localhost"
    assert browser.get("/api/v1/users/me/").json()["company"] == "south"
    browser.defaults["HTTP_HOST"] = "north.localhost"

    passed = [
        (str(address), method, answer.status_code)
        for address in addresses(COMPANY)
        if address.route not in OPEN[COMPANY] and not address.route.startswith(SIGNED)
        for method in ("get", "post")
        if not is_stopped(answer := visit(browser, address, method))
    ]

    assert passed == []


def test_a_key_of_south_is_refused_by_every_resource_of_north(furnished_south, south):
    with context.inside(south):
        key = create_api_key(name="x", role="admin")[1]
    program = Client(headers={"Host": "north.localhost", "Authorization": f"Bearer {key}"})

    statuses = {
        visit(program, address, method).status_code
        for address in addresses(COMPANY)
        if address.route.startswith("api/v1/")
        and address.route not in OPEN[COMPANY]
        and address.name
        for method in ("get", "post")
    }

    assert statuses == {401}


def test_no_actor_reaches_another_company(furnished_south):
    """Every actor of every app, run in north with south's ids."""
    before = rows.fingerprint("south")
    broker = dramatiq.get_broker()
    doorman = TenantMiddleware()
    tried = 0
    for actor in broker.actors.values():
        arguments = [
            rows.NUMBER if parameter.annotation in {int, "int"} else str(rows.IDENTIFIER)
            for parameter in inspect.signature(actor.fn).parameters.values()
        ]
        message = actor.message(*arguments)
        doorman.before_enqueue(broker, message, None)
        doorman.before_process_message(broker, message)
        assert context.schema() == "north"
        try:
            actor.fn(*arguments)
        except (ObjectDoesNotExist, ValidationError, ProviderError):
            pass  # what it was asked about does not exist here
        finally:
            doorman.after_process_message(broker, message)
            context.enter("north")
        tried += 1

    assert tried
    assert rows.changed(before, rows.fingerprint("south")) == []


def test_every_key_we_keep_in_redis_names_its_company(north, south, people):
    """Cache, limits, locks and live events: nothing is kept under a name two companies share."""
    for company in (north, south):
        with context.inside(company):
            cache.set("same_name", company.schema_name)
            take("same name", Rate(1, 60))
            live._append(context.scoped("live"), {"kind": "x", "data": "{}"})
    browser = Client(headers={"Host": "north.localhost"})
    browser.post("/accounts/login/", {"login": "x@x.example", "password": "wrong"})

    for company in (north, south):
        with context.inside(company):
            assert cache.get("same_name") == company.schema_name
    ours = [key for key in redis_client().scan_iter("*") if not key.startswith("leadwire")]
    assert ours
    companys = ("lw:north:", "lw:south:", "lw:public:")
    assert [key for key in ours if not key.startswith(companys)] == []


def test_few_tables_stand_in_both_places():
    """Where public has a table of the same name, an unknown schema would read it instead."""
    from django.conf import settings

    both = {app for app in settings.TENANT_APPS if app in settings.SHARED_APPS}

    assert both == {
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.admin",
        "tenants.accounts",
        "tenants.audit",
    }
    assert not {"channels_app", "leads", "knowledge", "agents", "crm"} & set(settings.SHARED_APPS)
    assert apps.is_installed("tenants.workspace")
