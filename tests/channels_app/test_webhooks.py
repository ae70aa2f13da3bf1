"""What the networks' servers meet at our door."""

import json

from channels_app.models import InboundEvent, Message
from tests.channels_app.conftest import connected, outcomes

TEXT = {
    "object": "page",
    "entry": [
        {
            "id": "77",
            "time": 1,
            "messaging": [
                {
                    "sender": {"id": "5"},
                    "recipient": {"id": "77"},
                    "timestamp": 1763629200000,
                    "message": {"mid": "m_1", "text": "Hello"},
                }
            ],
        }
    ],
}


def test_a_message_is_kept_answered_and_read(knock, work):
    connection = connected("messenger", "77")

    response = knock(connection, json.dumps(TEXT).encode())

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
    body = json.dumps(TEXT).encode()

    knock(connection, body)
    work()
    assert knock(connection, body).status_code == 200

    assert work() == []
    assert Message.objects.count() == InboundEvent.objects.count() == 1
