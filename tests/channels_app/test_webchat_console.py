"""A web chat's pages in the console: connecting, settings, the page to try it on."""

import pytest
from django.test import Client
from django.urls import reverse

from channels_app.models import ChannelConnection
from tests.channels_app.chat_page import SECRET, SITE, connect_chat
from tests.factories import make_connection


@pytest.fixture
def enter(people):
    def sign_in(role):
        browser = Client(headers={"Host": "north.localhost"})
        browser.force_login(people[role])
        return browser

    return sign_in


def test_it_is_connected_without_an_account_id_and_its_secret_shown_once(enter):
    add = reverse("channels_app:add", args=["webchat"])
    admin = enter("admin")
    assert 'name="account_id"' not in admin.get(add).content.decode()
    page = admin.post(add, {"name": "Website", "config-allowed_origins": SITE}).content.decode()
    connection = ChannelConnection.objects.get()
    assert connection.account_id.startswith("webchat-")
    assert connection.config["identity_secret"] in page
    assert f"/chat/{connection.webhook_token}.js" in page
    again = admin.get(reverse("channels_app:channel", args=[connection.pk])).content.decode()
    assert connection.config["identity_secret"] not in again


def test_settings_are_changed_and_a_secret_left_empty_stays(enter):
    connection = connect_chat(colour="#112233")
    settings = reverse("channels_app:chat_settings", args=[connection.pk])
    admin = enter("admin")
    assert SECRET not in admin.get(settings).content.decode()
    fields = {
        "config-team": "Acme",
        "config-allowed_origins": "https://a.example\nhttps://b.example",
        "config-colour": "#abcdef",
        "config-greeting": "en: Hi",
    }
    assert admin.post(settings, fields).status_code == 302
    connection.refresh_from_db()
    assert connection.config["identity_secret"] == SECRET
    assert connection.config["colour"] == "#abcdef"
    assert admin.post(settings, {**fields, "config-greeting": ""}).status_code == 302
    connection.refresh_from_db()
    assert connection.config["greeting"] == ""


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("allowed_origins", "example.com"),
        ("allowed_origins", "https://example.com/path"),
        ("allowed_origins", "http://["),
        ("allowed_origins", "javascript://x"),
        ("colour", "red"),
        ("colour", "#12345g"),
        ("open_hours", "always"),
        ("identity_secret", "short"),
        ("ask_email", "often"),
    ],
)
def test_what_cannot_be_is_not_saved(enter, field, value):
    connection = connect_chat()
    settings = reverse("channels_app:chat_settings", args=[connection.pk])
    answered = enter("admin").post(settings, {f"config-{field}": value})
    assert answered.status_code == 422
    connection.refresh_from_db()
    assert connection.config["team"] == "Acme Bikes"


def test_the_page_to_try_it_on_lets_the_chat_speak(enter, settings):
    connection = connect_chat()
    preview = enter("viewer").get(reverse("channels_app:chat_preview", args=[connection.pk]))
    assert f"/chat/{connection.webhook_token}.js" in preview.content.decode()
    policy = preview["Content-Security-Policy"]
    assert f"http://north.localhost:{settings.LIVE_PORT}" in policy


def test_who_may_change_it(enter):
    connection = connect_chat()
    page = reverse("channels_app:chat_settings", args=[connection.pk])
    for role in ("agent", "viewer"):
        assert enter(role).get(page).status_code == 403
        assert enter(role).post(page, {}).status_code == 403


def test_other_channels_have_no_chat(enter):
    other = make_connection()
    for name in ("chat_settings", "chat_preview"):
        assert (
            enter("admin").get(reverse(f"channels_app:{name}", args=[other.pk])).status_code == 404
        )


def test_somebody_who_writes_in_the_inbox_is_seen_writing(
    enter, work, client, django_capture_on_commit_callbacks
):
    from channels_app.models import Conversation
    from tests.channels_app.chat_page import Page
    from tests.channels_app.test_webchat import said_on_lines

    page = Page(client, connect_chat())
    page.write("Hi")
    work()
    opened = Conversation.objects.get()
    where = reverse("channels_app:typing", args=[opened.pk])
    assert enter("viewer").post(where).status_code == 403
    agent = enter("agent")
    with django_capture_on_commit_callbacks(execute=True):
        assert agent.post(where).status_code == 204
        assert agent.post(where, {"over": "1"}).status_code == 204
    assert (
        "data-typing"
        in enter("agent")
        .get(reverse("channels_app:conversation", args=[opened.pk]))
        .content.decode()
    )
    assert said_on_lines() == [
        ("leader", {"is_person": True}),  # from the first key on
        ("typing", {"from": "team", "on": True}),
        ("typing", {"from": "team", "on": False}),
    ]
