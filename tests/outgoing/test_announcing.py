"""What is written down, when, and what it costs where nobody asked."""

import json

import httpx
import jsonschema
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from channels_app import announcements as channels
from channels_app import services as conversations
from leads import services as lead_services
from tenants import context
from tenants.outgoing import services
from tenants.outgoing.events import catalogue, example_of
from tenants.outgoing.models import Delivery, Endpoint, Event
from tenants.outgoing.openapi import body_schema
from tests.factories import make_conversation, make_lead, make_message, make_user


@pytest.mark.parametrize("event", catalogue(), ids=lambda event: event.name)
def test_every_event_is_as_its_schema_says(event):
    body, named = body_schema(event, ref="#/$defs/Webhook{model}")

    jsonschema.validate(
        example_of(event),
        {**body, "$defs": named},
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    )
    assert len(event.name) <= 32
    assert event.text.endswith(".")


def test_where_nobody_asks_nothing_is_asked_of_the_database(north):
    message = make_message()

    with CaptureQueriesContext(connection) as queries:
        channels.heard(message, "new")

    assert list(queries) == []
    assert not Event.objects.exists()


def test_an_event_costs_one_statement_however_many_addresses(subscribe, north):
    for _ in range(3):
        subscribe("message.received")
    message = make_message()
    channels.heard(message, "new")  # the keys are open

    with CaptureQueriesContext(connection) as queries:
        channels.heard(message, "new")

    assert len(queries) == 1
    assert Delivery.objects.count() == 6


def test_what_is_rolled_back_did_not_happen(subscribe):
    subscribe("lead.stage_changed")
    lead = make_lead(version=1)

    with transaction.atomic():
        lead_services.set_stage(lead=lead, stage="qualified", actor="user:1")
        assert Event.objects.count() == 1
        transaction.set_rollback(True)

    assert not Event.objects.exists()


def test_a_lead_tells_all_that_one_change_is(subscribe, work, receiver):
    subscribe("lead.stage_changed", "lead.updated", "lead.assigned", "task.created")
    lead, owner = make_lead(version=1), make_user()

    lead_services.set_stage(lead=lead, stage="qualified", actor="user:1", reason="by phone")
    lead_services.assign_owner(lead=lead, owner=owner, actor="user:1")
    lead_services.add_task(lead=lead, title="Call them", actor="user:1")
    work()

    assert receiver.kinds == [
        *("lead.updated", "lead.stage_changed"),
        *("lead.updated", "lead.assigned"),
        "task.created",
    ]
    moved = receiver.bodies[1]["data"]
    assert (moved["before"], moved["after"], moved["reason"]) == ("new", "qualified", "by phone")
    assert moved["lead"]["lead"] == lead.pk
    sequence = [body["sequence"] for body in receiver.bodies]
    assert sequence == sorted(sequence)


def test_conversations_and_contacts_are_told(subscribe, work, receiver):
    names = ["conversation.escalated", "conversation.closed", "contact.opted_out"]
    subscribe("contact.merged", "message.deleted", *names)
    conversation = make_conversation()
    other = make_conversation().contact
    user = make_user()

    conversations.hand_over(conversation=conversation, reason="asks_for_human")
    conversations.close(conversation=conversation, user=user, reason="done")
    conversations.opt_out(contact=conversation.contact, source="user:1")
    conversations.merge(survivor=conversation.contact, absorbed=other, actor="user:1")
    work()

    assert receiver.kinds == [*names, "contact.merged"]
    escalated, closed, wish, merged = [body["data"] for body in receiver.bodies]
    assert escalated["reason"] == "asks_for_human"
    assert (closed["status"], closed["reason"]) == ("closed", "done")
    assert wish["purpose"] == ""
    assert merged["other"] == other.pk


def test_a_message_sent_by_us_is_told_once_with_its_text(subscribe, work, receiver):
    subscribe("message.sent", "message.failed")
    conversation = make_conversation()
    message = make_message(conversation=conversation, text="Hello", direction="out", author="ai")
    message.state = "sending"
    message.save()

    from channels_app.providers.values import Sent
    from channels_app.services.outcomes import accept
    from channels_app.services.statuses import advance, announce_status

    accept(message=message, sent=Sent(external_id="out-1"))
    message.refresh_from_db()
    assert advance(message, "delivered", at=message.state_at)
    announce_status(message)
    work()

    assert receiver.kinds == ["message.sent"]
    assert receiver.bodies[0]["data"]["text"] == "Hello"


def test_hostile_words_arrive_as_words(subscribe, work, receiver):
    subscribe("message.received")
    text = '"}],"type":"lead.hot"\0\ud800\u202e<script>\\u0000' + "a" * 40_000
    message = make_message(text=text)

    channels.heard(message, "new")
    work()

    (body,) = receiver.bodies
    assert body["type"] == "message.received"
    told = body["data"]["text"]
    assert told.startswith('"}],"type":"lead.hot"?\u202e<script>\\u0000aaa')
    assert "\0" not in told
    assert len(told) == 16_000


def test_the_other_company_is_told_nothing(subscribe, south, work, receiver):
    subscribe("message.received")

    with context.inside(south):
        channels.heard(make_message(), "new")
        assert not Event.objects.exists()
    work()

    assert receiver.requests == []


def test_an_address_that_went_meanwhile_does_no_harm(subscribe):
    """Other processes remember for seconds that somebody asked."""
    endpoint = subscribe("message.received")
    message = make_message()
    asked = list(context.connection.tenant.webhook_events)
    services.remove_endpoint(endpoint=endpoint, actor="user:1")
    assert context.connection.tenant.webhook_events == []
    context.connection.tenant.webhook_events = asked

    channels.heard(message, "new")

    assert not Event.objects.exists()


def test_a_row_of_the_company_says_what_all_addresses_ask_for(subscribe, north):
    first = subscribe("lead.hot", "message.received")
    second = subscribe("lead.hot")
    north.refresh_from_db()
    assert north.webhook_events == ["lead.hot", "message.received"]

    services.change_endpoint(endpoint=second, events=["task.due"], actor="user:1")
    services.remove_endpoint(endpoint=first, actor="user:1")

    north.refresh_from_db()
    assert north.webhook_events == ["task.due"]
    assert Endpoint.objects.count() == 1


def test_at_rest_nothing_of_it_can_be_read(subscribe, work, receiver):
    receiver.always = httpx.Response(200, text="thanks, Berta Quijote")
    subscribe("message.received", url="https://hooks.example.com/?key=s3cr3t")
    channels.heard(make_message(text="I am Berta Quijote"), "new")
    work()

    with connection.cursor() as cursor:
        for table in ("outgoing_endpoint", "outgoing_event", "outgoing_attempt"):
            cursor.execute(f"SELECT t::text FROM {table} t")  # noqa: S608
            kept = json.dumps(cursor.fetchall())
            assert "Quijote" not in kept
            assert "s3cr3t" not in kept
            assert "whsec_" not in kept
    assert receiver.bodies[0]["data"]["text"] == "I am Berta Quijote"
