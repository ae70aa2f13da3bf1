"""Whatever a vendor does to a send: one delivery, or a state that says what is known. Never two.

The vendors are the simulator's; their own record of what they delivered is what counts.
"""

import random
import time
from typing import Any

import httpx
import pytest
from django.db import transaction
from django.utils import timezone

from channels_app import services
from channels_app.capabilities import CAPABILITIES
from channels_app.models import ChannelConnection, Conversation, InboundEvent, Message
from channels_app.outbox import post_message
from channels_app.providers import CHANNELS as KINDS
from channels_app.providers.values import Person
from channels_app.services import delivery, patience
from channels_app.services.people import conversation_with
from channels_app.services.statuses import RANK, UNKNOWN_DELIVERY
from config.simulator.mailhouse import MailHouse
from tenants.limits import Rate, Verdict, hold, take
from tenants.plugins import http
from tests.factories import mailbox_config

POST = "urn:li:activity:71"
# Platform -> its vendor at the simulator, our settings, whom we write to.
CHANNELS: dict[str, tuple[str, dict[str, Any], str]] = {
    "messenger": ("meta", {"page_token": "t", "app_secret": "s"}, "psid{}"),
    "instagram": ("meta", {"access_token": "t", "page_token": "t", "app_secret": "s"}, "igsid{}"),
    "whatsapp": ("meta", {"access_token": "t", "app_secret": "s"}, "3460000{:04d}"),
    "telegram": ("telegram", {"bot_token": "901:t", "secret_token": "s"}, "55{}"),
    "x": ("x", {"access_token": "t", "consumer_secret": "s"}, "31{}"),
    "linkedin": (
        "linkedin",
        {"access_token": "t", "app_secret": "s", "accepts_terms": True},
        POST + "|urn:li:comment:(" + POST + ",7{})",
    ),
    "tiktok": ("tiktok", {"access_token": "t", "client_secret": "s"}, "conv-{}=="),
    "twilio": ("twilio", {"account_sid": "AC01", "auth_token": "t"}, "+34600{:06d}"),
    "twilio_whatsapp": (
        "twilio",
        {"account_sid": "AC01", "auth_token": "t"},
        "whatsapp:+3460{:06d}",
    ),
    "email": (
        "resend",
        {
            "inbound": "resend",
            "outbound": "resend",
            "api_key": "re_1",
            "webhook_secret": "whsec_aa",
        },
        "ada{}@example.com",
    ),
    "custom": ("hook", {"secret": "", "send_url": ""}, "u{}"),
}
ACCOUNTS = {
    "twilio": "+15550001234",
    "twilio_whatsapp": "+15550001234",
    "email": "shop@north.example",
}
# Their webhooks tell us of a message whose answer was lost: by our reference, by its words, or
# by whom it went to.
TELLING = {
    "messenger", "instagram", "whatsapp", "x", "tiktok", "email", "twilio", "twilio_whatsapp",
}  # fmt: skip
STILL = 8  # looks in a row at which nothing has moved
KNOWN = {Message.State.ACCEPTED, Message.State.SENT, Message.State.DELIVERED, Message.State.READ}


class Line:
    """One channel of ours at one simulated vendor, its clock in our hands."""

    def __init__(self, platform: str, simulator) -> None:
        self.platform, self.simulator = platform, simulator
        self.vendor, config, self.to = CHANNELS[platform]
        account = ACCOUNTS.get(platform, "901")
        if platform == "custom":
            secret = services.fresh_config(platform="custom", given={})["secret"]
            config = {"secret": secret, "send_url": simulator.hook_url("901")}
        hook = simulator.hook_url("ours")
        self.connection = services.connect(
            platform=platform, account_id=account, config=config, vouched=True
        )
        secret = config.get("secret") or config.get("auth_token") or "s"
        known: dict[str, str] = {} if platform == "email" else {"secret": secret}
        simulator.account(platform, account, webhook_url=hook, **known)
        for name in {platform, self.vendor}:
            simulator.behave(name, status_delay=0, limits=False, batch=0)
        self.read = 0
        self.people = 0

    def say(self, text: str) -> Message:
        self.people += 1
        person = Person(id=self.to.format(self.people), name="Ada")
        surface = "comments" if self.platform == "linkedin" else "direct"
        with transaction.atomic():
            conversation = conversation_with(
                connection=self.connection, person=person, surface=surface
            )
            conversation.last_inbound_at = conversation.last_message_at = timezone.now()
            conversation.save()
        if surface == "comments":
            self.comment(conversation)
        return post_message(conversation=conversation, text=text, author="human")

    def comment(self, conversation: Conversation) -> None:
        Message.objects.create(
            connection=self.connection,
            conversation=conversation,
            direction="in",
            author="contact",
            state="received",
            text="How much?",
            external_id=f"c{self.people}",
            external_key=f"c{self.people}",
        )

    def bring(self) -> None:
        """What the vendor has told since, taken in."""
        told = self.simulator.journal(kind="webhook", vendor=self.platform)
        for entry in told[self.read :]:
            items = self.connection.provider().split(entry["body"].encode())
            services.store(connection_id=self.connection.pk, items=items)
        self.read = len(told)
        for _ in range(2):  # what waited for a name is read again once it has one
            waiting = InboundEvent.objects.filter(status__in=["pending", "waiting"])
            for pk in waiting.values_list("pk", flat=True):
                services.ingest(event_id=pk)

    def settle(self, messages: list[Message]) -> None:
        """Until nothing moves: timers ring at once, the courier comes, news is taken in."""
        before, still = None, 0
        while still < STILL:
            Message.objects.filter(state="queued").update(next_attempt_at=None)
            for message in messages:
                services.deliver(message_id=message.pk)
            self.bring()
            ours = Message.objects.exclude(direction="in").order_by("pk")
            now = list(ours.values_list("state", "attempts"))
            still = still + 1 if now == before else 0
            before = now
            if not any(state == "unknown" for state, _ in now):
                still += STILL if still else 0
            time.sleep(0.03)

    def delivered(self, text: str) -> int:
        sends = self.simulator.sends(platform=self.platform)
        return sum(each["text"] == text for each in sends)


@pytest.fixture(params=list(CHANNELS))
def line(request, north, simulator, settings):
    settings.ALLOW_PRIVATE_ADDRESSES = True  # a company's own receiver, on loopback here
    return Line(request.param, simulator)


@pytest.fixture
def in_a_hurry(monkeypatch):
    """Our own pace is not the matter here, and nobody waits twenty seconds for an answer."""
    monkeypatch.setattr(delivery, "take", lambda name, rate: Verdict(True, 0.0, 1))
    monkeypatch.setattr(patience, "take", lambda name, rate: Verdict(True, 0.0, 1))
    monkeypatch.setattr(http, "TIMEOUT", httpx.Timeout(0.25, connect=5))


def agree(line: Line, message: Message) -> None:
    """What we say of a message is what the vendor knows of it."""
    message.refresh_from_db()
    count = line.delivered(message.text)
    assert count <= 1, f"{message.text}: delivered {count} times"
    if message.state in KNOWN:
        assert count == 1, f"{message.text}: {message.state}, and the vendor knows nothing"
    elif message.state == Message.State.UNKNOWN:
        assert line.platform not in TELLING or count == 0, f"{message.text}: told, and not heard"
    else:
        assert message.state == Message.State.FAILED
        assert count == 0, f"{message.text}: {message.error_code}, and it was delivered"
        assert message.error_code
        assert message.error_text


LOSSES: list[dict[str, Any]] = [
    {"kind": "drop"},
    {"kind": "cut"},
    {"kind": "malformed"},
    {"kind": "delay", "seconds": 0.5},
]


@pytest.mark.parametrize("fault", LOSSES, ids=lambda fault: fault["kind"])
def test_an_answer_that_is_lost_is_looked_for_and_not_asked_for_again(line, in_a_hurry, fault):
    line.simulator.fail(line.vendor, **fault)
    message = line.say("Hello")
    services.deliver(message_id=message.pk)
    message.refresh_from_db()
    # A key of ours makes asking twice harmless there, and a receiver's 2xx is its word.
    if line.platform not in {"email", "custom"}:
        assert message.state == Message.State.UNKNOWN
    line.settle([message])

    agree(line, message)
    assert line.delivered("Hello") == 1
    if line.platform in TELLING:
        assert RANK[message.state] >= RANK["accepted"]


def test_what_nobody_tells_of_ends_as_a_doubt_and_is_never_sent_again(line, in_a_hurry):
    if line.platform in TELLING | {"custom"}:
        pytest.skip("its vendor tells us")
    line.simulator.fail(line.vendor, "drop")
    message = line.say("Hello")
    services.deliver(message_id=message.pk)
    Message.objects.update(state_at=timezone.now() - services.upkeep.UNKNOWN * 2)
    services.sweep()
    line.settle([message])
    message.refresh_from_db()
    assert (message.state, message.error_code) == ("failed", UNKNOWN_DELIVERY)
    assert line.delivered("Hello") == 1


REFUSALS: dict[str, list[dict[str, Any]]] = {
    "meta": [{"code": 613}, {"code": 4}, {"code": 190}, {"code": 551}, {"status": 500}],
    "telegram": [{"code": 429, "retry_after": 7}, {"code": 401}, {"code": 400}, {"status": 500}],
    "x": [{"status": 429, "retry_after": 9}, {"status": 401}, {"status": 403}, {"status": 503}],
    "linkedin": [{"status": 429, "retry_after": 9}, {"status": 401}, {"status": 503}],
    "tiktok": [{"code": 40100}, {"code": 40105}, {"code": 40002}, {"status": 503}],
    "twilio": [{"code": 20429}, {"code": 20003}, {"code": 21211}, {"status": 503}],
    "resend": [{"status": 429, "retry_after": 3}, {"status": 403}, {"status": 500}],
    "hook": [{"status": 429, "retry_after": 3}, {"status": 410}, {"status": 503}],
}
WHATSAPP: list[dict[str, Any]] = [
    {"code": code} for code in (131047, 131056, 130429, 131026, 131042, 132001)
]


def faults_of(line: Line) -> list[dict[str, Any]]:
    own = WHATSAPP if line.platform == "whatsapp" else []
    gone: list[dict[str, Any]] = [{"kind": "refuse"}, {"status": 502}]
    return [*LOSSES, *gone, *REFUSALS[line.vendor], *own]


def test_random_troubles_never_make_two_of_one(line, in_a_hurry):
    """A property: faults drawn at random, several a message; seeds that failed are in the text."""
    for seed in range(3):
        dice = random.Random(seed)  # noqa: S311
        messages = []
        for number in range(6):
            for fault in dice.sample(faults_of(line), dice.randint(0, 3)):
                line.simulator.fail(line.vendor, **{"kind": "error", **fault})
            messages.append(line.say(f"seed {seed}, message {number}"))
            if dice.random() < 0.5:
                services.deliver(message_id=messages[-1].pk)
        line.settle(messages)
        for message in messages:
            agree(line, message)
        ChannelConnection.objects.update(health="ok")
        Conversation.objects.update(unreachable_at=None)


# What each sender says when we are too fast, and how long it, or else our own patience, waits.
PAUSES: dict[str, tuple[dict[str, Any], float]] = {
    "messenger": ({"code": 613}, 1.5),
    "instagram": ({"code": 4}, 1.5),
    "whatsapp": ({"code": 131056}, 12),
    "telegram": ({"code": 429, "retry_after": 33}, 33),
    "x": ({"status": 429, "retry_after": 4000}, 4000),
    "linkedin": ({"status": 429, "retry_after": 61}, 61),
    "tiktok": ({"code": 40100}, 1.5),
    "twilio": ({"code": 20429, "retry_after": 8}, 8),
    "twilio_whatsapp": ({"code": 20429, "retry_after": 8}, 8),
    "email": ({"status": 429, "retry_after": 17}, 17),
    "custom": ({"status": 429, "retry_after": 45}, 45),
}


class TestWaiting:
    @pytest.fixture
    def whatsapp(self, north, simulator):
        return Line("whatsapp", simulator)

    def test_a_network_that_asks_for_a_pause_gets_it_whole(self, line):
        fault, seconds = PAUSES[line.platform]
        line.simulator.fail(line.vendor, **fault)
        message = line.say("Hello")
        following = services.deliver(message_id=message.pk)
        assert following is not None
        assert seconds <= following.delay < seconds * 1.1 + 1
        message.refresh_from_db()
        assert message.state == "queued"
        assert services.deliver(message_id=message.pk) is None  # not before its time
        assert line.delivered("Hello") == 0

        Message.objects.update(next_attempt_at=None)  # its time
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(delivery, "take", lambda name, rate: Verdict(True, 0.0, 1))
            services.deliver(message_id=message.pk)
        message.refresh_from_db()
        assert message.state in KNOWN
        assert line.delivered("Hello") == 1

    def test_an_account_that_is_throttled_sends_nothing_else_meanwhile(self, whatsapp):
        whatsapp.simulator.fail("meta", code=130429, retry_after=5)
        first, second = whatsapp.say("one"), whatsapp.say("two")
        services.deliver(message_id=first.pk)
        following = services.deliver(message_id=second.pk)
        assert following is not None
        assert following.delay > 1
        second.refresh_from_db()
        assert (second.state, second.attempts) == ("queued", 0)

    def test_a_person_who_is_written_to_too_fast_holds_up_nobody_else(self, whatsapp):
        whatsapp.simulator.fail("meta", code=131056)
        first, second = whatsapp.say("one"), whatsapp.say("two")
        services.deliver(message_id=first.pk)
        services.deliver(message_id=second.pk)
        second.refresh_from_db()
        assert second.state == "accepted"
        third = post_message(conversation=first.conversation, text="three", author="human")
        Message.objects.filter(pk=first.pk).update(state="failed")  # not in line any more
        services.deliver(message_id=third.pk)
        third.refresh_from_db()
        assert (third.state, third.attempts) == ("queued", 0)

    def test_pauses_grow_and_the_pace_is_given_an_hour(self, whatsapp):
        whatsapp.simulator.fail("meta", code=130429, count=99)
        message = whatsapp.say("Hello")
        pauses = []
        for _ in range(patience.ATTEMPTS_WHEN_TOLD_TO_WAIT):
            Message.objects.update(next_attempt_at=None)
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(delivery, "take", lambda name, rate: Verdict(True, 0.0, 1))
                following = services.deliver(message_id=message.pk)
            pauses.append(following.delay if following else 0)
        assert pauses[-1] == 0
        assert all(later > sooner for sooner, later in zip(pauses[:8], pauses[1:9], strict=True))
        assert sum(pauses) > 1_800
        message.refresh_from_db()
        assert (message.state, message.error_code) == ("failed", "130429")


# What each sender hears when our access has ended, and when its window, if it has one, has closed.
ENDED: dict[str, dict[str, Any]] = {
    "meta": {"code": 190},
    "telegram": {"code": 401},
    "x": {"status": 401},
    "linkedin": {"status": 401},
    "tiktok": {"code": 40105},
    "twilio": {"code": 20003},
    "resend": {"status": 401},
    "hook": {"status": 401},
}
CLOSED: dict[str, dict[str, Any]] = {
    "messenger": {"code": 10},
    "instagram": {"code": 10},
    "whatsapp": {"code": 131047},
    "tiktok": {"code": 40064},
    "twilio_whatsapp": {"code": 63016},
}


class TestAClearState:
    def refused(self, line: Line, fault: dict[str, Any]) -> Message:
        line.simulator.fail(line.vendor, **fault)
        message = line.say("Hello")
        assert services.deliver(message_id=message.pk) is None
        line.settle([message])
        agree(line, message)
        assert (message.state, message.attempts) == ("failed", 1)
        return message

    def test_access_that_has_ended_is_told_to_people(self, line, in_a_hurry):
        message = self.refused(line, ENDED[line.vendor])
        line.connection.refresh_from_db()
        assert line.connection.health == "reconnect"
        assert line.connection.health_text
        assert message.error_code == str(next(iter(ENDED[line.vendor].values())))

    @pytest.mark.parametrize("platform", CLOSED)
    def test_a_window_that_has_closed_is_no_trouble_of_the_channel(
        self, platform, north, simulator, in_a_hurry
    ):
        line = Line(platform, simulator)
        message = self.refused(line, CLOSED[platform])
        assert message.error_code == str(CLOSED[platform]["code"])
        line.connection.refresh_from_db()
        assert line.connection.health == "ok"

    def test_every_window_is_walked_here(self):
        """X, LinkedIn, e-mail and the others let one write at any time."""
        assert set(CLOSED) == {kind for kind in CHANNELS if CAPABILITIES[kind].window}


class TestAccess:
    def test_a_token_that_ended_is_knocked_with_once_a_minute(self, north, simulator):
        line = Line("whatsapp", simulator)
        simulator.fail("meta", code=190, count=99)
        messages = [line.say(f"{number}") for number in range(5)]
        for message in messages:
            services.deliver(message_id=message.pk)

        states = [each.state for each in Message.objects.order_by("pk")]
        assert states == ["failed"] * 5
        line.connection.refresh_from_db()
        assert line.connection.health == "reconnect"
        asked = simulator.journal(vendor="meta", method="POST")
        # The first found out, one more looked again, the others were told without asking.
        assert len([each for each in asked if "/messages" in each["path"]]) == 2
        assert {each.error_code for each in Message.objects.order_by("pk")[2:]} == {"reconnect"}

    def test_access_that_can_be_renewed_is_waited_for(self, north, simulator, work):
        line = Line("x", simulator)
        line.connection.config = {**line.connection.config, "refresh_token": "r", "client_id": "c"}
        line.connection.save()
        services.watch_token(connection=line.connection, seconds=7200)
        simulator.fail("x", status=401)
        messages = [line.say("Hello"), line.say("And you")]
        following = services.deliver(message_id=messages[0].pk)
        assert following is not None
        assert following.delay >= patience.RENEWING

        work()
        line.settle(messages)
        for message in messages:
            agree(line, message)
            assert message.state in KNOWN
        line.connection.refresh_from_db()
        assert line.connection.health == "ok"
        assert line.connection.config["access_token"] != "t"


def test_a_limit_that_is_held_opens_when_its_time_is_over(north):
    rate = Rate(50, 50)
    assert take("x", rate).allowed
    hold("x", rate, seconds=0.3)
    refused = take("x", rate)
    assert not refused.allowed
    assert 0.2 < refused.wait_seconds <= 0.3
    hold("x", rate, seconds=0.01)  # never sooner than was said before
    assert not take("x", rate).allowed
    time.sleep(0.31)
    assert take("x", rate).allowed
    assert not take("x", rate).allowed  # one at a time, then


def test_every_sender_is_walked_here():
    """A new network comes with its faults; these two hand nothing to anybody's server."""
    nobody_elses = {"form", "webchat"}  # answered by e-mail; the row itself is the delivery
    assert set(KINDS) == set(CHANNELS) | nobody_elses


def test_letters_are_handed_to_a_mail_server_once(north, settings, in_a_hurry):
    """The same property for SMTP, which has no webhook and no key of ours to ask twice by."""
    settings.ALLOW_PRIVATE_ADDRESSES = True
    with MailHouse() as house:
        config = mailbox_config(
            house,
            webhook_secret="s3cret",
            imap_password=house.password,
            smtp_password=house.password,
        )
        mailbox = services.connect(
            platform="email", account_id="shop@north.example", config=config, vouched=True
        )
        dice = random.Random(11)  # noqa: S311
        for number in range(24):
            text = f"Letter {number}."
            person = Person(id=f"ada{number}@example.com")
            with transaction.atomic():
                conversation = conversation_with(connection=mailbox, person=person)
                conversation.last_inbound_at = conversation.last_message_at = timezone.now()
                conversation.save()
            house.faults.extend(dice.choices(["drop", "refuse", "later", "full", ""], k=2))
            message = post_message(conversation=conversation, text=text, author="human")
            for _ in range(4):
                Message.objects.filter(pk=message.pk).update(next_attempt_at=None)
                services.deliver(message_id=message.pk)
            message.refresh_from_db()
            taken = sum(text.encode() in letter.content for letter in house.taken)
            assert taken == (message.state in {"accepted", "sent", "unknown"}), message.state
            house.faults.clear()
