"""What follows from a refusal, from an account's news, from templates and opt-outs."""

import json
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
import respx
from django.utils import timezone

from channels_app import services
from channels_app.models import (
    ChannelConnection,
    Conversation,
    Message,
    MessageTemplate,
    OptOut,
    id_index,
)
from channels_app.outbox import SendRefused
from channels_app.services.delivery import deliver
from tenants.workspace.services import change_profile
from tests.channels_app.conftest import connected, outcomes
from tests.channels_app.test_delivery import GRAPH, WAMID, conversation_on, say, send

AI, HUMAN = Message.Author.AI, Message.Author.HUMAN
ORDER = {"name": "order_ready", "language": "es", "components": []}
PROMO = {"name": "promo", "language": "es"}


def template(conversation: Conversation, status="APPROVED", category="UTILITY", **names):
    return MessageTemplate.objects.create(
        connection=conversation.connection,
        **{"name": "order_ready", "language": "es", **names},
        status=status,
        category=category,
    )


def whatsapp_change(field: str, value: dict) -> bytes:
    changes = [{"field": field, "value": value}]
    body = {"object": "whatsapp_business_account", "entry": [{"id": "WABA", "changes": changes}]}
    return json.dumps(body).encode()


def number(value: dict) -> bytes:
    metadata = {"display_phone_number": "15550001", "phone_number_id": "901"}
    return whatsapp_change("messages", {"metadata": metadata, **value})


def failed(message: Message, code: int) -> bytes:
    error = {"code": code, "title": "No", "message": "The network says no"}
    status = {"id": message.external_id, "status": "failed", "timestamp": "1790000000"}
    return number({"statuses": [{**status, "errors": [error]}]})


def health(conversation: Conversation) -> str:
    return ChannelConnection.objects.get(pk=conversation.connection_id).health


@respx.mock
@pytest.mark.parametrize("later", [False, True], ids=["as an answer", "as a status"])
@pytest.mark.parametrize(
    ("code", "state", "opted_out", "unreachable"),
    [
        (190, "reconnect", False, False),
        (131031, "stopped", False, False),
        (368, "stopped", False, False),
        (131042, "trouble", False, False),
        (131048, "trouble", False, False),
        (131049, "ok", False, False),
        (130472, "ok", False, False),
        (131047, "ok", False, False),
        (131050, "ok", True, False),
        (131026, "ok", False, True),
    ],
)
def test_each_code_has_its_state(north, knock, work, code, state, opted_out, unreachable, later):
    conversation = conversation_on("whatsapp")
    error = {"error": {"code": code, "message": "The network says no"}}
    answer = {"json": WAMID} if later else {"status_code": 400, "json": error}
    respx.post(f"{GRAPH}/901/messages").respond(**answer)
    message = send(say(conversation))
    if later:
        knock(conversation.connection, failed(message, code))
        work()
        message.refresh_from_db()

    assert (message.state, message.error_code) == ("failed", str(code))
    assert health(conversation) == state
    assert OptOut.objects.in_force().exists() is opted_out
    conversation.refresh_from_db()
    assert bool(conversation.unreachable_at) is unreachable


@respx.mock
def test_a_stopped_account_sends_nothing_until_it_is_back(north, knock, work):
    conversation = conversation_on("whatsapp")
    waiting = say(conversation)
    ban = {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}}
    knock(conversation.connection, whatsapp_change("account_update", ban))
    work()
    assert health(conversation) == "stopped"

    assert send(waiting).error_code == "channel_stopped"
    with pytest.raises(SendRefused) as refused:
        say(conversation)
    assert refused.value.code == "channel_stopped"

    ban["ban_info"]["waba_ban_state"] = "REINSTATE"
    knock(conversation.connection, whatsapp_change("account_update", ban))
    work()
    assert say(conversation).state == "queued"
    assert {outcome for _, _, outcome in outcomes(conversation.connection)} == {"account"}


@respx.mock
def test_trouble_ends_when_something_arrives(north, knock, work):
    respx.post(f"{GRAPH}/901/messages").respond(json=WAMID)
    conversation = conversation_on("whatsapp")
    ChannelConnection.objects.update(health="trouble", health_text="No means of payment")
    message = send(say(conversation))
    assert health(conversation) == "trouble"  # taken is not delivered
    status = {"id": message.external_id, "status": "delivered", "timestamp": "1790000000"}
    knock(conversation.connection, number({"statuses": [status]}))
    work()
    assert health(conversation) == "ok"


# -- templates


@respx.mock
def test_only_an_approved_template_goes_out_outside_the_window(north):
    route = respx.post(f"{GRAPH}/901/messages").respond(json=WAMID)
    conversation = conversation_on("whatsapp", hours=30)
    kept = template(conversation)
    with pytest.raises(SendRefused) as refused:
        say(conversation)
    assert refused.value.code == "window_closed"

    message = send(say(conversation, text="Your order is ready", template=ORDER))

    assert message.state == "accepted"
    sent = json.loads(route.calls.last.request.content)
    assert sent["type"] == "template"
    assert sent["template"] == {"name": "order_ready", "language": {"code": "es"}}
    MessageTemplate.objects.filter(pk=kept.pk).update(status="PAUSED", reason="Low quality")
    with pytest.raises(SendRefused) as refused:
        say(conversation, template=ORDER)
    assert refused.value.code == "template_unusable"
    assert "Low quality" in refused.value.text


@pytest.mark.parametrize(
    ("platform", "code"), [("messenger", "no_templates"), ("whatsapp", "template_unusable")]
)
def test_a_template_that_nobody_knows(north, platform, code):
    with pytest.raises(SendRefused) as refused:
        say(conversation_on(platform), template=ORDER)
    assert refused.value.code == code


@respx.mock
@pytest.mark.parametrize("code", [132001, 132015, 132016])
def test_a_template_refused_is_put_aside(north, code):
    error = {"error": {"code": code, "message": "Template is paused"}}
    respx.post(f"{GRAPH}/901/messages").respond(400, json=error)
    conversation = conversation_on("whatsapp")
    kept = template(conversation)
    send(say(conversation, template=ORDER))
    kept.refresh_from_db()
    assert not kept.is_usable
    assert health(conversation) == "ok"


def test_news_of_templates_are_kept(north, knock, work):
    connection = connected("whatsapp", "901")
    named = {
        "message_template_id": 7,
        "message_template_name": "promo",
        "message_template_language": "es",
    }
    for field, value in [
        ("message_template_status_update", {**named, "event": "APPROVED", "reason": "NONE"}),
        ("template_category_update", {**named, "new_category": "MARKETING"}),
    ]:
        knock(connection, whatsapp_change(field, value))
    work()
    kept = MessageTemplate.objects.get()
    assert (kept.status, kept.category, kept.reason) == ("APPROVED", "MARKETING", "")
    assert kept.external_id == "7"


@respx.mock
def test_templates_are_fetched_page_by_page(north):
    connection = connected("whatsapp", "901")
    connection.config = {**connection.config, "business_account_id": "WABA"}
    pages = [
        {
            "data": [{"id": "1", "name": "promo", "language": "es", "status": "REJECTED"}],
            "paging": {"cursors": {"after": "x"}, "next": "https://more"},
        },
        {"data": [{"id": "2", "name": "order_ready", "language": "es", "status": "APPROVED"}]},
    ]
    respx.get(f"{GRAPH}/WABA/message_templates").mock(
        side_effect=[respx.MockResponse(json=page) for page in pages]
    )
    assert services.sync_templates(connection=connection) == 2
    assert [each.name for each in MessageTemplate.objects.usable()] == ["order_ready"]


# -- consent


def preference(value: str) -> bytes:
    said = {"wa_id": "34600111222", "category": "marketing_messages", "value": value}
    metadata = {"display_phone_number": "15550001", "phone_number_id": "901"}
    return whatsapp_change("user_preferences", {"metadata": metadata, "user_preferences": [said]})


def test_who_stopped_marketing_still_gets_answers(north, knock, work):
    conversation = conversation_on("whatsapp")
    template(conversation, name="promo", category="MARKETING")
    knock(conversation.connection, preference("stop"))
    work()

    with pytest.raises(SendRefused) as refused:
        say(conversation, template=PROMO)
    assert refused.value.code == "opted_out"
    assert say(conversation).state == "queued"

    knock(conversation.connection, preference("resume"))
    work()
    assert say(conversation, template=PROMO).state == "queued"
    assert OptOut.objects.count() == 1  # the ledger forgets nothing


def test_marketing_waits_for_the_end_of_the_quiet_hours(north, work):
    """What was written in time and held up on its way waits as well, and is not lost."""
    conversation = conversation_on("whatsapp")
    template(conversation, name="promo", category="MARKETING")
    queued = say(conversation, template=PROMO)
    now = timezone.now()
    here = now.astimezone(ZoneInfo("Asia/Riyadh"))
    north.time_zone = "Asia/Riyadh"
    north.save()
    change_profile(
        actor="test",
        quiet_from=(here - timedelta(hours=1)).time(),
        quiet_to=(here + timedelta(hours=1)).time(),
    )

    with pytest.raises(SendRefused) as refused:
        say(conversation, template=PROMO)
    assert refused.value.code == "quiet_hours"
    assert refused.value.next_allowed_at == here + timedelta(hours=1)
    assert say(conversation).state == "queued"  # an answer goes at any hour

    later = deliver(message_id=queued.pk)
    assert later is not None
    assert later.message_id == queued.pk
    assert later.delay == pytest.approx(3600, abs=60)
    queued.refresh_from_db()
    assert queued.state == "queued"
    assert queued.next_attempt_at == pytest.approx(
        now + timedelta(hours=1), abs=timedelta(minutes=1)
    )


@pytest.mark.parametrize("author", [AI, HUMAN, Message.Author.SYSTEM])
@pytest.mark.parametrize("everywhere", [False, True])
def test_nobody_writes_to_who_opted_out(north, author, everywhere):
    conversation = conversation_on("telegram", thread="77")
    queued = say(conversation)
    connection = None if everywhere else conversation.connection
    ask = {"contact": conversation.contact, "connection": connection, "source": "colleague"}
    services.opt_out(**ask)
    services.opt_out(**ask)
    with pytest.raises(SendRefused) as refused:
        say(Conversation.objects.get(pk=conversation.pk), author=author)
    assert refused.value.code == "opted_out"
    assert send(queued).error_code == "opted_out"
    assert services.opt_in(contact=conversation.contact, source="colleague") == 1
    assert say(Conversation.objects.get(pk=conversation.pk), author=author).state == "queued"


def test_an_opt_out_of_one_channel_is_none_of_another(north):
    conversation = conversation_on("telegram", thread="77")
    other = connected("custom", "1")
    services.opt_out(contact=conversation.contact, connection=other, source="network")
    assert say(Conversation.objects.get(pk=conversation.pk)).state == "queued"


# -- another app leads


def messaging(event: dict, lane: str = "messaging") -> bytes:
    now = int(timezone.now().timestamp() * 1000)
    one = {"sender": {"id": "4242"}, "recipient": {"id": "901"}, "timestamp": now, **event}
    return json.dumps({"object": "page", "entry": [{"id": "901", lane: [one]}]}).encode()


def test_in_standby_we_listen_and_are_silent(north, knock, work, bell):
    connection = connected("messenger", "901")
    knock(connection, messaging({"message": {"mid": "m_1", "text": "Hello"}}, "standby"))
    work()
    conversation = Conversation.objects.get()
    assert conversation.messages.get().text == "Hello"
    assert not conversation.is_with_ai
    for author in (AI, HUMAN):
        with pytest.raises(SendRefused) as refused:
            say(conversation, author=author)
        assert refused.value.code == "standby"

    knock(connection, messaging({"message": {"mid": "m_2", "text": "You?"}}))
    work()
    conversation.refresh_from_db()
    assert say(conversation, author=HUMAN).state == "queued"
    assert not conversation.is_with_ai  # handing back is a person's act


def test_control_taken_withdraws_what_the_ai_was_about_to_say(north, knock, work):
    connection = connected("messenger", "901")
    knock(connection, messaging({"message": {"mid": "m_1", "text": "Hello"}}))
    work()
    conversation = Conversation.objects.get()
    draft = say(conversation)
    knock(connection, messaging({"take_thread_control": {"previous_owner_app_id": "1"}}))
    work()
    draft.refresh_from_db()
    conversation.refresh_from_db()
    assert (draft.state, draft.error_code) == ("failed", "taken_over")
    assert conversation.is_led_elsewhere

    knock(connection, messaging({"pass_thread_control": {"new_owner_app_id": "1"}}))
    work()
    conversation.refresh_from_db()
    assert not conversation.is_led_elsewhere


# -- what was said before


def test_history_is_kept_and_calls_nobody(north, knock, work, bell):
    connection = connected("whatsapp", "901")
    said = [
        {"from": "15550001", "id": "wamid.1", "timestamp": "1780000000", "type": "text",
         "text": {"body": "Your bike is ready"}},
        {"from": "34600111222", "id": "wamid.2", "timestamp": "1780000060", "type": "text",
         "text": {"body": "Coming"}},
    ]  # fmt: skip
    threads = [{"id": "34600111222", "messages": said}]
    metadata = {"display_phone_number": "15550001", "phone_number_id": "901"}
    value = {"metadata": metadata, "history": [{"metadata": {"phase": 0}, "threads": threads}]}
    knock(connection, whatsapp_change("history", value))
    work()

    conversation = Conversation.objects.get()
    assert [(each.direction, each.text) for each in conversation.messages.all()] == [
        ("out", "Your bike is ready"),
        ("in", "Coming"),
    ]
    assert conversation.is_with_ai
    assert conversation.waiting_since is None
    assert bell == []


def test_seen_on_instagram_covers_what_was_sent_before(north, knock, work):
    conversation = conversation_on("instagram", thread="4242")
    old = timezone.now() - timedelta(minutes=5)
    for index in (1, 2):
        message = say(conversation)
        message.state, message.sent_at = "accepted", old + timedelta(seconds=index * 20)
        message.external_id, message.external_key = f"aWd{index}", id_index(f"aWd{index}")
        message.save()
    one = {"sender": {"id": "4242"}, "recipient": {"id": "901"}, "read": {"mid": "aWd2"}}
    body = {"object": "instagram", "entry": [{"id": "901", "messaging": [one]}]}
    knock(conversation.connection, json.dumps(body).encode())
    work()
    assert set(conversation.messages.values_list("state", flat=True)) == {"read"}


def test_news_of_a_business_account_reach_its_number_at_the_shared_address(
    client, north, settings, knock, work
):
    settings.META_APP_SECRET = "shared"
    connection = connected("whatsapp", "901")
    config = {**connection.config, "business_account_id": "WABA"}
    services.connect(platform="whatsapp", account_id="901", config=config, vouched=True)
    flagged = {"event": "FLAGGED", "current_limit": "TIER_1K"}
    body = whatsapp_change("phone_number_quality_update", flagged)
    signed = type(connection.provider())({"app_secret": "shared"}).signed(body)
    assert knock(connection, body, headers=signed, url="/webhooks/whatsapp/").status_code == 200
    work()
    connection.refresh_from_db()
    assert connection.health == "trouble"
    assert "TIER_1K" in connection.health_text
