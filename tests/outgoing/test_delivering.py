"""Signatures, tries, rests, and what becomes of an address that takes nothing."""

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import httpx
import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.utils import timezone
from standardwebhooks.webhooks import WebhookVerificationError

from channels_app import announcements as channels
from tenants import cards
from tenants.outgoing import patience, services
from tenants.outgoing.models import Attempt, Delivery, Endpoint, Event
from tenants.outgoing.sending import HIDDEN
from tenants.outgoing.services import delivering
from tenants.outgoing.signing import signed_headers
from tests.factories import make_message

State = Delivery.State


@pytest.fixture
def happen(north):
    """Something that addresses are told of: ``happen(3)`` three times."""
    message = make_message(text="Hola")

    def times(count: int = 1) -> list[Event]:
        for _ in range(count):
            channels.heard(message, "new")
        return list(Event.objects.order_by("pk"))[-count:]

    return times


@pytest.fixture
def due_now():
    """The pauses are over."""

    def over() -> None:
        Delivery.objects.filter(state=State.WAITING).update(next_attempt_at=timezone.now())
        Endpoint.objects.update(rest_until=None)
        services.sweep()

    return over


def test_the_vector_of_the_specification():
    """As its reference implementations sign. https://github.com/standard-webhooks/standard-webhooks"""
    headers = signed_headers(
        keys=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        delivery_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        at=datetime.fromtimestamp(1614265330, UTC),
        body=b'{"test": 2432232314}',
    )

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_delivery_is_signed_as_anybody_can_check(subscribe, happen, work, receiver):
    endpoint = subscribe("message.received")
    happen()
    work()

    (body,) = receiver.verified(endpoint.secret)
    (request,) = receiver.requests
    key = base64.b64decode(endpoint.secret.removeprefix("whsec_"))
    signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode()
    mac = hmac.new(key, signed + request.content, sha256).digest()
    assert request.headers["webhook-signature"] == "v1," + base64.b64encode(mac).decode()
    assert (body["type"], body["company"], body["version"]) == ("message.received", "north", 1)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.status, delivery.attempts) == (State.DELIVERED, 200, 1)


def test_while_a_secret_changes_either_is_good(subscribe, happen, work, receiver):
    endpoint = subscribe("message.received")
    old = endpoint.secret
    new = services.rotate_secret(endpoint=endpoint, overlap_hours=24, actor="user:1").secret
    assert new != old
    happen()
    work()
    assert receiver.verified(old) == receiver.verified(new)

    Endpoint.objects.update(former_until=timezone.now() - timedelta(seconds=1))
    happen()
    work()

    receiver.requests = receiver.requests[1:]
    assert receiver.verified(new)
    with pytest.raises(WebhookVerificationError):
        receiver.verified(old)


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ReadTimeout("gone"),
        httpx.ConnectError("down"),
        httpx.Response(500),
        httpx.Response(400),
    ],
    ids=["lost answer", "down", "500", "400"],
)
def test_what_was_not_taken_comes_again_with_the_same_id(
    subscribe, happen, work, receiver, due_now, failure
):
    """A dropped connection may have come after the other side took it: the id tells them."""
    subscribe("message.received")
    receiver.answers = [failure]
    happen()
    work()
    assert Delivery.objects.get().state == State.WAITING
    due_now()
    work()

    assert len(receiver.ids) == 2
    assert len(set(receiver.ids)) == 1
    assert receiver.requests[0].content == receiver.requests[1].content
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.tries.count()) == (State.DELIVERED, 2, 2)
    assert Endpoint.objects.get().failing_since is None


def test_an_address_in_trouble_is_left_alone_and_told_all_in_order_afterwards(
    subscribe, happen, work, receiver, due_now
):
    subscribe("message.received")
    receiver.always = httpx.Response(503, headers={"Retry-After": "120"})
    happen(4)
    work(limit=20)

    assert len(receiver.requests) == 1  # of four
    until = Endpoint.objects.get().rest_until
    assert until is not None
    rests = until - timezone.now()
    assert timedelta(seconds=100) < rests <= timedelta(seconds=120)

    receiver.always = None
    due_now()
    work()

    assert [body["sequence"] for body in receiver.bodies[1:]] == [
        event.pk for event in Event.objects.order_by("pk")
    ]


def test_tries_go_on_for_a_day_and_then_it_is_a_dead_letter(
    subscribe, happen, work, receiver, due_now
):
    subscribe("message.received")
    receiver.always = httpx.Response(400, text="no")
    happen()
    for _ in range(patience.TRIES + 2):
        work(limit=50)
        due_now()

    assert len(receiver.requests) == patience.TRIES
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.error_code) == (State.DEAD, "400")
    assert 24 * 3600 < sum(patience.PAUSES) < 30 * 3600


def test_pauses_grow_and_are_never_quite_the_same():
    first = {patience.pause_after(1) or 0 for _ in range(20)}
    assert len(first) > 1
    assert all(4 < pause < 6 for pause in first)
    assert patience.pause_after(2, asked=900) == 900
    assert patience.pause_after(1, asked=10**9) == patience.LONGEST_ASKED
    assert patience.pause_after(patience.TRIES) is None


def test_gone_is_gone(subscribe, happen, work, receiver, people):
    endpoint = subscribe("message.received")
    receiver.answers = [httpx.Response(410)]
    happen(2)
    work()

    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.cause) == ("disabled", "gone")
    assert len(receiver.requests) == 1
    happen()
    assert Event.objects.count() == 2  # nothing is kept for it any more
    assert [letter.to for letter in mail.outbox] == [[people["admin"].email]]
    assert "n8n" in mail.outbox[0].subject
    (banner,) = [b for b in cards.gather("banner", people["admin"]) if "n8n" in b.text]
    assert banner.tone == "bad"
    assert not [b for b in cards.gather("banner", people["agent"]) if "n8n" in b.text]


def test_an_address_that_takes_nothing_for_days_is_switched_off_and_nothing_is_lost(
    subscribe, happen, work, receiver, people, due_now
):
    endpoint = subscribe("message.received")
    receiver.always = httpx.Response(500)
    happen(2)
    work(limit=20)
    Endpoint.objects.update(
        failures=patience.GIVEN_UP_TRIES,
        failing_since=timezone.now() - patience.GIVEN_UP_AFTER,
    )
    due_now()
    work(limit=20)

    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.cause) == ("disabled", "failing")
    assert len(mail.outbox) == 1
    asked = len(receiver.requests)
    happen()
    due_now()
    work()
    assert len(receiver.requests) == asked
    assert len(mail.outbox) == 1

    receiver.always = None
    services.resume_endpoint(endpoint=endpoint, actor="user:1")
    work()

    assert set(Delivery.objects.values_list("state", flat=True)) == {State.DELIVERED}
    assert len(set(receiver.ids[asked:])) == 3


def test_what_happens_in_a_pause_waits_or_is_let_go(subscribe, happen, work, receiver):
    endpoint = subscribe("message.received")
    services.pause_endpoint(endpoint=endpoint, actor="user:1")
    happen()
    work()
    assert receiver.requests == []

    services.resume_endpoint(endpoint=endpoint, actor="user:1", send_waiting=False)
    happen()
    work()

    assert len(receiver.requests) == 1
    assert not Delivery.objects.dead().exists()


def test_killed_between_claim_and_answer_it_is_sent_again_under_its_id(
    subscribe, happen, work, receiver, monkeypatch
):
    endpoint = subscribe("message.received")
    happen()
    with monkeypatch.context() as patched:

        def die(**kwargs):
            raise KeyboardInterrupt

        patched.setattr(delivering, "settle", die)
        with pytest.raises(KeyboardInterrupt):
            services.deliver_due(endpoint_id=endpoint.pk)
    assert Delivery.objects.get().state == State.SENDING
    assert services.deliver_due(endpoint_id=endpoint.pk) is None  # somebody is at it

    Delivery.objects.update(claimed_at=timezone.now() - delivering.CLAIMED * 2)
    services.sweep()
    work()

    assert len(receiver.ids) == 2
    assert len(set(receiver.ids)) == 1
    assert Delivery.objects.get().state == State.DELIVERED


def test_killed_between_commit_and_ring_the_sweeper_rings(subscribe, happen, work, receiver):
    import dramatiq

    subscribe("message.received")
    happen()
    dramatiq.get_broker().flush_all()  # the queue lost everything

    services.sweep()
    work()

    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://10.0.0.8/",
        "https://169.254.169.254/latest/meta-data/",
        "https://me:pw@hooks.example.com/",
        "https://intranet/",
        "ftp://hooks.example.com/",
        "javascript:alert(1)",
        "https://hooks.example.com/\n x",
        "https://[",
        "",
    ],
)
def test_addresses_that_nobody_may_name(north, settings, url):
    with pytest.raises(ValidationError):
        services.add_endpoint(name="", url=url, events=["lead.hot"], actor="user:1")


def test_a_name_that_leads_inside_is_not_called(north, happen, work, monkeypatch):
    import socket

    services.add_endpoint(
        name="x", url="https://rebound.example.com/", events=["message.received"], actor="user:1"
    )
    inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.8", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: inside)
    happen()
    work(limit=20)

    tried = Attempt.objects.get()
    assert (tried.status, tried.error_code) == (None, "forbidden_address")


def test_the_log_holds_both_sides_without_secrets(subscribe, happen, work, receiver):
    url = "https://hooks.example.com/in?key=s3cr3tkey"
    endpoint = subscribe("message.received", url=url)

    def echo(request: httpx.Request) -> httpx.Response:
        said = json.dumps(
            {**request.headers, "key": endpoint.secret, "query": request.url.query.decode()}
        )
        return httpx.Response(
            422,
            text=said + "\0" + "x" * 9_000,
            headers={"Set-Cookie": "a=b", "X-Request-Id": "r-1"},
        )

    receiver.echo = echo
    happen()
    work(limit=20)

    tried = Attempt.objects.get()
    assert tried.request_headers["webhook-id"] == Delivery.objects.get().public_id
    assert tried.request_headers["webhook-signature"] == HIDDEN
    assert tried.answer_headers["set-cookie"] == HIDDEN
    assert tried.answer_headers["x-request-id"] == "r-1"
    assert len(tried.answer_body) == 2_000
    kept = json.dumps([tried.answer_headers, tried.answer_body, tried.error_text])
    assert endpoint.secret.removeprefix("whsec_") not in kept
    assert "s3cr3tkey" not in kept
    assert "v1," not in tried.answer_body.replace(HIDDEN, "")


def test_one_is_replayed_and_all_that_failed(subscribe, happen, work, receiver):
    endpoint = subscribe("message.received")
    happen(3)
    work()
    first, second, third = Delivery.objects.order_by("pk")
    with pytest.raises(ValidationError):
        services.replay_delivery(
            delivery=Delivery.objects.create(
                endpoint=endpoint, event=Event.objects.create(kind="x", data=b"{}")
            ),
            actor="user:1",
        )
    Delivery.objects.filter(pk__in=[second.pk, third.pk]).update(
        state=State.DEAD, settled_at=timezone.now()
    )
    services.replay_delivery(delivery=first, actor="user:1")
    assert services.replay_failed(endpoint=endpoint, actor="user:1") == 2
    assert services.replay_failed(endpoint=endpoint, actor="user:1") == 0
    sent = len(receiver.requests)
    work()

    again = receiver.ids[sent:]
    assert {first.public_id, second.public_id, third.public_id} <= set(again)


def test_an_address_removed_while_it_is_told_is_told_no_more(subscribe, happen, receiver):
    endpoint = subscribe("message.received")
    happen(3)

    def remove(request: httpx.Request) -> httpx.Response:
        services.remove_endpoint(endpoint=endpoint, actor="user:1")
        return httpx.Response(200)

    receiver.echo = remove

    assert services.deliver_due(endpoint_id=endpoint.pk) is None
    assert len(receiver.requests) == 1
    assert not Delivery.objects.exists()


def test_a_test_goes_at_once_and_a_failed_one_is_nobodys_task(subscribe, work, receiver):
    endpoint = subscribe("lead.hot")
    services.pause_endpoint(endpoint=endpoint, actor="user:1")
    receiver.answers = [httpx.Response(500)]

    services.send_test(endpoint=endpoint, actor="user:1")
    work()

    assert receiver.kinds == ["webhook.test"]
    assert not Delivery.objects.dead().exists()
    endpoint.refresh_from_db()
    assert endpoint.failures == 0


def test_old_ones_are_let_go(subscribe, happen, work, receiver):
    subscribe("message.received")
    happen(2)
    work()
    Event.objects.filter(pk=Event.objects.first().pk).update(
        created_at=timezone.now() - timedelta(days=100)
    )

    assert services.prune_events(before=timezone.now() - timedelta(days=90)) == 1
    assert (Event.objects.count(), Delivery.objects.count(), Attempt.objects.count()) == (1, 1, 1)
