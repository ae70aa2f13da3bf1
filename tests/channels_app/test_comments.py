"""Public comments: answered in public or, once, in private; kept out of sight."""

import json
from contextlib import nullcontext
from datetime import timedelta
from uuid import uuid4

import pytest
import respx
from django.db import IntegrityError
from django.utils import timezone

from channels_app import services
from channels_app.models import ContactIdentity, Conversation, Message
from channels_app.outbox import SendRefused, post_message
from channels_app.services.statuses import UNKNOWN_DELIVERY
from tenants import context
from tenants.plugins.errors import Rejected
from tests.channels_app.conftest import connected, outcomes
from tests.factories import make_user

AI, HUMAN = Message.Author.AI, Message.Author.HUMAN
GRAPH = "https://graph.facebook.com/v25.0"
JANE = {"id": "4242", "name": "Jane"}


def change(value: dict, field: str = "feed") -> bytes:
    entry = {"id": "901", "time": 1_790_000_000, "changes": [{"field": field, "value": value}]}
    return json.dumps({"object": "page", "entry": [entry]}).encode()


def comment(external_id: str = "77_501", *, hours: float = 1, verb: str = "add", **more) -> bytes:
    at = int((timezone.now() - timedelta(hours=hours)).timestamp())
    post = {"item": "comment", "post_id": "901_77", "parent_id": "901_77", "from": JANE}
    value = {"verb": verb, "comment_id": external_id, "created_time": at, "message": "Price?"}
    return change({**post, **value, **more})


def on_instagram(external_id: str = "1786") -> bytes:
    value = {"id": external_id, "from": {"id": "4242", "username": "jane"}, "text": "Price?"}
    changes = [{"field": "comments", "value": {**value, "media": {"id": "1791"}}}]
    entry = {"id": "901", "time": 1_790_000_000, "changes": changes}
    return json.dumps({"object": "instagram", "entry": [entry]}).encode()


@pytest.fixture
def page(north):
    return connected("messenger", "901")


@pytest.fixture
def heard(page, knock, work):
    """What comes in, told by its body; the message it is about."""

    def hear(body: bytes, connection=page) -> Message | None:
        assert knock(connection, body).status_code == 200
        work()
        return Message.objects.filter(connection=connection).order_by("pk").last()

    return hear


def deliver(message: Message) -> Message:
    assert services.deliver(message_id=message.pk) is None
    message.refresh_from_db()
    return message


def test_a_comment_is_a_conversation_of_its_own(heard):
    heard(comment())
    heard(comment("77_502"))
    heard(comment("77_503", post_id="901_99"))
    heard(comment("77_504", **{"from": {"id": "5", "name": "Bob"}}))

    found = Conversation.objects.order_by("pk")
    assert [each.is_public for each in found] == [True, True, True]
    assert [each.messages.count() for each in found] == [2, 1, 1]
    assert found[0].contact == found[1].contact


def test_a_comment_told_twice_is_one(heard, page):
    heard(comment())
    heard(comment(post_id="901_88"))  # once more, for the advertisement that shows the post
    assert Message.objects.count() == 1
    assert len(outcomes(page)) == 1


def test_edited_hidden_and_removed(heard):
    message = heard(comment())
    heard(comment(verb="edited", message="What does it cost?"))
    heard(comment(verb="hide"))
    message.refresh_from_db()
    assert message.text == "What does it cost?"
    assert message.hidden_at

    heard(comment(verb="unhide"))
    heard(comment(verb="remove"))
    message.refresh_from_db()
    assert message.hidden_at is None
    assert message.deleted_at
    with pytest.raises(SendRefused) as refused:
        post_message(conversation=message.conversation, text="20 €", author=AI)
    assert refused.value.code == "nothing_to_answer"


@respx.mock
def test_the_last_comment_is_answered_in_public(heard):
    route = respx.post(f"{GRAPH}/77_502/comments").respond(json={"id": "77_900"})
    heard(comment())
    message = heard(comment("77_502"))

    answer = deliver(post_message(conversation=message.conversation, text="20 €", author=AI))

    assert (answer.state, answer.external_id) == ("accepted", "77_900")
    assert json.loads(route.calls.last.request.content) == {"message": "20 €"}
    # The page's comments are told to us as well.
    own = {"comment_id": "77_900", "parent_id": "77_502", "from": {"id": "901"}, "message": "20 €"}
    heard(comment("77_900", **{k: v for k, v in own.items() if k != "comment_id"}))
    answer.refresh_from_db()
    assert answer.state == "sent"
    assert Message.objects.count() == 3


def test_a_colleague_who_answers_on_the_page_leads(heard):
    message = heard(comment())
    heard(comment("77_900", parent_id="77_501", message="20 €", **{"from": {"id": "901"}}))
    conversation = Conversation.objects.get(pk=message.conversation_id)
    assert not conversation.is_with_ai
    assert conversation.messages.last().author == Message.Author.ECHO


def test_the_pages_own_comment_under_its_post_is_nobodys(heard, page):
    assert heard(comment("77_900", **{"from": {"id": "901"}})) is None
    assert outcomes(page)[0][2] == "echo"


@respx.mock
def test_one_answer_in_private(heard):
    route = respx.post(f"{GRAPH}/901/messages").respond(
        json={"recipient_id": "PSID7", "message_id": "m_1"}
    )
    message = heard(comment())
    ask = {"conversation": message.conversation, "author": HUMAN, "user": make_user()}

    answer = deliver(post_message(text="Let us talk", is_private=True, **ask))

    sent = json.loads(route.calls.last.request.content)
    assert sent["recipient"] == {"comment_id": "77_501"}
    assert answer.state == "accepted"
    assert ContactIdentity.objects.filter(contact=message.conversation.contact).count() == 2
    with pytest.raises(SendRefused) as refused:
        post_message(text="Once more", is_private=True, **ask)
    assert refused.value.code == "private_reply_used"
    assert refused.value.next_allowed_at is None
    answer.pk, answer.external_key, answer.reference = None, "", uuid4()
    with pytest.raises(IntegrityError):  # not even past the services
        answer.save(force_insert=True)


@respx.mock
@pytest.mark.parametrize(
    ("error_code", "may"), [("100", nullcontext()), (UNKNOWN_DELIVERY, pytest.raises(SendRefused))]
)
def test_one_that_failed_may_be_tried_again_unless_it_may_have_arrived(heard, error_code, may):
    message = heard(comment())
    ask = {"conversation": message.conversation, "author": AI, "is_private": True}
    first = post_message(text="Hello", **ask)
    Message.objects.filter(pk=first.pk).update(state="failed", error_code=error_code)
    with may:
        post_message(text="Hello", **ask)


def test_in_private_only_for_seven_days(heard):
    message = heard(comment(hours=24 * 7 + 1))
    ask = {"conversation": message.conversation, "author": AI, "text": "Hello"}
    with pytest.raises(SendRefused) as refused:
        post_message(is_private=True, **ask)
    assert refused.value.code == "private_reply_expired"
    assert post_message(**ask).state == "queued"  # in public there is no window


@respx.mock
def test_hidden_at_the_network_and_here(heard):
    route = respx.post(f"{GRAPH}/77_501").respond(json={"success": True})
    message = services.hide(message=heard(comment()))
    assert json.loads(route.calls.last.request.content) == {"is_hidden": True}
    assert message.hidden_at
    assert services.hide(message=message, hidden=False).hidden_at is None


@pytest.fixture
def api(client, people, north):
    def call(path: str, body: object = None, role: str = "agent"):
        client.force_login(people[role])
        answer = client.post(f"/api/v1{path}", body or {}, content_type="application/json")
        context.enter_company(north)
        return answer

    return call


@respx.mock
def test_the_api_answers_in_private_and_hides(heard, api):
    respx.post(f"{GRAPH}/77_501").respond(json={"success": True})
    message = heard(comment())
    path = f"/conversations/{message.conversation_id}/reply/"
    body = {"text": "Hello", "answers": message.pk, "is_private": True}

    assert api(path, body).json()["is_private"] is True
    assert api(path, body).json()["code"] == "private_reply_used"
    assert api(f"/messages/{message.pk}/hide/", role="viewer").status_code == 403
    assert api(f"/messages/{message.pk}/hide/").json()["hidden_at"]
    assert api(f"/messages/{message.pk}/show/").json()["hidden_at"] is None


@respx.mock
def test_the_page_answers_in_private_and_hides(heard, client, people, north):
    respx.post(f"{GRAPH}/77_501").respond(json={"success": True})
    message = heard(comment())
    client.force_login(people["agent"])
    shown = client.get(f"/inbox/{message.conversation_id}/").content.decode()
    assert 'name="is_private"' in shown
    assert f"/inbox/comments/{message.pk}/" in shown

    body = {"text": "Hello", "is_private": "on"}
    assert client.post(f"/inbox/{message.conversation_id}/reply/", body).status_code == 302
    assert client.post(f"/inbox/comments/{message.pk}/").status_code == 302

    context.enter_company(north)
    message.refresh_from_db()
    assert message.hidden_at
    assert message.answered_by.get().is_private


def test_the_api_keeps_the_opt_out_ledger(heard, api):
    message = heard(comment())
    path = f"/contacts/{message.conversation.contact_id}"
    assert api(f"{path}/opt-out/", role="viewer").status_code == 403
    assert api(f"{path}/opt-out/", {"purpose": "all"}).json()["has_opted_out"] is True
    refused = api(f"/conversations/{message.conversation_id}/reply/", {"text": "Hello"})
    assert (refused.status_code, refused.json()["code"]) == (409, "opted_out")
    assert api(f"{path}/opt-in/").json()["has_opted_out"] is False


def test_where_nothing_can_be_hidden_it_says_so(north, knock, work):
    connection = connected("telegram", "77")
    with pytest.raises(Rejected):
        connection.provider().hide("1", hidden=True)


@respx.mock
def test_on_instagram(north, heard):
    connection = connected("instagram", "901")
    public = respx.post(f"{GRAPH}/1786/replies").respond(json={"id": "1787"})
    private = respx.post(f"{GRAPH}/901/messages").respond(
        json={"recipient_id": "IGSID", "message_id": "aWd1"}
    )
    hidden = respx.post(f"{GRAPH}/1786").respond(json={"success": True})
    message = heard(on_instagram(), connection)

    deliver(post_message(conversation=message.conversation, text="20 €", author=AI))
    deliver(post_message(conversation=message.conversation, text="Hi", author=AI, is_private=True))
    services.hide(message=message)

    assert json.loads(public.calls.last.request.content) == {"message": "20 €"}
    assert json.loads(private.calls.last.request.content)["recipient"] == {"comment_id": "1786"}
    assert json.loads(hidden.calls.last.request.content) == {"hide": True}


@respx.mock
def test_a_mention_is_fetched_and_answered(north, heard):
    connection = connected("instagram", "901")
    said = {"text": "Ask @acme", "username": "jane", "timestamp": "2026-11-19T10:00:00+0000"}
    respx.get(f"{GRAPH}/901").respond(json={"mentioned_comment": said, "id": "901"})
    route = respx.post(f"{GRAPH}/901/mentions").respond(json={"id": "1790"})
    value = {"comment_id": "1786", "media_id": "1791"}
    entry = {"id": "901", "time": 1, "changes": [{"field": "mentions", "value": value}]}

    message = heard(json.dumps({"object": "instagram", "entry": [entry]}).encode(), connection)

    assert (message.text, str(message.conversation.contact)) == ("Ask @acme", "jane")
    assert message.provider_time.isoformat() == "2026-11-19T10:00:00+00:00"
    deliver(post_message(conversation=message.conversation, text="Yes?", author=AI))
    assert json.loads(route.calls.last.request.content) == {**value, "message": "Yes?"}
