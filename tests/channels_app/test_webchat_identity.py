"""Whatever browsers and people do, a visitor sees their own words and nobody else's."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_app import services
from channels_app.models import Contact, Conversation, Message
from channels_app.services import routing
from tenants import context, lines
from tenants.redis import client as redis_client
from tests.channels_app.chat_page import Page, connect_chat, error_of, identity

BROWSERS, USERS = 3, ("ana", "ben")
DEEDS = st.one_of(
    st.tuples(st.just("write"), st.integers(0, BROWSERS - 1), st.just("")),
    st.tuples(st.just("sign in"), st.integers(0, BROWSERS - 1), st.sampled_from(USERS)),
    st.tuples(st.just("sign out"), st.integers(0, BROWSERS - 1), st.just("")),
    # a page that kept an old token, or a thief who copied it
    st.tuples(st.just("replay"), st.integers(0, BROWSERS - 1), st.just("")),
)


@pytest.fixture
def chat(north):
    return connect_chat()


class World:
    """What ought to be seen: every stranger and every user has their own list of words."""

    def __init__(self, client, chat, work):
        self.pages = [Page(client, chat) for _ in range(BROWSERS)]
        self.who = ["" for _ in range(BROWSERS)]
        self.words = {}
        self.spent: list[list[Any]] = [[] for _ in range(BROWSERS)]
        self.strangers = 0
        self.work = work

    def owner(self, at):
        if not self.who[at]:
            self.strangers += 1
            self.who[at] = f"stranger {self.strangers}"
            self.pages[at].token = ""
            self.pages[at].begin()
        return self.who[at]

    def do(self, deed, at, user):
        {
            "write": self.write,
            "sign in": self.sign_in,
            "sign out": self.sign_out,
            "replay": self.replay,
        }[deed](at, user)

    def write(self, at, _user):
        owner = self.owner(at)
        text = f"word {sum(map(len, self.words.values()))}"
        assert self.pages[at].write(text).status_code == 200
        self.words.setdefault(owner, []).append(text)
        self.work()

    def sign_in(self, at, user):
        before = self.owner(at)
        token = self.pages[at].token
        self.pages[at].begin(identity=identity(user))
        if before.startswith("stranger"):
            self.words.setdefault(user, []).extend(self.words.pop(before, []))
            self.spent[at].append(token)
        self.who[at] = user

    def sign_out(self, at, _user):
        self.who[at], self.pages[at].token = "", ""

    def replay(self, at, _user):
        """A stranger's token that has joined a user opens nothing of theirs."""
        for token in self.spent[at]:
            old = Page(self.pages[at].client, _Keyed(self.pages[at].key))
            old.token = token
            assert old.texts() == []

    def check(self):
        for at, page in enumerate(self.pages):
            if self.who[at]:
                assert sorted(page.texts()) == sorted(self.words.get(self.who[at], []))


class _Keyed:
    def __init__(self, key):
        self.webhook_token = key


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(deeds=st.lists(DEEDS, max_size=14))
def test_nobody_sees_anybody_elses_words(client, chat, work, deeds):
    for model in (Message, Conversation, Contact):
        model.objects.all().delete()
    for key in redis_client().scan_iter("lw:north:limit:*"):
        redis_client().delete(key)
    world = World(client, chat, work)
    for deed in deeds:
        world.do(*deed)
        world.check()


# -- two companies


@pytest.mark.parametrize(
    ("what", "method"),
    [
        ("session", "post"),
        ("messages", "post"),
        ("receipts", "post"),
        ("person", "post"),
        ("files", "post"),
        ("history", "get"),
    ],
)
def test_a_key_opens_nothing_on_another_companys_host(client, chat, south, what, method):
    page = Page(client, chat, host="south.localhost")
    assert error_of(page.ask(what, {}, method=method)) == (404, "not_found")


def test_a_key_has_no_script_on_another_companys_host(client, chat, south):
    path = f"/chat/{chat.webhook_token}.js"
    assert client.get(path, HTTP_HOST="south.localhost").status_code == 404
    assert client.get(path, HTTP_HOST="north.localhost").status_code == 200


def test_a_user_of_one_company_is_nobody_at_another(client, chat, south, work):
    page = Page(client, chat)
    page.begin(identity=identity("42"))
    page.write("North's")
    work()
    with context.inside(south):
        other = Page(client, connect_chat())
    said = other.begin(identity=identity("42"))  # the same secret, the same user id
    assert said["messages"] == []
    assert lines.redeem(said["ticket"]).schema == "south"
    assert lines.redeem(page.begin(identity=identity("42"))["ticket"]).schema == "north"


@pytest.mark.parametrize("secret", ["another secret that is long enough for us", ""])
def test_a_secret_that_was_changed_ends_what_rests_on_it(client, chat, secret):
    """Whoever learnt the old one may have made somebody up with it."""
    known, stranger = Page(client, chat), Page(client, chat)
    known.begin(identity=identity("42"))
    stranger.begin()
    assert known.ask("history", method="get").status_code == 200

    services.adjust(connection=chat, changes={"identity_secret": secret})
    routing.forget_routes()

    assert error_of(known.ask("history", method="get")) == (401, "expired")
    assert stranger.ask("history", method="get").status_code == 200  # rests on nobody's word
    assert known.begin()["verified"] is False  # the old token is as good as none


def test_a_ticket_is_for_the_website_it_was_given_to(client, chat):
    ticket = lines.redeem(Page(client, chat).begin()["ticket"])
    assert ticket.origin == "https://www.acme.example"
    assert ticket.schema == "north"
