"""The queue on the real Redis: turns between companies, no waiting, nothing lost."""

import time
import uuid

import dramatiq
import pytest
import redis
from django.conf import settings
from dramatiq import Worker
from dramatiq.errors import ConnectionClosed
from dramatiq.message import Message

from tenants.broker import FairRedisBroker


@pytest.fixture
def broker():
    broker = FairRedisBroker(url=settings.REDIS_URL, namespace=f"test-{uuid.uuid4().hex[:8]}")
    broker.declare_queue("thinking")
    yield broker
    for key in broker.client.scan_iter(f"{broker.namespace}:*"):
        broker.client.delete(key)
    broker.client.close()


def put(broker, company, number):
    broker.enqueue(Message("thinking", "think", (number,), {}, {"schema": company}))


def taken(broker, count):
    return [
        (message.options["schema"], message.args[0])
        for message in map(Message.decode, broker.fetch("thinking", count))
    ]


def test_a_flood_lets_the_others_through(broker):
    for number in range(100):
        put(broker, "loud", number)
    put(broker, "quiet", 1)

    assert ("quiet", 1) in taken(broker, 2)


def test_a_company_keeps_its_own_order(broker):
    for number in range(3):
        put(broker, "north", number)
        put(broker, "south", number)

    order = taken(broker, 10)

    assert [number for company, number in order if company == "north"] == [0, 1, 2]
    assert len(order) == 6


def test_what_a_stopped_worker_held_comes_back(broker):
    put(broker, "north", 1)
    consumer = broker.consume("thinking", prefetch=1)
    held = next(consumer)

    assert next(consumer) is None
    consumer.requeue([held])
    consumer.queued_message_ids.clear()

    assert next(consumer).args == (1,)


def test_an_acknowledged_message_is_gone(broker):
    put(broker, "north", 1)
    consumer = broker.consume("thinking", prefetch=1)

    consumer.ack(next(consumer))
    consumer.close()

    assert broker.do_qsize("thinking") == 0


def kept(broker):
    return broker.client.hlen(f"{broker.namespace}:thinking.msgs")


def test_what_is_done_is_told_by_the_next_fetch(broker):
    for number in range(3):
        put(broker, "north", number)
    consumer = broker.consume("thinking", prefetch=2)
    first, second = next(consumer), next(consumer)

    consumer.ack(first)
    assert kept(broker) == 3  # not yet

    third = next(consumer)
    assert kept(broker) == 2
    consumer.ack(second)
    consumer.ack(third)
    consumer.close()  # nobody asks for more
    assert kept(broker) == 0
    assert broker.client.scard(f"{broker.namespace}:__acks__.{broker.broker_id}.thinking") == 0


def test_what_is_done_is_told_even_if_redis_was_away(broker, monkeypatch):
    put(broker, "north", 1)
    consumer = broker.consume("thinking", prefetch=1)
    message = next(consumer)

    def away(**asked):
        raise redis.ConnectionError("away")

    with monkeypatch.context() as without:
        without.setattr(broker, "_fetch", away)
        consumer.ack(message)
        with pytest.raises(ConnectionClosed):
            consumer.close()
    assert kept(broker) == 1

    broker.consume("thinking").broker.fetch("thinking", 0)  # whoever asks next, for whatever

    assert kept(broker) == 0


def test_who_has_full_hands_fetches_by_the_handful(broker):
    for number in range(16):
        put(broker, "north", number)
    consumer = broker.consume("thinking", prefetch=8)
    held = [next(consumer) for _ in range(8)]

    consumer.ack(held.pop())
    assert next(consumer) is None  # one place is free
    assert kept(broker) == 16

    consumer.ack(held.pop())
    assert [next(consumer).args, next(consumer).args] == [(8,), (9,)]
    assert kept(broker) == 14


def test_delayed_messages_in_hand_leave_room_for_more(broker):
    broker.declare_queue("thinking.DQ")
    for number in range(7):
        broker.enqueue(Message("thinking", "think", (number,), {}, {}), delay=60_000)
    consumer = broker.consume("thinking.DQ", prefetch=8)
    held = [next(consumer) for _ in range(7)]

    broker.enqueue(Message("thinking", "think", (7,), {}, {}), delay=10)

    assert next(consumer).args == (7,)
    assert len(held) == 7


def test_an_idle_worker_hears_the_bell_at_once(broker):
    heard = []

    def think(number):
        heard.append(time.monotonic())

    broker.declare_actor(dramatiq.actor(broker=broker, queue_name="thinking")(think))
    worker = Worker(broker, worker_threads=2)
    worker.start()
    try:
        time.sleep(0.6)  # long enough for the idle waits to have grown
        sent = time.monotonic()
        put(broker, "north", 1)
        while not heard and time.monotonic() < sent + 5:
            time.sleep(0.002)
    finally:
        worker.stop()

    assert heard[0] - sent < 0.15
