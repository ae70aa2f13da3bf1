"""Sandboxes: the whole way of a message on an account that no network knows."""

import re

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from channels_app import services
from channels_app.models import (
    ChannelConnection,
    Contact,
    ContactIdentity,
    Conversation,
    InboundEvent,
    Message,
)
from channels_app.outbox import post_message
from channels_app.providers import CHANNELS
from channels_app.services import figures, routing, sandboxes
from channels_app.views.sandboxes import knock
from crm.services import mark_dirty
from leads.models import Lead
from tenants import context
from tenants.audit.models import AuditEntry
from tenants.models import WebhookRoute
from tenants.plugins import http, sandbox
from tenants.plugins.errors import Rejected
from tenants.plugins.sandbox import Knock
from tests.factories import make_conversation, make_crm, make_lead


def answer(conversation, text):
    message = post_message(conversation=conversation, text=text, author=Message.Author.HUMAN)
    services.deliver(message_id=message.pk)


LOOKS = sandbox.vendors().platforms()


@pytest.fixture(autouse=True)
def nobody_outside(monkeypatch):
    """Whatever would leave this process fails the test."""

    def refuse(*args, **kwargs):
        raise AssertionError("something was asked of the outside")

    monkeypatch.setattr(http, "_client", refuse)
    monkeypatch.setattr("socket.create_connection", refuse)


def write(connection, text, person="", name="Mia"):
    person = person or sandboxes.new_customer(connection=connection)
    knocks = sandboxes.words_of(connection=connection, person=person, name=name, text=text)
    assert knock(connection, knocks)
    return person


def test_every_network_can_be_tried(north):
    assert set(LOOKS) == set(CHANNELS)
    assert {look.platform for look in sandboxes.looks()} == set(CHANNELS)


@pytest.mark.parametrize("platform", LOOKS)
def test_a_customer_writes_and_is_answered(north, work, platform):
    connection = sandboxes.open_sandbox(platform=platform)
    work()  # what a connection sets up at its network
    connection.refresh_from_db()
    assert connection.health == "ok", connection.health_text
    person = write(connection, "How much is the Breeze?")
    work()
    conversation = Conversation.objects.get()
    assert conversation.connection == connection
    assert conversation.contact.name in {"Mia", ""} or platform == "linkedin"
    event = InboundEvent.objects.get()
    assert (event.status, event.outcome) == ("done", "message")

    answer(conversation, "690 euros.")

    sent = Message.objects.get(direction=Message.Direction.OUT)
    assert sent.state in {Message.State.ACCEPTED, Message.State.SENT}, sent.error_text
    assert sent.external_id
    shown = sandboxes.phone_of(connection=connection, person=person)
    assert [message.text for message in shown] == ["How much is the Breeze?", "690 euros."]


@pytest.mark.parametrize(
    ("platform", "state"),
    [
        *[(each, "read") for each in ("whatsapp", "messenger", "instagram", "tiktok", "x")],
        *[(each, "read") for each in ("twilio_whatsapp", "webchat", "custom")],
        *[(each, "delivered") for each in ("twilio", "email")],
        *[(each, "accepted") for each in ("telegram", "linkedin", "form")],
    ],
)
def test_what_the_phone_has_shown_is_told(north, work, platform, state):
    connection = sandboxes.open_sandbox(platform=platform)
    person = write(connection, "Hello")
    work()
    answer(Conversation.objects.get(), "Hi")
    assert knock(connection, sandboxes.sight_of(connection=connection, person=person))
    work()
    assert Message.objects.get(direction=Message.Direction.OUT).state == state
    # Once it is told, the phone, which looks every moment, tells nothing more.
    assert sandboxes.sight_of(connection=connection, person=person) == []


def test_its_webhooks_are_verified_as_the_networks_are(north):
    connection = sandboxes.open_sandbox(platform="whatsapp")
    (genuine,) = sandboxes.words_of(connection=connection, person="7001", name="", text="Hi")
    forged = Knock(genuine.body + b" ", genuine.headers)
    assert not knock(connection, [forged])
    assert not knock(connection, [Knock(genuine.body, {})])
    assert not InboundEvent.objects.exists()


def test_a_sandbox_reaches_nobody_outside(north):
    connection = sandboxes.open_sandbox(platform="whatsapp")
    provider = connection.provider()
    with sandbox.inside(connection.pretended), pytest.raises(http.ForbiddenAddress):
        http.request("GET", "https://example.com/")
    with sandbox.inside(connection.pretended), pytest.raises(http.ForbiddenAddress):
        http.dial("example.com", 25, 1)
    assert sandbox.pretended() is None
    assert provider.secret_names  # what is no deed is the plug-in's own


def test_companies_do_not_meet(north, south, work):
    ours = sandboxes.open_sandbox(platform="telegram")
    with context.inside(south):
        theirs = sandboxes.open_sandbox(platform="telegram")
        assert ChannelConnection.objects.count() == 1
    assert ours.webhook_token != theirs.webhook_token
    assert ours.account_id != theirs.account_id
    # Signed for the one, brought to the other.
    knocks = sandboxes.words_of(connection=theirs, person="7001", name="", text="Hi")
    assert not knock(ours, knocks)
    assert not InboundEvent.objects.exists()


def test_it_goes_with_all_that_came_of_it_and_nothing_else(north, work):
    connection = sandboxes.open_sandbox(platform="telegram")
    write(connection, "Hello")
    work()
    contact = Contact.objects.get()
    make_lead(contact=contact)
    real = make_conversation()
    both = make_conversation(contact=real.contact, connection=connection)
    services.add_note(conversation=both, text="x", user=None)

    sandboxes.remove_sandbox(connection=connection, actor="user:1")

    assert not ChannelConnection.objects.filter(is_sandbox=True).exists()
    assert list(Conversation.objects.all()) == [real]
    assert list(Contact.objects.all()) == [real.contact]
    assert not Lead.objects.exists()
    assert not InboundEvent.objects.exists()
    assert not WebhookRoute.objects.filter(company=north, connection_id=connection.pk).exists()
    assert AuditEntry.objects.filter(action="channel.sandbox_removed").exists()


def test_what_is_tried_out_is_answered_by_what_is_tried_out(north, work):
    """A real mailbox is there first, and nothing leaves by it."""
    from tests.factories import make_connection

    mailbox = make_connection(platform="email", account_id="shop@north.example")
    form = sandboxes.open_sandbox(platform="form")
    person = write(form, "How much?")
    work()
    answer(Conversation.objects.get(), "690 euros.")
    sent = Message.objects.get(direction=Message.Direction.OUT)
    assert sent.connection.is_sandbox
    assert sent.connection.platform == mailbox.platform
    assert len(sandboxes.phone_of(connection=form, person=person)) == 2

    sandboxes.remove_sandbox(connection=sent.connection)  # it goes with what it carried
    assert not Message.objects.filter(direction=Message.Direction.OUT).exists()
    real = make_conversation(
        connection=make_connection(platform="form"), external_thread="ada@example.com"
    )
    sandboxes.open_sandbox(platform="email")
    assert post_message(conversation=real, text="Hi", author="human").connection == mailbox


def test_what_is_kept_for_us_is_sealed_and_the_companys_own(north, south, work):
    from tenants.redis import client

    ours = sandboxes.open_sandbox(platform="email")
    knocks = sandboxes.words_of(
        connection=ours, person="mia@people.example", name="Mia", text="A secret"
    )
    [key] = client().scan_iter("lw:*sandbox*")
    kept = client().lrange(key, 0, -1)
    assert kept
    assert not any("secret" in each for each in kept)
    with context.inside(south):
        stranger = sandboxes.open_sandbox(platform="email")
        ChannelConnection.objects.filter(pk=stranger.pk).update(account_id=ours.account_id)
        stranger.refresh_from_db()
        [item] = stranger.provider().split(knocks[0].body)
        with pytest.raises(Rejected):
            stranger.provider().fetch(item.kind, item.body)


def test_a_real_channel_is_never_removed_so(north):
    from tests.factories import make_connection

    with pytest.raises(ValidationError):
        sandboxes.remove_sandbox(connection=make_connection())


def test_no_crm_hears_of_a_sandbox(north, work):
    from crm.models import SyncRecord

    make_crm()
    connection = sandboxes.open_sandbox(platform="telegram")
    write(connection, "Hello")
    work()
    pretended = make_lead(contact=Contact.objects.get())
    real = make_lead(contact=make_conversation().contact)
    mark_dirty(leads=[pretended, real])
    assert [record.lead for record in SyncRecord.objects.all()] == [real]


def test_nothing_of_it_is_counted(north, work):
    connection = sandboxes.open_sandbox(platform="telegram")
    write(connection, "Hello")
    work()
    assert Message.objects.count() == 1
    assert figures.today().inbound == figures.today().conversations == 0
    assert sum(day.inbound for day in figures.last_days()) == 0


def test_who_is_made_up_is_nobody_that_is_known(north, work):
    """A colleague types the number of a customer into the phone: that proves nothing."""
    connection = sandboxes.open_sandbox(platform="whatsapp")
    write(connection, "Hello", person="4915112345678", name="Mia")
    work()
    identity = ContactIdentity.objects.get()
    assert identity.proven_phone == ""
    assert identity.contact.phone == "+4915112345678"


@pytest.mark.parametrize("platform", LOOKS)
def test_what_stands_in_for_a_network_shows_nobody_to_be_an_owner(north, work, platform):
    """Else whoever names a stranger's account there would get what is written to it."""
    connection = sandboxes.open_sandbox(platform=platform)
    typed = {"business_account_id": "104996122399160", "page_id": "104996122399160"}
    services.configure(connection=connection, name="", changes=typed)
    work()
    connection.refresh_from_db()
    assert not services.prove_ownership(connection=connection)
    [route] = WebhookRoute.objects.filter(connection_id=connection.pk)
    assert (route.account_id, route.is_verified) == (connection.account_id, False)


def test_there_is_an_end_to_them(north, monkeypatch):
    monkeypatch.setattr(sandboxes, "MOST", 1)
    sandboxes.open_sandbox(platform="telegram")
    with pytest.raises(ValidationError):
        sandboxes.open_sandbox(platform="telegram")
    with pytest.raises(ValidationError):
        sandboxes.open_sandbox(platform="fax")


# -- in the console


@pytest.fixture
def enter(people):
    def sign_in(role):
        browser = Client(headers={"Host": "north.localhost"})
        browser.force_login(people[role])
        return browser

    return sign_in


def test_an_admin_opens_one_with_a_click_and_writes(enter, north, work):
    admin = enter("admin")
    assert "WhatsApp" in admin.get(reverse("channels_app:sandboxes")).content.decode()
    opened = admin.post(reverse("channels_app:sandbox_start", args=["whatsapp"]))
    connection = ChannelConnection.objects.get()
    phone = reverse("channels_app:phone", args=[connection.pk])
    assert opened["Location"] == phone
    sent_on = admin.get(phone)["Location"]
    page = admin.get(sent_on).content.decode()
    assert "SANDBOX" in page
    person = re.search(r'name="person" type="hidden" value="([^"]+)"', page)[1]
    routing.forget_routes()

    answered = admin.post(phone, {"person": person, "name": "Mia", "text": "Hello <b>"})
    assert answered.status_code == 302
    work()
    page = admin.get(answered["Location"]).content.decode()
    assert "Hello &lt;b&gt;" in page
    assert Contact.objects.get().name == "Mia"
    thread = admin.post(
        reverse("channels_app:phone_thread", args=[connection.pk]), {"person": person}
    )
    assert "Hello &lt;b&gt;" in thread.content.decode()
    for where in ("channels", "inbox"):
        assert "SANDBOX" in admin.get(reverse(f"channels_app:{where}")).content.decode()
    channel = admin.get(reverse("channels_app:channel", args=[connection.pk])).content.decode()
    assert "Remove the sandbox" in channel
    admin.post(reverse("channels_app:sandbox_remove", args=[connection.pk]))
    assert not ChannelConnection.objects.exists()


def test_who_may_not(enter, north):
    connection = sandboxes.open_sandbox(platform="telegram")
    phone = reverse("channels_app:phone", args=[connection.pk])
    remove = reverse("channels_app:sandbox_remove", args=[connection.pk])
    viewer, agent = enter("viewer"), enter("agent")
    start = reverse("channels_app:sandbox_start", args=["telegram"])
    for browser in (viewer, agent):
        assert browser.post(start).status_code == 403
        assert browser.post(remove).status_code == 403
    assert viewer.get(phone).status_code == 403
    assert viewer.post(phone, {"person": "7001", "text": "Hi"}).status_code == 403
    assert agent.get(f"{phone}?person=7001").status_code == 200
    assert ChannelConnection.objects.count() == 1


@pytest.mark.parametrize("person", ["", "<script>", "1" * 41, "a"])
def test_a_person_is_a_number(enter, north, person):
    connection = sandboxes.open_sandbox(platform="telegram")
    phone = reverse("channels_app:phone", args=[connection.pk])
    answered = enter("agent").post(phone, {"person": person, "text": "Hi"})
    assert answered.status_code == 404


def test_a_real_channel_has_no_phone(enter, north):
    from tests.factories import make_connection

    phone = reverse("channels_app:phone", args=[make_connection().pk])
    assert enter("admin").get(phone).status_code == 404
