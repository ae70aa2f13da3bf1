"""The host name selects the company: at once, everywhere, and for as long as an answer takes."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http import StreamingHttpResponse
from django.test import Client, RequestFactory
from django.urls import path

from tenants import context, hosts
from tenants.models import Company, Domain

ME = "/api/v1/users/me/"


def company_in(schema):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return cursor.fetchone()[0] == schema


def at(host):
    return Client(headers={"Host": host}).get(ME)


@pytest.mark.parametrize("host", ["north.localhost", "NORTH.localhost:8000", "north.localhost."])
def test_a_company_lives_at_its_host(north, host):
    assert at(host).status_code == 401  # it is there, and asks who we are


@pytest.mark.parametrize(
    "host",
    ["nobody.localhost", "north.localhost.evil.example", "xnorth.localhost", "192.0.2.7", "[::2]"],
)
def test_a_host_that_is_nobodys_gets_404(north, host):
    assert at(host).status_code == 404


@pytest.mark.parametrize("host", ["", "a_b/c", "north.localhost\r\nX: y", "north.localhost:x"])
def test_a_host_that_is_no_host_is_a_bad_request(north, host):
    assert at(host).status_code in {400, 404}


def test_a_company_may_have_a_domain_of_its_own(north):
    Domain.objects.create(domain="chat.north.example", tenant=north, is_primary=False)

    assert at("chat.north.example").status_code == 401


def test_a_forwarded_host_is_not_believed(north):
    answer = Client(headers={"Host": "localhost", "X-Forwarded-Host": "north.localhost"}).get(ME)

    assert answer.status_code == 404  # the public host has no API


def test_a_suspended_company_is_closed_within_seconds(north, monkeypatch):
    at("north.localhost")
    Company.objects.filter(pk=north.pk).update(is_suspended=True)
    assert at("north.localhost").status_code == 401  # remembered for a moment

    monkeypatch.setattr(hosts, "SECONDS", -1)
    assert at("north.localhost").status_code == 403


def test_a_known_host_costs_no_query(north, django_assert_num_queries):
    hosts.company_of_host("north.localhost")
    with django_assert_num_queries(0):
        assert hosts.company_of_host("north.localhost") == north


def test_strangers_hosts_do_not_fill_the_memory(north, monkeypatch):
    monkeypatch.setattr(hosts, "MAX_HOSTS", 3)
    for number in range(10):
        hosts.company_of_host(f"h{number}.example")

    assert len(hosts._known) <= 3


def streamed(request):
    def lines():
        yield context.schema()
        yield str(company_in("north"))

    return StreamingHttpResponse(lines())


urlpatterns = [path("streamed/", streamed)]


@pytest.mark.urls("tests.tenants.test_hosts")
def test_a_streamed_answer_is_made_in_its_company_and_leaves_nothing_for_the_next_request(north):
    handler = WSGIHandler()
    handler.load_middleware()
    ask = RequestFactory()
    body: Any = handler.get_response(ask.get("/streamed/", headers={"Host": "north.localhost"}))
    assert b"".join(body.streaming_content) == b"northTrue"

    handler.get_response(ask.get("/streamed/", headers={"Host": "localhost"}))
    assert context.schema() == "public"


@pytest.mark.parametrize("in_transaction", [False, True])
def test_the_connection_is_released_except_inside_a_transaction(monkeypatch, in_transaction):
    closed = []
    held = SimpleNamespace(in_atomic_block=in_transaction, close=lambda: closed.append(True))
    monkeypatch.setattr(context, "connection", held)

    context.release()

    assert bool(closed) is not in_transaction
