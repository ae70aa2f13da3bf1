"""Telegram: set up by us, buttons answered, the bot stopped and let in again, groups, files."""

import json

import httpx
import pytest

from channels_app import services
from channels_app.capabilities import capabilities_of
from channels_app.models import ChannelConnection, Message
from channels_app.outbox import post_message
from channels_app.policy import Refused
from channels_app.providers import CHANNELS
from channels_app.providers.telegram import UPDATES
from channels_app.providers.values import Outgoing
from tenants.plugins.errors import CredentialsRejected, Rejected

TOKEN = "901:abc"
PERSON = {"id": 55, "is_bot": False, "first_name": "Ada"}
CHAT = {"id": 55, "type": "private", "first_name": "Ada"}


@pytest.fixture
def connection(north, simulator):
    config = {"bot_token": TOKEN, "secret_token": "s3cret"}
    return services.connect(platform="telegram", account_id="901", config=config)


@pytest.fixture
def tell(connection, knock, work):
    numbers = iter(range(1, 100))

    def post(**update):
        body = json.dumps({"update_id": next(numbers), **update}).encode()
        assert knock(connection, body).status_code == 200
        return work()

    return post


def message(number: int, text: str, chat=CHAT) -> dict:
    return {"message_id": number, "date": 1763629200, "from": PERSON, "chat": chat, "text": text}


def verdict(connection):
    conversation = connection.conversations.get()
    return services.ask_policy(conversation=conversation, text="Hello?", by_human=True)


def test_telegram_is_told_where_its_webhooks_go(connection, simulator):
    assert services.subscribe(connection=connection) is True
    [asked] = [each for each in simulator.journal() if each["path"].endswith("/setWebhook")]
    body = json.loads(asked["request"])
    assert body["url"] == connection.webhook_url
    assert body["secret_token"] == "s3cret"
    assert set(body["allowed_updates"]) == set(UPDATES)
    assert connection.provider().probe().problems == ()


def test_connecting_rings_for_it(north, simulator, work, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        services.connect(platform="telegram", account_id="902", config={"bot_token": "902:x"})
    assert "subscribe_connection" in work()


def test_a_webhook_that_went_elsewhere_is_a_problem(connection, simulator):
    (found,) = connection.provider().probe().findings
    assert found.code == "not_subscribed"
    token = connection.config["bot_token"]
    httpx.post(
        f"{simulator.url}/telegram/bot{token}/setWebhook",
        json={"url": "https://old.example/secret-path"},
    )
    (found,) = connection.provider().probe().findings
    assert (found.code, found.params["url"]) == ("webhook_url", "https://old.example/…")


def test_a_refused_address_is_shown_beside_the_channel(connection, simulator):
    simulator.fail("telegram", code=400, message="bad webhook: An HTTPS URL must be provided")
    assert services.subscribe(connection=connection) is False
    connection.refresh_from_db()
    assert connection.health == ChannelConnection.Health.TROUBLE
    assert "HTTPS" in connection.health_text


def test_a_wrong_token_says_reconnect(connection, simulator):
    simulator.fail("telegram", code=401)
    assert services.subscribe(connection=connection) is False
    connection.refresh_from_db()
    assert connection.health == ChannelConnection.Health.RECONNECT
    simulator.fail("telegram", code=401)
    with pytest.raises(CredentialsRejected):
        connection.provider().probe()


def test_disconnecting_takes_the_webhook_away_and_needs_nobodys_leave(connection, simulator):
    simulator.fail("telegram", code=500)
    services.disconnect(connection=connection)
    paths = [each["path"] for each in simulator.journal()]
    assert any(path.endswith("/deleteWebhook") for path in paths)


def test_a_tapped_button_is_a_message_and_is_answered(tell, connection, simulator):
    query = {"id": "q1", "from": PERSON, "message": {"message_id": 3, "chat": CHAT}, "data": "Yes"}
    ran = tell(callback_query=query)
    assert "acknowledge_event" in ran
    assert Message.objects.get().text == "Yes"
    [answered] = [e for e in simulator.journal() if e["path"].endswith("/answerCallbackQuery")]
    assert json.loads(answered["request"]) == {"callback_query_id": "q1"}


def test_a_button_tapped_too_long_ago_keeps_nothing_from_being_read(tell, simulator):
    simulator.fail("telegram", code=400, message="query is too old")
    query = {"id": "q1", "from": PERSON, "message": {"message_id": 3, "chat": CHAT}, "data": "Yes"}
    tell(callback_query=query)
    assert Message.objects.get().text == "Yes"


def test_who_stops_the_bot_is_written_to_no_more_until_they_let_it_in(tell, connection):
    tell(message=message(1, "Hello"))
    member = {"chat": CHAT, "from": PERSON, "date": 1763629300}
    tell(my_chat_member={**member, "new_chat_member": {"status": "kicked"}})
    refused = verdict(connection)
    assert isinstance(refused, Refused)
    assert refused.code == "opted_out"

    tell(my_chat_member={**member, "new_chat_member": {"status": "member"}})
    assert not isinstance(verdict(connection), Refused)


def test_leaving_a_group_opts_nobody_out(tell, connection):
    group = {"id": -77, "type": "group", "title": "Shop"}
    tell(message=message(1, "Hello all", chat=group))
    tell(my_chat_member={"chat": group, "new_chat_member": {"status": "left"}})
    assert not isinstance(verdict(connection), Refused)


def test_a_group_takes_twenty_a_minute_and_a_person_one_a_second():
    capabilities = capabilities_of("telegram")
    assert capabilities.rate_to("-77").count == 20
    assert capabilities.rate_to("55").seconds == 1
    assert capabilities_of("x").rate_to("-77") is None


@pytest.mark.parametrize(("kind", "method"), [("image", "sendPhoto"), ("file", "sendDocument")])
def test_a_file_goes_with_its_words(
    kind, method, tell, connection, simulator, work, django_capture_on_commit_callbacks
):
    tell(message=message(1, "A picture, please"))
    conversation = connection.conversations.get()
    attachment = {"kind": kind, "url": "https://shop.example/blue.jpg", "name": "blue.jpg"}
    with django_capture_on_commit_callbacks(execute=True):
        post_message(
            conversation=conversation,
            text="Here it is",
            author=Message.Author.HUMAN,
            attachments=[attachment],
        )
    work()
    [sent] = simulator.sends(platform="telegram")
    assert sent["path"].endswith(method)
    assert (sent["text"], sent["file"]) == ("Here it is", "https://shop.example/blue.jpg")


def test_words_too_long_for_a_caption_are_refused_with_the_reason(connection):
    attachment = {"kind": "image", "url": "https://shop.example/blue.jpg"}
    long = Outgoing(recipient_id="55", text="x" * 1_025, reference="r", attachments=(attachment,))
    with pytest.raises(Rejected, match="1024"):
        CHANNELS.get("telegram")({"bot_token": TOKEN}).send(long)
