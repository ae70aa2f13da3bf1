"""Deliveries by a real worker: its threads, its middleware, its commits, over a day of trouble.

The clock is ours to move, from each moment at which something is due to the next; the sweeper
rings, and the worker's threads do the rest.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import dramatiq
import httpx
import pytest
from django.db.models import Min
from django.utils import timezone
from django_dramatiq.middleware import DbConnectionsMiddleware
from dramatiq import Worker
from dramatiq.brokers.stub import StubBroker

from channels_app import announcements
from tenants.outgoing import actors, patience, services
from tenants.outgoing.models import Attempt, Delivery, Endpoint, Event
from tests.committed import committed
from tests.factories import make_message
from tests.outgoing.conftest import URL

State = Delivery.State
EVENTS, THREADS = 3, 4


@contextmanager
def working() -> Iterator[None]:
    """A worker of its own threads and connections, which ends as a stopped process ends."""
    broker = dramatiq.get_broker()
    broker.flush_all()
    usual = list(broker.middleware)
    broker.middleware.append(DbConnectionsMiddleware())
    worker = Worker(broker, queues={"outgoing"}, worker_timeout=10, worker_threads=THREADS)
    worker.start()
    try:
        yield
    finally:
        worker.stop()
        broker.middleware[:] = usual


def worked() -> None:
    """Until everything that was rung for is done."""
    broker = dramatiq.get_broker()
    assert isinstance(broker, StubBroker)
    broker.join("outgoing", timeout=20_000, fail_fast=False)


@pytest.fixture
def clock(monkeypatch):
    """``clock(hours=1)`` moves it."""
    begun = moved = timezone.now()

    def move(**by: float) -> timedelta:
        nonlocal moved
        moved += timedelta(**by)
        return moved - begun

    monkeypatch.setattr(timezone, "now", lambda: moved)
    monkeypatch.setattr(actors, "SOON", 0.0)  # the queue's own timers run by another clock
    return move


def until_something_is_due() -> timedelta | None:
    waiting = Delivery.objects.filter(state=State.WAITING)
    first = waiting.aggregate(at=Min("next_attempt_at"))["at"]
    if first is None:
        return None
    rests = Endpoint.objects.get().rest_until
    return max(first, rests or first) - timezone.now() + timedelta(seconds=1)


def test_a_day_of_tries_by_a_worker_that_is_started_anew_in_between(
    django_db_setup, django_db_blocker, receiver, clock
):
    receiver.always = httpx.Response(503)
    with django_db_blocker.unblock(), committed():
        endpoint = services.add_endpoint(
            name="n8n", url=URL, events=["message.received"], actor="user:1"
        )
        message = make_message(text="Hola")
        with working():
            for _ in range(EVENTS):
                announcements.heard(message, "new")
            worked()
            assert len(receiver.requests) == 1  # then the address is left alone
            passed = _until_hours(clock, 6)
        tried = len(receiver.requests)
        with working():
            passed = _until_hours(clock, 20)
            assert len(receiver.requests) > tried
            assert set(Delivery.objects.values_list("state", flat=True)) == {State.WAITING}
            receiver.always = None
            _until_hours(clock, 48)

        assert passed > timedelta(hours=6)
        assert set(Delivery.objects.values_list("state", flat=True)) == {State.DELIVERED}
        # Each is taken once, by the same id from its first try to its last.
        ids = [each.public_id for each in Delivery.objects.order_by("pk")]
        assert sorted(receiver.ids[-EVENTS:]) == sorted(set(receiver.ids)) == sorted(ids)
        bodies = {body["sequence"] for body in receiver.bodies[-EVENTS:]}
        assert bodies == set(Event.objects.values_list("pk", flat=True))
        first = Delivery.objects.order_by("pk")[0]
        assert 5 <= first.attempts <= patience.TRIES
        _assert_paused_as_promised(first)
        assert Attempt.objects.count() == len(receiver.requests)
        endpoint.refresh_from_db()
        assert (endpoint.state, endpoint.failures, endpoint.rest_until) == ("active", 0, None)


def _until_hours(clock, hours: float) -> timedelta:
    """From one due moment to the next; returns how far the clock stands by then."""
    passed = clock()
    while (pause := until_something_is_due()) is not None and passed + pause < timedelta(
        hours=hours
    ):
        passed = clock(seconds=max(pause.total_seconds(), 1.0))
        services.sweep()
        worked()
    return passed


def _assert_paused_as_promised(delivery: Delivery) -> None:
    times = list(delivery.tries.order_by("pk").values_list("at", flat=True))
    pauses = [
        (after - before).total_seconds() for before, after in zip(times, times[1:], strict=False)
    ]
    assert sum(pauses) > 4 * 3600
    for pause, promised in zip(pauses[:-1], patience.PAUSES, strict=False):
        assert pause >= promised * 0.85
