"""The console's pages of this app: they open, show no secret, and do only what is meant."""

import pytest
from django.urls import reverse

from channels_app.models import ChannelConnection, InboundEvent
from tenants import context
from tests.channels_app.conftest import connected
from tests.factories import make_conversation, make_message

MODELS = ("channelconnection", "inboundevent", "contact", "conversation", "message")


@pytest.fixture
def rows(north):
    connection = connected("whatsapp", "901", secret="s3cret", token="t0k3n")
    conversation = make_conversation(connection=connection)
    message = make_message(conversation=conversation)
    event = InboundEvent.objects.create(
        connection=connection, key="k", kind="message", body=b'{"a": "\\u0000"}', reason="why"
    )
    return {
        "channelconnection": connection,
        "inboundevent": event,
        "contact": conversation.contact,
        "conversation": conversation,
        "message": message,
    }


def page(name: str, *args) -> str:
    return reverse(f"console:channels_app_{name}", args=args, urlconf="config.urls")


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("role", ["admin", "viewer"])
def test_pages_open_and_show_no_secret(client, people, rows, model, role):
    client.force_login(people[role])
    pk = rows[model].pk
    for address in (page(f"{model}_changelist"), page(f"{model}_change", pk)):
        answer = client.get(address)
        assert answer.status_code == 200
        assert b"s3cret" not in answer.content
        assert b"t0k3n" not in answer.content


def test_replay_is_an_admins_action(client, people, rows, north):
    InboundEvent.objects.update(status="rejected")
    form = {"action": "replay", "_selected_action": [str(rows["inboundevent"].pk)]}
    for role, status in (("viewer", "rejected"), ("admin", "pending")):
        context.enter_company(north)
        client.force_login(people[role])
        client.post(page("inboundevent_changelist"), form)
        context.enter_company(north)
        assert InboundEvent.objects.get().status == status


def test_disconnecting_is_an_action(client, people, rows, north):
    client.force_login(people["admin"])
    form = {"action": "disconnect", "_selected_action": [str(rows["channelconnection"].pk)]}
    client.post(page("channelconnection_changelist"), form)
    context.enter_company(north)
    assert not ChannelConnection.objects.get().is_active
