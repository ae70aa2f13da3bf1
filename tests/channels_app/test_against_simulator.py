"""X, LinkedIn, TikTok and Twilio as their vendors behave: sent, refused, throttled, renewed."""

import json

import pytest
from django.utils import timezone

from channels_app import services
from channels_app.models import ChannelConnection, InboundEvent, Message
from channels_app.providers import CHANNELS
from channels_app.providers.values import Outgoing
from tenants.plugins.errors import (
    AnswerLost,
    CredentialsRejected,
    ProviderError,
    RateLimited,
    RecipientUnreachable,
    Rejected,
    Unavailable,
    WantsNothing,
)

CONFIGS = {
    "x": {"account_id": "901", "access_token": "t"},
    "linkedin": {"account_id": "901", "access_token": "t"},
    "tiktok": {"account_id": "901", "access_token": "t"},
    "twilio": {"account_id": "+15550001234", "account_sid": "AC01", "auth_token": "t"},
    "twilio_whatsapp": {"account_id": "+15550001234", "account_sid": "AC01", "auth_token": "t"},
}
POST = "urn:li:activity:71"
COMMENT = f"urn:li:comment:({POST},72)"
RECIPIENTS = {
    "x": "31",
    "linkedin": f"{POST}|{COMMENT}",
    "tiktok": "conv-1==",
    "twilio": "+34600000001",
    "twilio_whatsapp": "whatsapp:+34600000001",
}
VENDORS = {"twilio_whatsapp": "twilio"}


def send(kind: str, text: str = "Hello Ada", **more) -> str:
    speaker = CHANNELS.get(kind)(CONFIGS[kind])
    recipient = more.pop("recipient_id", RECIPIENTS[kind])
    message = Outgoing(recipient_id=recipient, text=text, reference="ref", **more)
    return speaker.send(message).external_id


@pytest.mark.parametrize("kind", list(CONFIGS))
class TestEveryVendor:
    def test_takes_a_message_and_names_it(self, kind, simulator):
        named = send(kind)
        [sent] = simulator.sends(platform=kind)
        assert (sent["text"], sent["external_id"]) == ("Hello Ada", named)

    def test_a_lost_answer_is_not_a_refusal(self, kind, simulator):
        simulator.fail(VENDORS.get(kind, kind), "drop")
        with pytest.raises(AnswerLost):
            send(kind)

    def test_a_closed_connection_before_anything_was_done_is_doubted_too(self, kind, simulator):
        simulator.fail(VENDORS.get(kind, kind), "malformed")
        with pytest.raises(AnswerLost):
            send(kind)

    def test_what_stands_behind_a_gateway_is_unknown(self, kind, simulator):
        simulator.fail(VENDORS.get(kind, kind), status=502)
        with pytest.raises(AnswerLost):
            send(kind)


@pytest.mark.parametrize(
    ("kind", "fault", "error"),
    [
        ("x", {"status": 401}, CredentialsRejected),
        ("x", {"status": 403}, RecipientUnreachable),
        ("x", {"status": 503}, Unavailable),
        ("linkedin", {"status": 401}, CredentialsRejected),
        ("linkedin", {"status": 403}, CredentialsRejected),
        ("linkedin", {"status": 429}, RateLimited),
        ("tiktok", {"code": 40105}, CredentialsRejected),
        ("tiktok", {"code": 40100}, RateLimited),
        ("tiktok", {"code": 50000}, AnswerLost),
        ("tiktok", {"code": 40002}, Rejected),
        ("twilio", {"code": 20003}, CredentialsRejected),
        ("twilio", {"code": 20429}, RateLimited),
        ("twilio", {"code": 21610}, WantsNothing),
        ("twilio", {"code": 21211}, RecipientUnreachable),
    ],
)
def test_a_refusal_has_its_meaning(kind, fault, error, simulator):
    simulator.fail(kind, **fault)
    with pytest.raises(ProviderError) as raised:
        send(kind)
    assert type(raised.value) is error
    assert raised.value.code


def test_x_says_when_its_window_renews_itself(simulator):
    simulator.fail("x", status=429, retry_after=120)
    with pytest.raises(RateLimited) as raised:
        send("x")
    assert 100 < (raised.value.retry_after or 0) <= 121


def test_x_answers_the_last_post_of_a_thread(simulator):
    send("x", "Yes, from ten.", recipient_id="post:31", answers="6001")
    [sent] = simulator.sends(platform="x")
    assert sent["recipient"] == "6001"
    with pytest.raises(Rejected):
        send("x", "To whom?", recipient_id="post:31")


def test_tiktok_answers_a_comment(simulator):
    send("tiktok", "In blue, too.", recipient_id="comment:9:11", answers="12")
    [sent] = simulator.sends(platform="tiktok")
    assert sent["recipient"] == "12"


@pytest.mark.parametrize("kind", ["x", "tiktok", "linkedin"])
def test_tokens_are_traded(kind, simulator):
    speaker = CHANNELS.get(kind)({**CONFIGS[kind], "refresh_token": "old", "client_id": "c"})
    renewed = speaker.renew()
    assert renewed.config["access_token"]
    assert renewed.config["refresh_token"] != "old"
    assert renewed.seconds >= 7200


def test_x_takes_a_refresh_token_once(simulator):
    speaker = CHANNELS.get("x")({**CONFIGS["x"], "refresh_token": "old"})
    speaker.renew()
    with pytest.raises(CredentialsRejected):
        speaker.renew()


def test_x_is_told_where_its_webhooks_go(simulator):
    simulator.account("x", "901", token="t")
    speaker = CHANNELS.get("x")({**CONFIGS["x"], "bearer_token": "app"})
    assert speaker.subscribe("https://crm.example/webhooks/x/abc/") is True
    assert speaker.subscribe("https://crm.example/webhooks/x/abc/") is True  # found, not doubled
    assert speaker.probe().problems == ()
    assert CHANNELS.get("x")(CONFIGS["x"]).subscribe("https://crm.example/") is False


@pytest.mark.parametrize("kind", list(CONFIGS))
def test_a_probe_says_that_all_is_well(kind, simulator):
    simulator.account(kind, CONFIGS[kind]["account_id"])
    assert CHANNELS.get(kind)(CONFIGS[kind]).probe().problems == ()


class TestLookingForComments:
    @pytest.fixture
    def connection(self, north, simulator):
        config = {"app_secret": "s", "access_token": "t", "accepts_terms": True}
        connection = services.connect(platform="linkedin", account_id="901", config=config)
        simulator.account("linkedin", "901")
        self.look(connection)  # remembers the moment
        return connection

    def look(self, connection) -> None:
        ChannelConnection.objects.filter(pk=connection.pk).update(poll_due_at=timezone.now())
        while services.poll(connection_id=connection.pk):
            pass

    def test_no_comment_is_missed_and_none_is_read_twice(self, connection, simulator, work):
        said = [f"Comment {number}" for number in range(120)]
        for number, text in enumerate(said[:115]):
            simulator.inbound("linkedin", "901", text, sender_id=f"p{number % 7}")
        self.look(connection)
        self.look(connection)
        for text in said[115:]:
            simulator.inbound("linkedin", "901", text)
        self.look(connection)
        for event_id in InboundEvent.objects.values_list("pk", flat=True):
            services.ingest(event_id=event_id)
        found = sorted(Message.objects.values_list("pk", flat=True))
        assert len(found) == len(said)
        assert {message.text for message in Message.objects.all()} == set(said)

    def test_a_notification_without_its_comment_is_completed(
        self, connection, simulator, knock, work
    ):
        told = simulator.inbound("linkedin", "901", "How much is it?", sender_id="p9")["item"]
        del told["decoratedGeneratedActivity"]
        body = json.dumps({"notifications": [told]}).encode()
        assert knock(connection, body).status_code == 200
        work()
        assert Message.objects.get().text == "How much is it?"

    def test_the_terms_are_a_choice(self, north):
        from django.core.exceptions import ValidationError

        with pytest.raises(ValidationError) as refused:
            services.connect(platform="linkedin", account_id="902", config={"app_secret": "s"})
        assert "accepts_terms" in refused.value.message_dict
