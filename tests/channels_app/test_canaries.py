"""The doctor's test event: through our own door over the wire, and never taken for somebody's."""

import secrets
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from channels_app import services
from channels_app.findings import of_json
from channels_app.models import (
    Canary,
    ChannelConnection,
    Checkup,
    Contact,
    Conversation,
    InboundEvent,
    Message,
    OpenFinding,
)
from channels_app.providers import CHANNELS
from channels_app.providers.email.canaries import canary as letter_of
from channels_app.providers.email.channel import Email
from channels_app.providers.values import Polled
from channels_app.services import canaries, connections, doctor, routing
from channels_app.services.canaries import PREFIX
from channels_app.services.symptoms import symptoms_of
from config import watching
from tenants import context, platform_apps
from tenants.models import WebhookRoute
from tenants.plugins.errors import Unavailable
from tests.contracts.test_channel_providers import provider

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MAIL = {"webhook_secret": SECRET}
# What a company has entered where it is connected by hand: platform, form, how its events come.
CONNECTED = {
    "messenger": {"page_token": "t", "app_secret": "s3cret"},
    "instagram": {"page_token": "t", "app_secret": "s3cret"},
    "whatsapp": {"access_token": "t", "app_secret": "s3cret"},
    "telegram": {"bot_token": "901:t", "secret_token": "s3cret"},
    "x": {"access_token": "t", "app_secret": "s3cret"},
    "linkedin": {
        "access_token": "t",
        "app_secret": "s3cret",
        "accepts_terms": "on",
        "has_webhooks": "on",
    },
    "tiktok": {"access_token": "t", "app_secret": "s3cret"},
    "twilio": {"account_sid": "AC" + 32 * "1", "auth_token": "t"},
    "twilio_whatsapp": {"account_sid": "AC" + 32 * "1", "auth_token": "t"},
    "email": {**MAIL, "inbound": "postmark"},
    "webchat": {"identity_secret": "i" * 32},
    "form": {"secret": "s3cret"},
    "custom": {"secret": SECRET},
}
SERVICES = ("mailgun", "sendgrid", "resend", "brevo")
CASES = [
    *((kind, {}) for kind in CHANNELS),
    *(("email", {"inbound": service}) for service in SERVICES),
]


@pytest.fixture
def door(settings, respx_mock):
    """Our public address on the wire leads to our own web server; gives what was brought there."""
    settings.CANARY_SECONDS = 45
    routing.forget_routes()
    brought = []

    def web_server(request: httpx.Request) -> httpx.Response:
        brought.append(request)
        headers = {
            name: value
            for name, value in request.headers.items()
            if name not in {"content-length", "content-type"}
        }
        answer = Client().post(
            request.url.raw_path.decode(),
            request.content,
            content_type=request.headers["content-type"],
            headers=headers,
        )
        return httpx.Response(answer.status_code, content=answer.content)

    respx_mock.route(host=urlsplit(settings.PUBLIC_URL).hostname).mock(side_effect=web_server)
    yield brought
    routing.forget_routes()


@pytest.fixture
def silent_network(monkeypatch):
    """The doctor's questions to the network are another test's."""
    monkeypatch.setattr(doctor, "_look", lambda connection: ([], True))


@pytest.fixture
def ask(work, silent_network, django_capture_on_commit_callbacks):
    """Have the doctor look and let the workers work; the checkup as it then stands."""

    def look(connection, *, working=True) -> Checkup:
        with django_capture_on_commit_callbacks(execute=True):
            checkup = services.ask_for_checkup(connection=connection)
        if working:
            work()
        checkup.refresh_from_db()
        return checkup

    return look


def connect(kind, **more) -> ChannelConnection:
    return services.connect(
        platform=kind, account_id="901", config={**CONNECTED[kind], **more}, name=kind
    )


def codes(checkup) -> list[str]:
    return [each["code"] for each in checkup.findings]


def nobody_was_disturbed(connection) -> bool:
    connection.refresh_from_db()
    kept = (Contact, Conversation, Message)
    return not any(kind.objects.exists() for kind in kept) and connection.last_inbound_at is None


@pytest.mark.parametrize(("kind", "more"), CASES, ids=lambda value: str(value))
def test_it_comes_through_the_own_door_of_every_platform(north, door, ask, kind, more):
    connection = connect(kind, **more)

    checkup = ask(connection)

    assert (checkup.verdict, checkup.findings) == (Checkup.Verdict.GOOD, [])
    canary = Canary.objects.get(checkup=checkup)
    assert canary.state == Canary.State.THROUGH
    assert canary.kept_at is not None
    assert canary.milliseconds is not None
    assert 0 <= canary.milliseconds < 45_000
    event = InboundEvent.objects.get()
    assert (event.connection, event.key, event.outcome) == (connection, canary.key, "canary")
    assert event.status == InboundEvent.Status.DONE
    assert door, "it went over HTTP"
    assert nobody_was_disturbed(connection)


@pytest.mark.parametrize("kind", list(CHANNELS))
def test_every_platform_writes_its_own_under_a_key_that_only_the_mark_has(kind):
    speaker = provider(kind)
    first, second = (PREFIX + secrets.token_hex(16) for _ in range(2))
    body = speaker.canary(first)

    speaker.verify(speaker.signed(body), body)
    [item], [other] = speaker.split(body), speaker.split(speaker.canary(second))

    assert first.encode() in item.body
    assert item.key != other.key
    assert list(speaker.split(body))[0].key == item.key  # however often it is split
    assert speaker.read(item.kind, item.body)


@pytest.mark.parametrize("service", ["imap", "ses"])
def test_nobody_but_amazon_signs_for_amazon_and_a_mailbox_is_looked_into(service):
    assert letter_of({**MAIL, "inbound": service}, "us@north.example", "m") is None


def test_where_only_the_network_can_sign_it_says_so(north, door, ask):
    checkup = ask(connect("email", inbound="ses"))
    assert codes(checkup) == ["canary_unsigned"]
    assert checkup.verdict == Checkup.Verdict.GOOD
    assert not door


def test_what_ailed_our_own_door_is_over_though_the_network_says_nothing(
    north, door, ask, monkeypatch
):
    monkeypatch.setattr(doctor, "_look", lambda connection: ([], False))
    connection = connect("telegram")
    for code in ("canary_door", "credentials"):
        OpenFinding.objects.create(
            connection=connection, code=code, severity="bad", last_seen_at=timezone.now()
        )

    assert ask(connection).verdict == Checkup.Verdict.UNKNOWN

    left = OpenFinding.objects.values_list("code", flat=True)
    assert list(left) == ["credentials"], "only the network can say that this is over"


def test_one_that_was_never_read_stays_known_for_what_it_is(north, door, ask):
    canary = Canary.objects.get(checkup=ask(connect("telegram")))
    Checkup.objects.all().delete()
    Canary.objects.update(sent_at=timezone.now() - timedelta(days=400))
    InboundEvent.objects.update(status=InboundEvent.Status.REJECTED)

    canaries.forget_old_canaries()
    assert Canary.objects.filter(pk=canary.pk).exists()

    InboundEvent.objects.update(status=InboundEvent.Status.DONE)
    canaries.forget_old_canaries()
    assert not Canary.objects.exists()


# -- nobody may hide a message behind it


class TestForged:
    """Whoever learns how a canary looks learns nothing: it counts by what was written down."""

    @pytest.fixture
    def ours(self, north, door, ask):
        connection = connect("custom")
        ask(connection)
        return connection

    def tell(self, connection, work, body: bytes) -> InboundEvent:
        speaker = connection.provider()
        path = urlsplit(connection.webhook_url).path
        answer = Client(HTTP_HOST="localhost").post(
            path, body, content_type="application/json", headers=speaker.signed(body)
        )
        assert answer.status_code == 200
        work()
        return InboundEvent.objects.latest("pk")

    def test_one_that_was_not_written_down_is_somebodys_message(self, ours, work):
        body = ours.provider().canary(PREFIX + secrets.token_hex(16))
        assert self.tell(ours, work, body).outcome == "message"
        assert Message.objects.get().text.startswith(PREFIX)

    def test_a_used_mark_hides_no_other_message(self, ours, work):
        used = Canary.objects.get().mark
        body = ours.provider().canary(used).replace(b'"id": ', b'"id":')
        again = self.tell(ours, work, body)
        assert InboundEvent.objects.count() == 1  # the same event, once
        assert again.outcome == "canary"
        body = b'{"type": "message", "id": "m-2", "from": {"id": "u"}, "text": "Help! %s"}'
        assert self.tell(ours, work, body % used.encode()).outcome == "message"

    def test_a_mark_of_another_connection_counts_there_only(self, ours, work):
        other = services.connect(platform="custom", account_id="902", config=CONNECTED["custom"])
        body = other.provider().canary(Canary.objects.get().mark)
        assert self.tell(other, work, body).outcome == "message"

    def test_read_again_it_stays_what_it_is(self, ours, work):
        event = services.replay(event=InboundEvent.objects.get())
        assert event.status == InboundEvent.Status.DONE
        assert services.ingest(event_id=event.pk) == ""
        assert not Message.objects.exists()

    def test_usual_messages_cost_no_question(self, ours, work, django_assert_num_queries):
        body = b'{"type": "message", "id": "m-3", "from": {"id": "u"}, "text": "Hello"}'
        [item] = ours.provider().split(body)
        event = InboundEvent(connection=ours, key=item.key, kind=item.kind, body=item.body)
        with django_assert_num_queries(0):
            assert canaries.take_canary(event, []) is None


# -- what it tells apart


@pytest.fixture
def bot(north, door):
    return connect("telegram")


def test_a_door_that_nobody_opens(bot, ask, respx_mock, settings):
    respx_mock.route(host=urlsplit(settings.PUBLIC_URL).hostname).mock(
        side_effect=httpx.ConnectError("Connection refused")
    )
    checkup = ask(bot)
    assert (checkup.verdict, codes(checkup)) == (Checkup.Verdict.BAD, ["canary_door"])
    assert bot.webhook_token not in of_json(checkup.findings[0]).text
    ChannelConnection.objects.filter(pk=bot.pk).update(last_inbound_at=timezone.now())
    assert ask(bot).verdict == Checkup.Verdict.WARNING  # others reach us


def test_where_the_public_address_is_not_reached_from_inside_the_web_servers_own_is(
    bot, ask, respx_mock, settings
):
    public, door_of_it = settings.PUBLIC_URL, respx_mock.routes[0]
    settings.DOOR_URL = "http://10.0.0.7:8000"
    inside = respx_mock.route(host="10.0.0.7").mock(side_effect=door_of_it.side_effect)
    door_of_it.mock(side_effect=httpx.ConnectError("Connection refused"))
    checkup = ask(bot)
    assert (checkup.verdict, codes(checkup)) == (Checkup.Verdict.GOOD, [])
    assert inside.calls[0].request.headers["host"] == urlsplit(public).netloc


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, "canary_unknown"),
        (403, "canary_refused"),
        (503, "canary_not_kept"),
        (200, "canary_astray"),
    ],
)
def test_what_the_door_answers_is_told_apart(bot, ask, respx_mock, settings, status, code):
    respx_mock.route(host=urlsplit(settings.PUBLIC_URL).hostname).respond(status)
    checkup = ask(bot)
    assert (checkup.verdict, codes(checkup)) == (Checkup.Verdict.BAD, [code])


def test_a_wrong_secret_shows_in_what_is_refused(bot, silent_network):
    path = urlsplit(bot.webhook_url).path
    for _ in range(3):
        refused = Client(HTTP_HOST="localhost").post(path, b"{}", content_type="application/json")
        assert refused.status_code == 403
    checkup = services.examine_now(connection=bot, with_canary=False)
    assert "refused" not in codes(checkup)  # this look asks nothing
    found = {each.code: each for each in symptoms_of(bot)}
    assert found["refused"].params == {"count": "3"}
    assert found["refused"].severity == "bad"
    connections.configure(connection=bot, name="", changes={"secret_token": "another"})
    assert "refused" not in {each.code for each in symptoms_of(bot)}


class TestUnread:
    """It was kept, and nobody reads it."""

    @pytest.fixture
    def unread(self, bot, ask, monkeypatch, settings):
        """A look whose canary lies in the queue."""
        with monkeypatch.context() as deaf:
            deaf.setattr(canaries, "ring_now", lambda *args: True)
            checkup = ask(bot, working=False)
            services.examine(checkup_id=checkup.pk)
        assert Canary.objects.get().kept_at is not None
        long_ago = timezone.now() - timedelta(seconds=settings.CANARY_SECONDS + 20)
        Canary.objects.update(sent_at=long_ago)
        Checkup.objects.update(started_at=long_ago)
        checkup.refresh_from_db()
        assert checkup.verdict == Checkup.Verdict.RUNNING
        return checkup

    @pytest.mark.parametrize(
        ("waiting", "seen", "code"),
        [
            (None, True, "canary_no_queue"),
            (0, False, "canary_no_worker"),
            (7, True, "canary_queue"),
            (0, True, "canary_stuck"),
        ],
    )
    def test_queue_and_workers_are_told_apart(self, unread, monkeypatch, waiting, seen, code):
        monkeypatch.setattr(canaries, "_waiting", lambda: waiting)
        monkeypatch.setattr(canaries, "workers_seen", lambda: seen)
        assert services.settle_overdue() == [unread.connection_id]
        unread.refresh_from_db()
        assert (unread.verdict, codes(unread)) == (Checkup.Verdict.BAD, [code])
        assert unread.connection.open_findings.get().code == code

    def test_read_late_it_is_still_no_message(self, unread, bot):
        services.settle_overdue()
        Checkup.objects.all().delete()
        event = InboundEvent.objects.get()
        assert services.ingest(event_id=event.pk) == "canary"
        assert nobody_was_disturbed(bot)

    def test_the_page_that_waits_says_that_no_worker_runs(
        self, unread, bot, client, people, monkeypatch
    ):
        monkeypatch.setattr(canaries, "workers_seen", lambda: False)
        client.force_login(people["admin"])
        card = client.get(f"/channels/{bot.pk}/doctor/", headers={"HX-Request": "true"})
        assert "No worker runs" in card.content.decode()
        assert "did not come through" in card.content.decode()
        assert "banner--bad" in client.get("/inbox/").content.decode()

    def test_without_workers_the_clock_tells_the_admins(self, unread, people, monkeypatch):
        monkeypatch.setattr(canaries, "workers_seen", lambda: False)
        monkeypatch.setattr(watching, "workers_seen", lambda: False)
        context.leave()
        assert watching.watch_for_the_workers()
        context.enter("north")
        (letter,) = [each for each in mail.outbox if "No worker runs" in each.body]
        assert letter.to == [people["admin"].email]


def test_a_trouble_of_our_own_machine_is_looked_at_again_soon(bot, ask, monkeypatch):
    """Workers that are back take the alarm down by themselves, by day as well."""
    monkeypatch.setattr(doctor, "_slot_of", lambda local: -1)
    ask(bot, working=False)
    Checkup.objects.update(started_at=timezone.now() - timedelta(minutes=3))
    with monkeypatch.context() as none:
        none.setattr(canaries, "workers_seen", lambda: False)
        services.settle_overdue()
    assert bot.open_findings.get().code == "canary_no_worker"
    assert services.ring_due_checkups() == 0  # just now
    ChannelConnection.objects.update(checked_at=timezone.now() - timedelta(minutes=10))
    assert services.ring_due_checkups() == 1


def test_a_look_that_nobody_takes_up_ends_with_the_reason(bot, ask, monkeypatch):
    checkup = ask(bot, working=False)
    Checkup.objects.update(started_at=timezone.now() - timedelta(minutes=3))
    assert services.settle_overdue() == []  # workers are there: it may be at it
    monkeypatch.setattr(canaries, "workers_seen", lambda: False)
    services.settle_overdue()
    checkup.refresh_from_db()
    assert codes(checkup) == ["canary_no_worker"]


class TestKilledBeforeItWasBrought:
    """It was written down, and nobody came to knock: the channel is none the worse for it."""

    @pytest.fixture
    def killed(self, bot, ask, monkeypatch, settings):
        class Killed(BaseException):
            pass

        def die(*args):
            raise Killed

        checkup = ask(bot, working=False)
        with monkeypatch.context() as worker:
            worker.setattr(canaries, "knock", die)
            with pytest.raises(Killed):
                services.examine(checkup_id=checkup.pk)
        assert canaries.is_half_sent(Canary.objects.get())
        return checkup

    def grow_old(self, settings):
        long_ago = timezone.now() - timedelta(seconds=settings.CANARY_SECONDS + 20)
        Canary.objects.update(sent_at=long_ago)
        Checkup.objects.update(started_at=long_ago)

    def test_the_next_worker_brings_it(self, killed, work, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            services.examine(checkup_id=killed.pk)
        work()
        killed.refresh_from_db()
        assert (killed.verdict, killed.findings) == (Checkup.Verdict.GOOD, [])
        assert InboundEvent.objects.get().outcome == "canary"

    def test_the_sweeper_has_it_brought_when_its_time_is_over(
        self, killed, work, settings, monkeypatch, django_capture_on_commit_callbacks
    ):
        monkeypatch.setattr(doctor, "workers_seen", lambda: True)
        self.grow_old(settings)
        with django_capture_on_commit_callbacks(execute=True):
            assert services.settle_overdue() == []  # a false canary_stuck, once
        work()
        killed.refresh_from_db()
        assert (killed.verdict, killed.findings) == (Checkup.Verdict.GOOD, [])
        took = Canary.objects.get().milliseconds
        assert took is not None
        assert took < 45_000

    def test_without_workers_that_is_what_is_said(self, killed, settings, monkeypatch):
        monkeypatch.setattr(doctor, "workers_seen", lambda: False)
        monkeypatch.setattr(canaries, "workers_seen", lambda: False)
        self.grow_old(settings)
        assert services.settle_overdue() == [killed.connection_id]
        killed.refresh_from_db()
        assert codes(killed) == ["canary_no_worker"]

    def test_brought_and_killed_before_that_was_noted_it_is_one_event(
        self, bot, ask, work, monkeypatch
    ):
        ask(bot)
        Canary.objects.update(state=Canary.State.SENT, kept_at=None, read_at=None)
        canary = Canary.objects.get()
        canaries.send_again(canary)
        canary.refresh_from_db()
        assert canary.kept_at is not None
        assert InboundEvent.objects.count() == 1


# -- doors of our own, where to be without a secret is nothing wrong


def test_a_form_without_a_secret_is_posted_to_as_its_website_does(north, door, ask):
    form = connect("form", secret="", allowed_origins="https://north.example")
    checkup = ask(form)
    assert (checkup.verdict, checkup.findings) == (Checkup.Verdict.GOOD, [])
    assert door[0].headers["origin"] == "https://north.example"
    assert nobody_was_disturbed(form)


def test_a_chat_without_a_secret_says_why_no_test_event_was_sent(north, door, ask):
    chat = connect("webchat", identity_secret="", allowed_origins="https://north.example")
    checkup = ask(chat)
    assert (checkup.verdict, codes(checkup)) == (Checkup.Verdict.GOOD, ["canary_unvouched"])
    assert not door


@pytest.mark.parametrize(
    ("platform", "config", "found"),
    [
        ("form", {"secret": "", "allowed_origins": "https://north.example"}, set()),
        ("form", {"allowed_origins": ""}, set()),
        ("form", {"secret": ""}, {"no_website"}),
        ("webchat", {"identity_secret": ""}, {"no_website"}),
        ("webchat", {}, set()),
    ],
)
def test_what_keeps_everybody_out_of_our_own_doors_is_named(north, platform, config, found):
    told = {each.code for each in symptoms_of(connect(platform, **config))}
    assert told & {"no_website", "no_secret"} == found


def test_one_that_took_long_is_a_warning(bot, ask):
    checkup = ask(bot)
    canary = Canary.objects.get(checkup=checkup)
    canary.read_at = canary.sent_at + timedelta(seconds=31)
    [slow] = canaries.findings_of(canary)
    assert (slow.code, slow.params) == ("canary_slow", {"seconds": "31"})


# -- where we look for news ourselves


@pytest.fixture
def mailbox(north, settings):
    settings.CANARY_SECONDS = 45
    mailbox = connect("email", inbound="imap", imap_host="imap.example", webhook_secret="")
    in_a_minute = timezone.now() + timedelta(minutes=1)
    ChannelConnection.objects.filter(pk=mailbox.pk).update(poll_due_at=in_a_minute)
    return mailbox


def test_a_look_for_news_that_succeeds_is_the_canary_of_a_poller(mailbox, ask, monkeypatch):
    monkeypatch.setattr(Email, "poll", lambda self, cursor: Polled((), {"uid": 7}))
    checkup = ask(mailbox)
    canary = Canary.objects.get(checkup=checkup)
    assert (canary.is_poll, canary.state) == (True, Canary.State.THROUGH)
    assert checkup.verdict == Checkup.Verdict.GOOD
    mailbox.refresh_from_db()
    assert mailbox.poll_cursor == {"uid": 7}
    assert not InboundEvent.objects.exists()


def test_a_look_for_news_that_fails_says_why_and_a_paused_one_is_not_hurried(
    mailbox, ask, monkeypatch
):
    def refuse(self, cursor):
        raise Unavailable("imap.example: timed out")

    monkeypatch.setattr(Email, "poll", refuse)
    checkup = ask(mailbox)
    assert codes(checkup) == ["canary_poll_failed"]
    assert "timed out" in of_json(checkup.findings[0]).text
    mailbox.refresh_from_db()
    due = mailbox.poll_due_at
    assert codes(ask(mailbox)) == ["canary_poll"]
    mailbox.refresh_from_db()
    assert mailbox.poll_due_at == due


def test_the_canary_of_a_poller_does_not_begin_a_second_look(mailbox, ask, settings, monkeypatch):
    """A look is under way: its lease stands, and its end is what the canary waits for."""
    now = timezone.now()
    lease = now + timedelta(minutes=5)
    ChannelConnection.objects.update(poll_due_at=lease, poll_claimed_until=lease)
    looks = []
    monkeypatch.setattr(Email, "poll", lambda *args: looks.append(args))

    checkup = ask(mailbox)
    Canary.objects.update(sent_at=now - timedelta(minutes=2))
    Checkup.objects.update(started_at=now - timedelta(minutes=2))
    assert services.settle_overdue() == []

    mailbox.refresh_from_db()
    assert (looks, mailbox.poll_due_at, mailbox.poll_claimed_until) == ([], lease, lease)
    canaries.note_poll(connection=mailbox)
    services.examine(checkup_id=checkup.pk)
    checkup.refresh_from_db()
    assert "canary_stuck" not in codes(checkup)
    assert checkup.verdict != Checkup.Verdict.RUNNING


@pytest.mark.parametrize("fails", [False, True])
def test_a_look_that_ended_leaves_no_claim(mailbox, monkeypatch, fails):
    def look(self, cursor):
        if fails:
            raise Unavailable("imap.example: timed out")
        return Polled((), {"uid": 7})

    monkeypatch.setattr(Email, "poll", look)
    ChannelConnection.objects.update(poll_due_at=timezone.now())
    services.poll(connection_id=mailbox.pk)
    mailbox.refresh_from_db()
    assert mailbox.poll_claimed_until is None


# -- doors for programs


def test_the_api_says_how_long_it_took(bot, ask, program):
    ask(bot)
    said = program("admin").get(f"/api/v1/channels/{bot.pk}/doctor/").json()
    [checkup] = said["checkups"]
    assert checkup["canary"]["state"] == "through"
    assert checkup["canary"]["milliseconds"] >= 0


def test_the_card_says_how_long_it_took(bot, ask, client, people):
    ask(bot)
    client.force_login(people["admin"])
    card = client.get(f"/channels/{bot.pk}/doctor/").content.decode()
    page = client.get(f"/channels/{bot.pk}/").content.decode()
    assert "came through our door" in page
    assert not card


def test_switched_off_none_is_sent(bot, ask, settings, door):
    settings.CANARY_SECONDS = 0
    assert ask(bot).verdict == Checkup.Verdict.GOOD
    assert not Canary.objects.exists()
    assert not door


def test_the_shared_address_signed_by_our_own_app(north, door, ask):
    platform_apps.forget_apps()
    page = services.connect(platform="messenger", account_id="901", config={"page_token": "t"})
    WebhookRoute.objects.filter(connection_id=page.pk).update(is_verified=True)
    checkup = ask(page)
    assert (checkup.verdict, codes(checkup)) == (Checkup.Verdict.GOOD, [])
    assert door[0].url.path == "/webhooks/messenger/"
