"""Channels over the API: what is shown, what may be done, by whom."""

import pytest

from channels_app.models import ChannelConnection, Conversation, InboundEvent, Message
from tenants.services import create_api_key
from tests.channels_app.conftest import connected
from tests.factories import make_conversation, make_message

API = "/api/v1"


@pytest.fixture
def api(client, north):
    """Ask the API with a key of some role; leaves the test in north."""
    from tenants import context

    keys: dict[str, str] = {}

    def ask(method: str, path: str, body=None, *, role: str = "agent"):
        context.enter_company(north)
        if role not in keys:
            keys[role] = create_api_key(name=role, role=role)[1]
        try:
            return getattr(client, method)(
                f"{API}{path}",
                body,
                content_type="application/json",
                headers={"Authorization": f"Bearer {keys[role]}"},
            )
        finally:
            context.enter_company(north)

    return ask


@pytest.fixture
def conversation(north):
    connection = connected("custom", "erp")
    return make_conversation(connection=connection)


def test_connecting_shows_the_address_and_no_secret(api):
    body = {
        "platform": "whatsapp",
        "account_id": "901",
        "config": {"app_secret": "s3cret", "access_token": "t0k3n"},
    }
    answer = api("post", "/connections/", body, role="admin")
    assert answer.status_code == 201
    assert "/webhooks/whatsapp/" in answer.json()["webhook_url"]
    listed = api("get", "/connections/")
    for shown in (answer, listed):
        assert b"s3cret" not in shown.content
        assert b"t0k3n" not in shown.content
    assert ChannelConnection.objects.get().config["access_token"] == "t0k3n"


def test_only_admins_connect(api):
    body = {"platform": "telegram", "account_id": "1", "config": {}}
    assert api("post", "/connections/", body).status_code == 403
    assert api("post", "/connections/", body, role="viewer").status_code == 403
    assert not ChannelConnection.objects.exists()


def test_a_bad_secret_is_told_by_its_field(api):
    body = {"platform": "custom", "account_id": "1", "config": {"secret": "no base64 é"}}
    answer = api("post", "/connections/", body, role="admin")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == "secret"


def test_a_reply_is_queued_and_the_conversation_is_a_persons(api, conversation):
    answer = api("post", f"/conversations/{conversation.pk}/reply/", {"text": "Hello Ada"})
    assert answer.status_code == 201
    assert answer.json()["state"] == "queued"
    assert answer.json()["text"] == "Hello Ada"
    conversation.refresh_from_db()
    assert conversation.controller == "human"


def test_a_reply_against_the_policy_says_why(api, north):
    conversation = make_conversation(connection=connected("whatsapp", "901"))
    answer = api("post", f"/conversations/{conversation.pk}/reply/", {"text": "Hello"})
    assert answer.status_code == 409
    assert answer.json()["code"] == "not_started"
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("deed", "body", "field", "value"),
    [
        ("take-over", {"reason": "asked"}, "controller", "human"),
        ("hand-back", {}, "controller", "ai"),
        ("close", {}, "status", "closed"),
        ("assign", {"assignee": None}, "assignee", None),
    ],
)
def test_deeds(api, conversation, deed, body, field, value):
    path = f"/conversations/{conversation.pk}/{deed}/"
    assert api("post", path, body, role="viewer").status_code == 403
    answer = api("post", path, body)
    assert answer.status_code == 200, answer.content
    assert answer.json()[field] == value
    assert answer.json()["turn_version"] == conversation.turn_version + 1


def test_a_conversations_messages_newest_first(api, conversation):
    for number in range(3):
        make_message(conversation=conversation, text=f"number {number}")
    make_message()
    answer = api("get", f"/conversations/{conversation.pk}/messages/", role="viewer")
    texts = [message["text"] for message in answer.json()["results"]]
    assert texts == ["number 2", "number 1", "number 0"]


def test_an_event_is_replayed(api, conversation):
    event = InboundEvent.objects.create(
        connection=conversation.connection, key="k", kind="message", body=b"{}", status="rejected"
    )
    assert api("post", f"/inbound-events/{event.pk}/replay/").status_code == 403
    answer = api("post", f"/inbound-events/{event.pk}/replay/", role="admin")
    assert answer.json()["status"] == "pending"


@pytest.mark.parametrize(
    "path",
    ["/connections/", "/contacts/", "/conversations/", "/messages/", "/inbound-events/"],
)
def test_a_list_costs_the_same_for_one_row_and_for_many(
    api, conversation, path, django_assert_max_num_queries
):
    def fill(count: int) -> None:
        for _ in range(count):
            made = make_conversation(connection=conversation.connection)
            make_message(conversation=made)
            connected("custom")

    fill(1)
    api("get", path)
    with django_assert_max_num_queries(100) as few:
        assert api("get", path).status_code == 200
    fill(4)
    with django_assert_max_num_queries(len(few)):
        assert len(api("get", path).json()["results"]) >= 0


def test_another_companys_rows_are_404(api, client, conversation, south):
    from tenants import context

    context.enter_company(south)
    for _ in range(5):
        theirs = make_conversation(connection=connected("custom"))
    make_message(conversation=theirs)
    key = create_api_key(name="theirs", role="admin")[1]

    for path in ("/conversations/{}/", "/conversations/{}/messages/", "/contacts/{}/"):
        pk = theirs.contact_id if "contacts" in path else theirs.pk
        assert api("get", path.format(pk), role="admin").status_code == 404
    assert api("post", f"/conversations/{theirs.pk}/reply/", {"text": "x"}).status_code == 404
    assert api("post", f"/conversations/{theirs.pk}/close/", {}).status_code == 404

    stranger = client.get(f"{API}/conversations/", headers={"Authorization": f"Bearer {key}"})
    assert stranger.status_code == 401
    context.enter_company(south)
    assert Conversation.objects.filter(status="closed").count() == 0
