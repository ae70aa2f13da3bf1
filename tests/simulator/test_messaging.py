"""The messaging vendors behave as they document: ids, refusals, statuses, re-delivery."""

import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from tests.simulator.listener import Listener


@pytest.fixture
def listener():
    listener = Listener(verify_token="let me in")
    yield listener
    listener.close()


def wait_for(condition, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
    return found


def messenger(simulator, text="Hello", *, token="EAAG", **more):
    body = {"recipient": {"id": "42"}, "messaging_type": "RESPONSE", "message": {"text": text}}
    return httpx.post(
        f"{simulator.settings['META_GRAPH_URL']}/page1/messages",
        params={"access_token": token} if token else {},
        json={**body, **more},
    )


def whatsapp(simulator, text="Hello", **more):
    body = {"messaging_product": "whatsapp", "to": "34600111222", "type": "text"}
    return httpx.post(
        f"{simulator.settings['META_GRAPH_URL']}/phone1/messages",
        headers={"authorization": "Bearer EAAG"},
        json={**body, "text": {"body": text}, **more},
    )


def telegram(simulator, method="sendMessage", bot="77:secret", **arguments):
    return httpx.post(f"{simulator.settings['TELEGRAM_API_URL']}/bot{bot}/{method}", json=arguments)


def test_messenger_takes_a_message_and_names_it(simulator):
    answer = messenger(simulator)

    assert answer.status_code == 200
    assert answer.json()["recipient_id"] == "42"
    [sent] = simulator.sends(platform="messenger")
    assert sent["text"] == "Hello"
    assert sent["external_id"] == answer.json()["message_id"]


def test_messenger_echoes_and_reports_by_signed_webhook(simulator, listener):
    simulator.account(
        "messenger", "page1", webhook_url=listener.url, secret="s3cret", app_id="1234"
    )

    mid = messenger(simulator).json()["message_id"]

    wait_for(lambda: b'"read"' in b"".join(body for _, body in listener.received))
    headers, body = listener.received[0]
    digest = hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
    assert headers["x-hub-signature-256"] == f"sha256={digest}"
    echo = json.loads(body)["entry"][0]["messaging"][0]
    assert echo["message"] == {"is_echo": True, "app_id": 1234, "mid": mid, "text": "Hello"}
    assert echo["sender"] == {"id": "page1"}


@pytest.mark.parametrize(
    ("state", "last_wrote", "code"), [("off", None, 551), ("ok", 0, 10)], ids=["off", "window"]
)
def test_messenger_refuses(simulator, state, last_wrote, code):
    simulator.person("messenger", "page1", "42", state=state, last_wrote=last_wrote)

    answer = messenger(simulator)

    assert answer.json()["error"]["code"] == code
    assert simulator.sends() == []


def test_a_human_agent_may_write_after_the_window(simulator):
    simulator.person("messenger", "page1", "42", last_wrote=0)

    assert messenger(simulator, tag="HUMAN_AGENT").status_code == 200


def test_a_wrong_token_is_refused(simulator):
    simulator.account("messenger", "page1", token="right")

    assert messenger(simulator, token="wrong").json()["error"]["code"] == 190
    assert messenger(simulator, token="").status_code == 401
    assert messenger(simulator, token="right").status_code == 200


def test_the_handshake_wants_its_challenge_back(simulator, listener):
    def known(token):
        return simulator.account("whatsapp", "phone1", webhook_url=listener.url, verify_token=token)

    assert known("let me in")["verified"] is True
    assert known("guessed")["verified"] is False


def test_whatsapp_reports_sent_delivered_read_with_our_reference(simulator, listener):
    simulator.account("whatsapp", "phone1", webhook_url=listener.url, secret="s")
    simulator.behave("whatsapp", status_delay=0.02)

    wamid = whatsapp(simulator, biz_opaque_callback_data="77").json()["messages"][0]["id"]

    def statuses():
        changes = [
            change
            for _, body in listener.received
            for change in json.loads(body)["entry"][0]["changes"]
        ]
        return [status for change in changes for status in change["value"]["statuses"]]

    wait_for(lambda: len(statuses()) == 3)
    assert [one["status"] for one in statuses()] == ["sent", "delivered", "read"]
    assert {one["id"] for one in statuses()} == {wamid}
    assert {one["biz_opaque_callback_data"] for one in statuses()} == {"77"}


def test_whatsapp_accepts_outside_the_window_and_reports_the_failure(simulator, listener):
    simulator.account("whatsapp", "phone1", webhook_url=listener.url, secret="s")
    simulator.person("whatsapp", "phone1", "34600111222", last_wrote=0)

    assert whatsapp(simulator).status_code == 200

    wait_for(lambda: listener.received)
    value = json.loads(listener.received[0][1])["entry"][0]["changes"][0]["value"]
    assert value["statuses"][0]["status"] == "failed"
    assert value["statuses"][0]["errors"][0]["code"] == 131047


def test_whatsapp_limits_a_pair_after_a_burst_of_45(simulator):
    codes = [whatsapp(simulator).status_code for _ in range(46)]

    assert codes[:45] == [200] * 45
    assert codes[45] == 400
    assert simulator.journal(code=131056)


def test_telegram_numbers_messages_within_a_chat(simulator):
    first = telegram(simulator, chat_id=5, text="one").json()["result"]
    second = telegram(simulator, chat_id=5, text="two").json()["result"]

    assert second["message_id"] == first["message_id"] + 1
    assert second["chat"] == {"id": 5, "type": "private"}


def test_a_simulator_that_forgot_everything_does_not_repeat_its_numbers(simulator, listener):
    updates = []
    for _ in range(2):
        simulator.reset()
        telegram(simulator, "setWebhook", url=listener.url)
        updates.append(simulator.inbound("telegram", "77", "Hello", sender_id="5")["item"])
    first, second = updates

    assert second["update_id"] > first["update_id"]
    assert second["message"]["message_id"] > first["message"]["message_id"]


def test_telegram_says_how_long_to_wait(simulator):
    simulator.fail("telegram", code=429, retry_after=7)

    answer = telegram(simulator, chat_id=5, text="one")

    assert answer.status_code == 429
    assert answer.json()["parameters"] == {"retry_after": 7}


def test_telegram_webhooks_carry_the_token_that_was_set(simulator, listener):
    telegram(simulator, "setWebhook", url=listener.url, secret_token="tok")

    simulator.inbound("telegram", "77", "hola", sender_id="5")

    headers, body = listener.received[0]
    assert headers["x-telegram-bot-api-secret-token"] == "tok"
    assert json.loads(body)["message"]["text"] == "hola"
    simulator.person("telegram", "77", "5", state="blocked")
    assert telegram(simulator, chat_id=5, text="x").status_code == 403


def test_a_refused_webhook_comes_again(simulator, listener):
    simulator.account("messenger", "page1", webhook_url=listener.url, secret="s")
    simulator.behave("messenger", retry_after=0.01)
    listener.statuses = [500, 503]

    answer = simulator.inbound("messenger", "page1", "Hello", sender_id="42")

    assert answer["status"] == 200
    assert len({body for _, body in listener.received}) == 1
    assert len(listener.received) == 3


@pytest.mark.parametrize("kind", ["drop", "cut"])
def test_an_answer_may_be_lost_after_the_message_was_accepted(simulator, kind):
    simulator.fail("meta", kind)

    with pytest.raises(httpx.TransportError):
        messenger(simulator)

    assert len(simulator.sends()) == 1


def test_a_refused_connection_accepts_nothing(simulator):
    simulator.fail("meta", "refuse")

    with pytest.raises(httpx.TransportError):
        messenger(simulator)

    assert simulator.sends() == []


def test_a_fault_ends_after_its_count(simulator):
    simulator.fail("meta", code=613, count=2, match="messages")

    assert [messenger(simulator).status_code for _ in range(3)] == [400, 400, 200]


def test_statuses_may_come_twice_and_in_any_order(simulator, listener):
    simulator.account("messenger", "page1", webhook_url=listener.url, secret="s")
    simulator.behave("messenger", duplicate=True, reorder=True)

    messenger(simulator)

    wait_for(lambda: listener.received)
    items = json.loads(listener.received[0][1])["entry"][0]["messaging"]
    assert len(items) == 6


def test_a_customers_own_system_writes_and_is_written_to(simulator, listener):
    secret = "whsec_" + base64.b64encode(b"k" * 24).decode()
    simulator.account("custom", "shop", webhook_url=listener.url, secret=secret)

    simulator.inbound("custom", "shop", "Hello", sender_id="u1", sender_name="Ada")

    headers, body = listener.received[0]
    named = {name.lower(): value for name, value in headers.items()}
    assert Webhook(secret).verify(body, named)["from"] == {"id": "u1", "name": "Ada"}
    reply = json.dumps({"type": "message.send", "to": "u1", "text": "Hi"}).encode()
    now = datetime.now(UTC)
    signed = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", now, reply.decode()),
    }
    assert httpx.post(simulator.hook_url("shop"), content=reply, headers=signed).is_success
    [sent] = simulator.sends(platform="custom")
    assert (sent["recipient"], sent["text"], sent["verified"]) == ("u1", "Hi", True)
