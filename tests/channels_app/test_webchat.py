"""The web chat's doors: who a visitor is, what is taken from them, what they may read."""

import json
import time

import pytest
from django.core.signing import TimestampSigner
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_app import services
from channels_app.chat import tokens
from channels_app.chat.entrance import MAX_BYTES
from channels_app.models import Contact, ContactIdentity, Conversation, InboundEvent, Message
from channels_app.outbox import post_message
from channels_app.services import routing
from channels_app.services.routing import Route
from channels_app.strangers import caller_of
from tenants import context, lines
from tenants.redis import client as redis_client
from tests.channels_app.chat_page import (
    SECRET,
    SITE,
    Page,
    connect_chat,
    error_of,
    identity,
    new_id,
)


@pytest.fixture
def chat(north):
    return connect_chat()


@pytest.fixture
def page(client, chat):
    return Page(client, chat)


@pytest.fixture
def another_page(client, chat):
    return Page(client, chat)


def answer(conversation, text, author=Message.Author.HUMAN, **more):
    """Something we say, delivered."""
    message = post_message(conversation=conversation, text=text, author=author, **more)
    services.deliver(message_id=message.pk)
    message.refresh_from_db()
    return message


def said_on_lines(schema="north"):
    """Everything the visitors' pages were told: (kind, data)."""
    found = []
    for _id, fields in redis_client().xrange(lines.stream_of(schema)):
        data = lines.unseal(schema, fields["line"], fields["data"])
        found.append((fields["kind"], json.loads(data)))
    return found


# -- a conversation


def test_a_visitor_writes_and_finds_it_again(page, work):
    said = page.begin(language="es")
    own = new_id()
    taken = page.write("¿Cuánto cuesta?", own, page={"url": f"{SITE}/bikes", "title": "Bikes"})
    work()

    assert said["messages"] == []
    assert said["verified"] is False
    assert taken.json() == {"id": own, "duplicate": False}
    message = Message.objects.get()
    assert message.text == "¿Cuánto cuesta?"
    assert message.details["page"] == f"{SITE}/bikes"
    [shown] = page.history().json()["messages"]
    assert (shown["id"], shown["from"], shown["text"]) == (own, "visitor", "¿Cuánto cuesta?")


def test_what_is_taken_is_durable_before_we_say_so(page, monkeypatch):
    monkeypatch.setattr("channels_app.chat.doors.ring_events", lambda stored: None)
    page.write("Kept?")
    event = InboundEvent.objects.get()
    assert event.status == InboundEvent.Status.PENDING
    assert b"Kept?" in event.body


def test_a_message_sent_twice_counts_once(page, work):
    own = new_id()
    answers = [page.write("Hello", own).json() for _ in range(3)]
    work()
    assert [each["duplicate"] for each in answers] == [False, True, True]
    assert Message.objects.count() == 1


def test_our_answer_is_streamed_in_sentences_then_whole_and_sent_at_once(page, work):
    page.write("Hi")
    work()
    conversation = Conversation.objects.get()
    message = post_message(
        conversation=conversation,
        text="The Breeze costs 649 €. Shall I put one aside?",
        author=Message.Author.AI,
        seen_turn=conversation.turn_version,
    )
    services.deliver(message_id=message.pk)
    message.refresh_from_db()

    told = said_on_lines()
    assert [kind for kind, _ in told] == ["delta", "delta", "message"]
    assert "".join(data["text"] for kind, data in told if kind == "delta") == message.text
    assert told[-1][1]["id"] == str(message.reference)
    assert message.state == Message.State.SENT
    assert page.texts() == ["Hi", message.text]


def test_people_answer_in_one_piece(page, work):
    page.write("Hi")
    work()
    answer(Conversation.objects.get(), "One. Two.")
    assert [kind for kind, _ in said_on_lines()] == ["message"]


def test_who_will_answer_is_told(page, work, django_capture_on_commit_callbacks):
    page.write("Hi")
    work()
    assert page.begin()["person"] is False
    with django_capture_on_commit_callbacks(execute=True):
        services.hand_over(conversation=Conversation.objects.get(), reason="low_confidence")
    assert said_on_lines() == [("leader", {"is_person": True})]
    assert page.begin()["person"] is True
    assert page.history().json()["person"] is True


def test_without_the_stream_it_is_sent_all_the_same(page, work, monkeypatch, redis_down):
    page.write("Hi")
    work()
    monkeypatch.setattr(lines, "client", redis_down)
    message = answer(Conversation.objects.get(), "Here.")
    assert message.state == Message.State.SENT
    assert page.texts()[-1] == "Here."


@pytest.fixture
def redis_down():
    import redis

    class Away:
        def pipeline(self, **options):
            raise redis.ConnectionError("away")

    return Away


def test_ticks_go_back_to_the_thread_and_never_backwards(page, work):
    page.write("Hi")
    work()
    message = answer(Conversation.objects.get(), "Hello")
    reference = str(message.reference)

    states = []
    for state in ("delivered", "read", "delivered"):
        page.ask("receipts", {state: [reference]})
        work()
        message.refresh_from_db()
        states.append(message.state)

    assert states == ["delivered", "read", "read"]


def test_a_message_whose_fate_was_unknown_is_known_by_its_tick(page, work):
    page.write("Hi")
    work()
    message = answer(Conversation.objects.get(), "Hello")
    Message.objects.filter(pk=message.pk).update(
        state=Message.State.UNKNOWN, external_id="", external_key=""
    )
    page.ask("receipts", {"read": [str(message.reference)]})
    work()
    message.refresh_from_db()
    assert message.state == Message.State.READ


def test_history_goes_page_by_page_without_gap_or_repeat(page, work):
    for number in range(70):
        page.token or page.begin()
        event = {
            "type": "message",
            "id": f"message-{number:03}",
            "visitor": {"id": tokens.visitor_of(page.token, route_of(page)).id},
            "text": str(number),
            "at": 1763632800 + number,
        }
        items = list(page_connection(page).provider().split(json.dumps(event).encode()))
        services.ring_events(services.store(connection_id=page_connection(page).pk, items=items))
    work()

    found: list[str] = []
    before = ""
    while True:
        said = page.history(f"?before={before}" if before else "").json()
        found = [each["text"] for each in said["messages"]] + found
        if not said["more"]:
            break
        before = said["messages"][0]["id"]

    assert found == [str(number) for number in range(70)]
    newer = page.history("?after=message-067").json()["messages"]
    assert [each["text"] for each in newer] == ["68", "69"]


def page_connection(page):
    from channels_app.models import ChannelConnection

    return ChannelConnection.objects.get(webhook_token=page.key)


def route_of(page):
    connection = page_connection(page)
    return Route(context.schema(), connection.pk, connection.account_id)


def test_notes_drafts_and_what_was_not_sent_are_not_shown(page, work):
    page.write("Hi")
    work()
    conversation = Conversation.objects.get()
    services.add_note(conversation=conversation, text="A secret", user=None)
    post_message(conversation=conversation, text="Not yet", author=Message.Author.HUMAN)
    assert page.texts() == ["Hi"]


def test_a_stranger_leaves_an_address(page, work):
    page.write("Hi")
    work()
    assert page.ask("person", {"email": "Ada@Example.com"}).json()["email"] == "Ada@example.com"
    work()
    contact = Contact.objects.get()
    assert contact.email == "Ada@example.com"
    assert ContactIdentity.objects.get().proven_email == ""  # nobody has checked it
    assert error_of(page.ask("person", {"email": "ada@"})) == (422, "invalid")


# -- who is asking


def test_an_identified_visitor_is_the_same_contact_in_every_browser(page, another_page, work):
    who = {"name": "Ada Byron", "email": "ada@example.com"}
    assert page.begin(identity=identity(**who))["verified"] is True
    page.write("From the office")
    another_page.begin(identity=identity(**who))
    another_page.write("From home")
    work()

    contact = Contact.objects.get()
    assert (contact.name, contact.email) == ("Ada Byron", "ada@example.com")
    assert Conversation.objects.count() == 1
    assert page.texts() == another_page.texts() == ["From the office", "From home"]


@pytest.mark.parametrize(
    ("forged", "code"),
    [
        (identity(secret="t" * 40), "identity"),
        (identity(seconds=-3600), "expired"),
        (identity(seconds=90_000), "identity"),
        (identity(exp=None), "identity"),
        (identity(exp="tomorrow"), "identity"),
        (identity(exp=True), "identity"),
        (identity(sub=None), "identity"),
        (identity(sub=""), "identity"),
        (identity(nbf=int(time.time()) + 3600), "identity"),
        ("eyJhbGciOiJub25lIn0.eyJzdWIiOiI0MiIsImV4cCI6OTk5OTk5OTk5OX0.", "identity"),
        (identity()[:-2], "identity"),
        ("x" * 10_000, "identity"),
        ("....", "identity"),
        (42, "identity"),
    ],
)  # fmt: skip
def test_an_identity_that_is_not_believed_is_refused(page, forged, code):
    answered = page.ask("session", {"identity": forged}, token="")
    assert error_of(answered) == (403, code)
    assert "token" not in answered.json()


def test_without_a_secret_nobody_is_vouched_for(client, north):
    page = Page(client, connect_chat(identity_secret=""))
    assert error_of(page.ask("session", {"identity": identity()}, token="")) == (403, "identity")


@pytest.mark.parametrize(
    ("vouched", "typed", "email", "is_proven"),
    [
        ("ada@example.com", "", "ada@example.com", True),
        ("ada@example.com", "eve@example.com", "ada@example.com", True),
        ("", "victim@example.com", "victim@example.com", False),
    ],
)
def test_only_an_address_the_server_vouches_for_is_proven(
    page, work, vouched, typed, email, is_proven
):
    page.begin(identity=identity("7", email=vouched))
    page.write("Hi", email=typed)
    work()
    assert Contact.objects.get().email == email
    assert bool(ContactIdentity.objects.get().proven_email) is is_proven


@pytest.mark.parametrize(
    ("said", "is_proven"), [(True, True), (False, False), ("false", False), ("true", True)]
)
def test_an_address_that_nobody_checked_is_not_vouched_for(page, work, said, is_proven):
    """Whoever signs up at the website with somebody else's address is not somebody else."""
    page.begin(identity=identity("7", email="victim@example.com", email_verified=said))
    page.write("Hi", email="victim@example.com")
    work()
    assert bool(ContactIdentity.objects.get().proven_email) is is_proven


def test_a_users_token_ends_with_their_identity(page, work, monkeypatch):
    page.begin(identity=identity(seconds=60))
    page.write("Mine")
    work()
    later = time.time() + 120
    monkeypatch.setattr(time, "time", lambda: later)
    assert error_of(page.history()) == (401, "expired")
    said = page.begin()  # the replayed token is as good as none
    assert said["verified"] is False
    assert said["messages"] == []


def test_a_strangers_words_join_the_user_who_signs_in(page, work):
    page.write("Before")
    work()
    anonymous = page.token
    joined = page.begin(identity=identity("7", name="Ada"))
    page.write("After")
    work()

    assert joined["joined"] is True
    assert [each["text"] for each in joined["messages"]] == ["Before"]
    assert page.texts() == ["Before", "After"]
    assert Contact.objects.get().name == "Ada"
    # What the browser showed before is nobody's any more.
    left = Page(page.client, page_connection(page))
    left.token = anonymous
    assert left.texts() == []
    assert left.begin(identity=identity("8"))["messages"] == []


def test_a_strangers_words_join_the_thread_the_user_has(page, another_page, work):
    another_page.begin(identity=identity("7"))
    another_page.write("An old question")
    page.write("A new one")
    work()
    conversation = Conversation.objects.get(thread_index=services_index("user:7"))

    page.begin(identity=identity("7"))

    assert sorted(page.texts()) == ["A new one", "An old question"]
    conversation.refresh_from_db()
    assert conversation.waiting_since is not None
    assert conversation.messages.count() == 2
    emptied = Conversation.objects.exclude(pk=conversation.pk).get()
    assert emptied.status == Conversation.Status.CLOSED
    assert not emptied.messages.exists()


def services_index(external_id):
    from channels_app.models import id_index

    return id_index(external_id)


def test_the_words_that_joined_are_announced_anew(
    page, another_page, work, bell, django_capture_on_commit_callbacks
):
    another_page.begin(identity=identity("7"))
    another_page.write("An old question")
    page.write("A new one")
    work()
    bell.clear()
    with django_capture_on_commit_callbacks(execute=True):
        page.begin(identity=identity("7"))
    assert [(change, message.text) for change, message in bell] == [("new", "A new one")]


def test_one_user_never_takes_over_another(page, another_page, work):
    page.begin(identity=identity("7"))
    page.write("Of seven")
    work()
    # The next person at the same screen, with seven's token still in the browser.
    said = page.begin(identity=identity("8"))
    assert said["joined"] is False
    assert said["messages"] == []
    assert page.texts() == []
    page.begin(identity=identity("7"))
    assert page.texts() == ["Of seven"]


def test_a_token_is_good_at_its_own_chat_only(page, client, south, work, north):
    page.write("North's")
    work()
    other = Page(client, connect_chat())
    with context.inside(south):
        foreign = Page(client, connect_chat())
    for each in (other, foreign):
        each.token = page.token
        assert error_of(each.history()) == (401, "token")
        assert error_of(each.write("Hello")) == (401, "token")
        assert each.begin()["messages"] == []
        assert each.token != page.token
    assert page.texts() == ["North's"]


def test_the_key_of_one_company_is_nothing_on_anothers_host(client, chat, south):
    page = Page(client, chat, host="south.localhost")
    assert error_of(page.ask("session", {}, token="")) == (404, "not_found")
    page.host = "north.localhost"
    assert page.ask("session", {}, token="").status_code == 200


@pytest.mark.parametrize("token", ["x", "a:b:c", "é" * 50, "null"])
def test_a_forged_token_opens_nothing(page, token):
    assert error_of(page.ask("history", method="get", token=token))[0] == 401


def test_a_forged_visitor_is_not_believed(page, chat):
    page.begin()
    body, _, signature = page.token.rpartition(":")
    other = TimestampSigner(key="another", salt=tokens.SALT).sign("x")
    for forged in (f"{body}x:{signature}", other, f"{body}:{signature[:-1]}"):
        assert error_of(page.ask("history", method="get", token=forged)) == (401, "token")


def test_tokens_are_replaced_while_they_are_used(page, monkeypatch):
    first = page.begin()["token"]
    assert page.begin()["token"] == first
    later = time.time() + tokens.FRESH_SECONDS + 60
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    second = page.begin()["token"]
    assert second != first
    route = route_of(page)
    assert tokens.visitor_of(first, route) == tokens.visitor_of(second, route)


def test_a_visitor_cannot_tick_what_was_said_to_another(page, another_page, work):
    page.write("Mine")
    another_page.write("Theirs")
    work()
    theirs = answer(Conversation.objects.order_by("pk").last(), "For you")
    assert page.ask("receipts", {"read": [str(theirs.reference)]}).json() == {"kept": 0}
    work()
    theirs.refresh_from_db()
    assert theirs.state == Message.State.SENT


def test_another_visitors_message_is_no_place_to_read_on_from(page, another_page, work):
    page.write("Mine")
    another_page.write("Theirs", "their-message")
    work()
    said = page.history("?before=their-message").json()
    assert [each["text"] for each in said["messages"]] == ["Mine"]


# -- what the door lets in


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"{SITE}.evil", "http://["])
def test_other_websites_are_refused(page, origin):
    page.begin()
    page.origin = origin
    refusal = page.write("Hello")
    assert error_of(refusal) == (403, "origin")
    assert "Access-Control-Allow-Origin" not in refusal
    assert not InboundEvent.objects.exists()


def test_its_own_console_may_show_the_chat(page):
    page.origin = "http://north.localhost:8000"
    assert page.ask("session", {}, token="").status_code == 200
    page.origin = "http://south.localhost:8000"
    assert error_of(page.ask("session", {}, token="")) == (403, "origin")


def test_a_preflight_is_answered(page):
    allowed = page.ask("messages", method="options")
    assert allowed.status_code == 204
    assert allowed["Access-Control-Allow-Origin"] == SITE
    assert "Authorization" in allowed["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in allowed
    page.origin = "https://evil.example"
    assert page.ask("messages", method="options").status_code == 403


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        ("[", (400, "unreadable")),
        ("[]", (400, "unreadable")),
        ("{}", (422, "invalid")),
        ('{"id": "short", "text": "x"}', (422, "invalid")),
        ('{"id": "message-0001"}', (422, "required")),
        ('{"id": "message-0001", "text": "  "}', (422, "required")),
        ('{"id": "message-0001", "text": 7}', (422, "too_long")),
        (json.dumps({"id": "message-0001", "text": "x" * 8_001}), (422, "too_long")),
        (json.dumps({"id": "message-0001", "text": "x" * MAX_BYTES}), (413, "too_large")),
        ('{"id": "message:0001", "text": "x"}', (422, "invalid")),
        ('{"id": "message-0001", "text": "x", "files": ["zzz"]}', (422, "invalid")),
        ('{"id": "message-0001", "text": "x", "email": "no address"}', (422, "invalid")),
        ("[" * 5_000, (400, "unreadable")),
    ],
)
def test_errors_are_clear(page, raw, refusal):
    page.begin()
    assert error_of(page.ask("messages", raw=raw)) == refusal
    assert not InboundEvent.objects.exists()


def test_a_visitor_is_slowed_down_and_others_are_not(page, another_page):
    page.begin()
    answers = [page.write("Again") for _ in range(17)]
    assert error_of(answers[-1]) == (429, "throttled")
    assert int(answers[-1]["Retry-After"]) > 0
    assert answers[-1]["Access-Control-Allow-Origin"] == SITE
    assert another_page.write("Hello").status_code == 200


@pytest.mark.parametrize(
    ("proxies", "claimed", "counted_as"),
    [
        (0, "203.0.113.9", "127.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "1.1.1.1, 203.0.113.9", "203.0.113.9"),
        (2, "1.1.1.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "203.0.113.9", "127.0.0.1"),
        (1, "", "127.0.0.1"),
    ],
)
def test_visitors_behind_our_proxy_are_counted_apart(rf, settings, proxies, claimed, counted_as):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    asked = rf.get("/", headers={"X-Forwarded-For": claimed})
    assert caller_of(asked) == counted_as


def test_a_chat_that_is_gone_is_not_found(page, chat):
    page.begin()
    services.disconnect(connection=chat)
    routing.forget_routes()
    assert error_of(page.write("Hello")) == (404, "not_found")


def test_no_cookie_is_set_and_nothing_is_kept_by_the_way(page):
    answered = page.ask("session", {}, token="")
    assert not answered.cookies
    assert answered["Cache-Control"] == "no-store"


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(
    body=st.dictionaries(
        st.sampled_from(["id", "text", "page", "files", "email", "name", "language", "delivered"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=12),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
            max_leaves=6,
        ),
    ),
    what=st.sampled_from(["session", "messages", "receipts", "person"]),
)
def test_whatever_a_page_sends_is_taken_or_refused(page, body, what):
    for key in redis_client().scan_iter("lw:north:limit:*"):
        redis_client().delete(key)
    page.token or page.begin()
    answered = page.ask(what, body)
    assert answered.status_code in {200, 400, 403, 422}, answered.content


def test_text_of_any_kind_is_taken_and_stays_text(page, work):
    hostile = "<img src=x onerror=alert(1)>\u202e\x00 javascript:alert(1) \ud800"
    page.write(hostile, name="<script>alert(1)</script>")
    work()
    assert "<img src=x" in Message.objects.get().text
    assert Contact.objects.get().name == "<script>alert(1)</script>"


# -- while nobody is there


@pytest.mark.parametrize(
    ("hours", "is_on", "online"),
    [("", True, True), ("", False, True), ("Mon-Sun 00:00-24:00", False, True)],
)
def test_whether_somebody_is_there(client, north, hours, is_on, online):
    from tenants.workspace.models import Profile

    ours = Profile.current()
    ours.ai_enabled = is_on
    ours.save()
    page = Page(client, connect_chat(open_hours=hours))
    assert page.begin()["online"] is online


def test_out_of_hours_and_without_the_ai_nobody_is(client, north):
    from django.utils import timezone

    from tenants.workspace.models import Profile

    ours = Profile.current()
    ours.ai_enabled = False
    ours.save()
    today = timezone.now().weekday()
    other = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[(today + 3) % 7]
    page = Page(client, connect_chat(open_hours=f"{other} 09:00-10:00"))
    assert page.begin()["online"] is False
    assert page.write("Later then").status_code == 200


# -- the script


def test_the_script_names_its_chat_and_holds_no_secret(client, chat):
    answered = client.get(f"/chat/{chat.webhook_token}.js", HTTP_HOST="localhost")
    body = answered.content.decode()
    assert answered["Content-Type"] == "text/javascript; charset=utf-8"
    assert chat.webhook_token in body
    assert "Acme Bikes" in body
    assert SECRET not in body
    assert SITE not in body
    again = client.get(
        f"/chat/{chat.webhook_token}.js",
        HTTP_HOST="localhost",
        headers={"If-None-Match": answered["ETag"]},
    )
    assert again.status_code == 304
    assert not answered.cookies
    assert client.get("/chat/nothing.js", HTTP_HOST="localhost").status_code == 404


def test_the_script_is_small(client, chat):
    answered = client.get(
        f"/chat/{chat.webhook_token}.js",
        HTTP_HOST="localhost",
        headers={"Accept-Encoding": "gzip"},
    )
    assert answered["Content-Encoding"] == "gzip"
    assert len(answered.content) < 15_000


def test_settings_cannot_end_the_script(client, north):
    chat = connect_chat(
        team="</script><script>alert(1)</script>\u2028", greeting="en: \"'</script>"
    )
    body = client.get(f"/chat/{chat.webhook_token}.js", HTTP_HOST="localhost").content.decode()
    assert "</script>" not in body


# -- files


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)


def test_a_file_goes_along_with_a_message(page, work):
    page.begin()
    stored = page.upload(PNG).json()
    assert page.write("", files=[stored["handle"]]).status_code == 200
    work()
    message = Message.objects.get()
    assert message.attachments[0]["kind"] == "image"
    assert message.media.get().size == len(PNG)
    [shown] = page.history().json()["messages"]
    assert shown["files"][0]["url"].startswith("http")


def test_a_file_of_ours_reaches_the_page_by_an_address_that_ends(page, work, client):
    from channels_app.media.services import as_attachment, store_upload

    page.write("A picture, please")
    work()
    ours = as_attachment(store_upload(content=PNG, name="breeze.png", mime="image/png"))
    answer(Conversation.objects.get(), "Here", attachments=[ours])
    [(_, told)] = said_on_lines()
    [file] = told["files"]
    assert set(file) == {"kind", "name", "url", "mime", "size"}
    path = file["url"].partition("//")[2].partition("/")[2]
    shown = client.get(f"/{path}", HTTP_HOST="localhost")
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/png")
    assert shown["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_a_file_of_another_visitor_cannot_be_sent(page, another_page):
    page.begin()
    another_page.begin()
    theirs = another_page.upload(PNG).json()["handle"]
    assert error_of(page.write("Look", files=[theirs])) == (422, "invalid")


def test_what_is_no_file_is_refused(page):
    page.begin()
    assert error_of(page.ask("files", {}))[0] in {415, 422}
    assert error_of(page.upload(b"", "photo.png")) == (422, "empty")


def test_a_room_is_not_filled_by_asking_to_be_somebody_new_each_time(client, chat):
    statuses = []
    for _ in range(25):
        page = Page(client, chat)
        page.begin()
        statuses.append(page.upload(PNG).status_code)
    assert statuses[:20] == [200] * 20
    assert statuses[-1] == 429


def test_half_a_character_keeps_nobody_from_the_inbox(page, work, people):
    """JSON can spell a lone surrogate; what is stored of it must be fit for a page."""
    page.begin()
    raw = r'{"id": "message-0001", "text": "\ud83d\ude00 a\ud800b", "page": {"title": "\udc00"}}'
    assert page.ask("messages", raw=raw).status_code == 200
    work()
    message = Message.objects.get()
    assert message.text == "\N{GRINNING FACE} a?b"
    browser = Client(headers={"Host": "north.localhost"})
    browser.force_login(people["viewer"])
    for path in ("/inbox/", f"/inbox/{message.conversation_id}/"):
        assert browser.get(path).status_code == 200
