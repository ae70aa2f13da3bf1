"""What the networks' servers meet at our door."""

import io
import json
from urllib.parse import urlsplit

import pytest
import redis
from django.core.exceptions import ValidationError
from django.db import OperationalError

from channels_app import services, wire
from channels_app.models import ChannelConnection, InboundEvent, Message
from channels_app.services import routing
from tenants import context
from tenants.models import PlatformApp, UnroutedEvent
from tenants.plugins.errors import PayloadRejected
from tenants.unrouted import keep_unrouted
from tests.channels_app.conftest import connected, outcomes


def event(mid: str = "m_1", page: str = "77", **message) -> dict:
    return {
        "sender": {"id": "5"},
        "recipient": {"id": page},
        "timestamp": 1763629200000,
        "message": {"mid": mid, "text": "Hello", **message},
    }


def envelope(*pages: tuple[str, list]) -> bytes:
    entries = [{"id": page, "time": 1, "messaging": events} for page, events in pages]
    return json.dumps({"object": "page", "entry": entries}).encode()


TEXT = envelope(("77", [event()]))
SHARED_URL = "/webhooks/messenger/"


def shared_headers(body: bytes) -> dict[str, str]:
    """As Meta signs for the platform's own app (META_APP_SECRET of the test settings)."""
    address = routing.address(platform="messenger", token="")
    assert address is not None
    return address.provider.signed(body)


@pytest.fixture
def knock_shared(client, north):
    def post(body: bytes):
        context.leave()
        try:
            return client.post(
                SHARED_URL,
                body,
                content_type="application/json",
                headers=shared_headers(body),
                HTTP_HOST="localhost",
            )
        finally:
            context.enter_company(north)

    return post


def test_a_message_is_kept_answered_and_read(knock, work):
    connection = connected("messenger", "77")

    response = knock(connection, TEXT)

    assert response.status_code == 200
    assert len(response["X-Request-ID"]) == 32
    assert InboundEvent.objects.get().status == "pending"
    assert work() == ["ingest_event"]
    assert outcomes(connection) == [("message", "done", "message")]
    message = Message.objects.get()
    assert (message.text, message.direction, message.state) == ("Hello", "in", "received")
    assert message.conversation.turn_version == 1


def test_the_second_delivery_changes_nothing(knock, work):
    connection = connected("messenger", "77")

    knock(connection, TEXT)
    work()
    assert knock(connection, TEXT).status_code == 200

    assert work() == []
    assert Message.objects.count() == InboundEvent.objects.count() == 1


def test_a_dead_row_does_not_stand_in_the_way_of_a_second_try(knock, work):
    connection = connected("messenger", "77")
    knock(connection, TEXT)
    InboundEvent.objects.update(status="rejected", outcome="rejected", reason="a bug of ours")
    work()

    knock(connection, TEXT)
    work()

    assert outcomes(connection) == [("message", "done", "message")]


def test_who_did_not_sign_is_refused_and_leaves_nothing(knock):
    connection = connected("messenger", "77")
    for headers in ({}, {"X-Hub-Signature-256": "sha256=" + "é" * 64}):
        assert knock(connection, TEXT, headers=headers).status_code == 403
    assert not InboundEvent.objects.exists()
    assert not UnroutedEvent.objects.exists()


@pytest.mark.parametrize(
    "path",
    [
        "/webhooks/messenger/nobody/",
        "/webhooks/messenger/%00/",
        "/webhooks/telegram/",
        "/webhooks/fax/",
        "/webhooks/fax%00/x/",
    ],
)
def test_an_address_that_is_nobodys_is_404(client, public, path):
    assert client.post(path, TEXT, "application/json", HTTP_HOST="localhost").status_code == 404


def test_webhooks_live_on_the_public_host_only(client, public):
    assert client.post(SHARED_URL, TEXT, "application/json").status_code in {302, 403, 404}
    assert not UnroutedEvent.objects.exists()


def test_a_body_beyond_the_limit_is_413(knock, settings):
    settings.WEBHOOK_MAX_BYTES = 100
    assert knock(connected("messenger", "77"), b"x" * 101).status_code == 413


def test_other_methods_are_405(client, public):
    assert client.put(SHARED_URL, HTTP_HOST="localhost").status_code == 405


def test_the_handshake_is_answered_as_plain_text(client, public):
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444"}
    good = client.get(
        SHARED_URL, {**query, "hub.verify_token": "test-verify-token"}, HTTP_HOST="localhost"
    )
    assert (good.status_code, good.content) == (200, b"1158201444")
    assert good["Content-Type"] == "text/plain"
    bad = client.get(SHARED_URL, {**query, "hub.verify_token": "é"}, HTTP_HOST="localhost")
    assert bad.status_code == 403


def test_a_connection_has_its_own_verify_token(client, north):
    connection = connected("whatsapp", "901", verify_token="mine")
    path = services.webhook_url(connection).partition(":8000")[2]
    query = {"hub.mode": "subscribe", "hub.challenge": "7", "hub.verify_token": "mine"}
    assert client.get(path, query, HTTP_HOST="localhost").content == b"7"


def test_a_network_without_handshake_refuses_the_question(client, north):
    path = services.webhook_url(connected("telegram", "901")).partition(":8000")[2]
    assert client.get(path, HTTP_HOST="localhost").status_code == 403


def test_the_secret_may_come_from_the_platform_app(client, public, settings):
    settings.META_APP_SECRET = settings.META_VERIFY_TOKEN = ""
    assert client.post(SHARED_URL, TEXT, "application/json", HTTP_HOST="localhost").status_code == (
        403
    )
    PlatformApp.objects.create(platform="meta", secret="kept", verify_token="v")
    routing.forget_routes()
    response = client.post(
        SHARED_URL,
        TEXT,
        "application/json",
        headers=shared_headers(TEXT),
        HTTP_HOST="localhost",
    )
    assert response.status_code == 200


# -- one body, several companies


def test_the_shared_address_brings_each_item_to_its_company(knock_shared, north, south):
    connected("messenger", "77")
    context.enter_company(south)
    connected("messenger", "88")
    context.enter_company(north)

    body = envelope(("77", [event("n1")]), ("88", [event("s1", "88")]), ("99", [event("x1", "99")]))
    assert knock_shared(body).status_code == 200

    assert InboundEvent.objects.count() == 1
    assert b"n1" in InboundEvent.objects.get().body
    context.enter_company(south)
    assert b"s1" in InboundEvent.objects.get().body
    context.enter_company(north)
    assert UnroutedEvent.objects.count() == 1
    assert UnroutedEvent.objects.values_list("account_id", flat=True).get() == "99"


def test_what_came_before_the_account_was_connected_is_taken_in(knock_shared, work):
    assert knock_shared(TEXT).status_code == 200
    assert knock_shared(TEXT).status_code == 200
    assert UnroutedEvent.objects.count() == 1

    connection = connected("messenger", "77")

    assert not UnroutedEvent.objects.exists()
    services.sweep()
    InboundEvent.objects.update(received_at="2026-01-01T00:00Z")
    services.sweep()
    work()
    assert outcomes(connection) == [("message", "done", "message")]


def test_the_sweeper_takes_in_what_slipped_between(north):
    provider = connected("messenger", "77").provider()
    context.leave()
    keep_unrouted(platform="messenger", items=provider.split(TEXT))
    context.enter_company(north)

    assert services.sweep()["unrouted"] == 1
    assert not UnroutedEvent.objects.exists()


def test_an_unreadable_body_at_the_shared_address_is_kept_in_public(knock_shared):
    assert knock_shared(b"{nonsense").status_code == 200
    assert UnroutedEvent.objects.values_list("kind", "account_id").get() == ("unreadable", "")


def test_a_connections_owner_cannot_forge_events_of_another_company(knock, north, south):
    """They know their own secret, and may sign with it whatever they like."""
    context.enter_company(south)
    connected("messenger", "88")
    context.enter_company(north)
    mine = connected("messenger", "77")

    body = envelope(("88", [event("forged", "88")]), ("99", [event("planted", "99")]))
    assert knock(mine, body).status_code == 200

    assert {o for _, _, o in outcomes(mine)} == {"unrouted"}
    assert not UnroutedEvent.objects.exists()
    context.enter_company(south)
    assert not InboundEvent.objects.exists()
    context.enter_company(north)


def test_strays_are_taken_in_once_the_company_connects_their_account(knock, work):
    first = connected("messenger", "77")
    knock(first, envelope(("78", [event("m_2", "78")])))
    services.replay(event=InboundEvent.objects.get())
    assert outcomes(first) == [("message", "rejected", "unrouted")]

    second = connected("messenger", "78")

    InboundEvent.objects.update(received_at="2026-01-01T00:00Z")
    services.sweep()
    work()
    assert outcomes(first) == []
    assert outcomes(second) == [("message", "done", "message")]


def test_an_account_belongs_to_one_company_at_a_time(north, south):
    connected("messenger", "77")
    context.enter_company(south)
    with pytest.raises(ValidationError) as refusal:
        connected("messenger", "77")
    assert "another workspace" in str(refusal.value)
    assert not ChannelConnection.objects.exists()
    context.enter_company(north)


def test_a_disconnected_account_takes_nothing_in_and_keeps_no_secret(knock, north):
    connection = connected("messenger", "77")
    url = services.webhook_url(connection).partition(":8000")[2]
    signed = connection.provider().signed(TEXT)
    services.disconnect(connection=connection)
    assert services.webhook_url(connection) == ""
    assert ChannelConnection.objects.get().config == {}
    assert knock(connection, TEXT, headers=signed, url=url).status_code == 404


# -- when our own house is not in order


def test_without_the_queue_a_webhook_is_kept_and_answered(knock, work, monkeypatch):
    connection = connected("messenger", "77")

    def away(*args, **kwargs):
        raise redis.ConnectionError("away")

    with monkeypatch.context() as broken:
        broken.setattr("dramatiq.brokers.stub.StubBroker.enqueue", away)
        assert knock(connection, TEXT).status_code == 200
    assert work() == []

    InboundEvent.objects.update(received_at="2026-01-01T00:00Z")
    assert services.sweep()["events"] == 1
    work()
    assert outcomes(connection) == [("message", "done", "message")]


def test_a_store_that_fails_is_told_to_the_network(knock, monkeypatch):
    connection = connected("messenger", "77")

    def away(rows):
        raise OperationalError("disk full")

    monkeypatch.setattr("channels_app.services.intake._insert", away)
    assert knock(connection, TEXT).status_code == 503


# -- big batches


def test_a_poisoned_batch_loses_no_valid_item(knock, work):
    """1,000 items, every twentieth of them broken in one way or another."""
    connection = connected("messenger", "77")
    poisons = [
        lambda n: f"text {n}",
        lambda n: [n],
        lambda n: {"message": {"mid": f"x{n}"}},
        lambda n: {"sender": {"id": "5"}, "message": {"mid": ["no"], "text": n}},
        lambda n: {"sender": {"id": "5"}, "message": {"mid": "m" * 20_000 + str(n), "text": "x"}},
    ]
    items = [
        poisons[n // 20 % 5](n) if n % 20 == 0 else event(f"m_{n}", text=f"number {n}")
        for n in range(1_000)
    ]
    assert knock(connection, envelope(("77", items))).status_code == 200
    ran = work()

    assert Message.objects.count() == 950
    assert len(ran) == 40  # 25 to a job
    kept = outcomes(connection)
    assert len(kept) == 1_000
    assert sum(outcome in {"rejected", "unsupported"} for _, _, outcome in kept) == 50
    assert all(outcome for _, _, outcome in kept)


@pytest.mark.parametrize("size", [1, 60])
def test_a_batch_is_kept_in_one_statement(knock, size, django_assert_max_num_queries):
    connection = connected("messenger", "77")
    body = envelope(("77", [event(f"m_{n}") for n in range(size)]))
    knock(connection, envelope(("77", [event("warm")])))
    with django_assert_max_num_queries(1):
        assert knock(connection, body).status_code == 200


LONG_NUMBER = b"1" * 5_000


@pytest.mark.parametrize(
    "body",
    [b'{"a":' + LONG_NUMBER + b", x", b'{"a":' + LONG_NUMBER + b',"b":' + b"[" * 100_000],
    ids=["and then no JSON", "and then too deep"],
)
def test_a_number_too_long_hides_no_other_fault(body):
    with pytest.raises(PayloadRejected):
        wire.loads(body)


def test_a_body_in_chunks_is_read_though_nobody_says_how_long_it_is(client, north):
    connection = connected("messenger", "77")
    asked = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": urlsplit(services.webhook_url(connection)).path,
        "HTTP_HOST": "localhost",
        "HTTP_TRANSFER_ENCODING": "chunked",
        "HTTP_X_HUB_SIGNATURE_256": connection.provider().signed(TEXT)["X-Hub-Signature-256"],
    }
    context.leave()
    whole = client.request(**asked, **{"wsgi.input": io.BytesIO(TEXT)})
    huge = client.request(**asked, **{"wsgi.input": io.BytesIO(b"x" * 6_000_000)})
    context.enter_company(north)

    assert (whole.status_code, huge.status_code) == (200, 413)
    assert InboundEvent.objects.count() == 1
