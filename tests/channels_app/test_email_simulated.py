"""The whole way of a letter through the simulated Resend: announced, fetched, answered, told."""

import time

from channels_app import services
from channels_app.models import Conversation, InboundEvent, Message
from channels_app.outbox import post_message

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ADDRESS = "shop@north.example"


def test_letters_and_bounces(north, simulator, work, client):
    config = {
        "inbound": "resend", "outbound": "resend", "webhook_secret": SECRET, "api_key": "re_1",
    }  # fmt: skip
    connection = services.connect(platform="email", account_id=ADDRESS, config=config)
    url = simulator.hook_url("letters")
    simulator.account("email", ADDRESS, webhook_url=url, secret=SECRET)
    simulator.inbound("email", ADDRESS, "Are you open?", sender_id="ada@example.com")
    _bring(simulator, connection, client, north, work)
    conversation = Conversation.objects.get()
    assert conversation.messages.get().text == "Are you open?"

    simulator.person("email", ADDRESS, "ada@example.com", state="blocked")
    message = post_message(conversation=conversation, text="Yes.", author=Message.Author.HUMAN)
    services.deliver(message_id=message.pk)
    [sent] = simulator.sends(platform="email")
    assert sent["recipient"] == "ada@example.com"
    for _ in range(50):
        _bring(simulator, connection, client, north, work)
        message.refresh_from_db()
        if message.state == Message.State.FAILED:
            break
        time.sleep(0.05)
    assert (message.state, message.error_text) == (Message.State.FAILED, "No mailbox.")
    assert not InboundEvent.objects.filter(status="rejected").exists()


def _bring(simulator, connection, client, north, work):
    """Carry what the simulator posted to its receiver on to our address: no server listens."""
    from tenants import context

    path = services.webhook_url(connection).partition("://")[2].partition("/")[2]
    for entry in simulator.journal(kind="webhook", vendor="email"):
        body = entry["body"].encode()
        client.post(
            f"/{path}",
            body,
            content_type="application/json",
            headers=connection.provider().signed(body),
            HTTP_HOST="localhost",
        )
        context.enter_company(north)
    work()
