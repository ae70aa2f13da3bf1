"""Team, company, sandboxes and a channel's settings: what admins do in the console, by programs."""

import pytest
from django.core import mail
from django.test import Client

from channels_app.models import ChannelConnection
from tenants.accounts.models import User
from tenants.models import Company
from tenants.services import create_api_key
from tests.factories import make_connection, make_conversation

JSON = "application/json"


def program(north, **given) -> Client:
    key = create_api_key(name="Shop", role="admin", **given)[1]
    return Client(headers={"Host": "north.localhost", "Authorization": f"Bearer {key}"})


def test_somebody_is_invited_and_shown_the_door(north, sign_in, people):
    shop = program(north)
    made = shop.post("/api/v1/users/", {"email": "new@north.example", "role": "viewer"}, JSON)
    assert made.status_code == 201
    assert made.json()["link"] in mail.outbox[0].body
    path = f"/api/v1/users/{made.json()['id']}/"
    assert shop.patch(path, {"role": "agent"}, JSON).json()["role"] == "agent"
    assert not shop.patch(path, {"is_active": False}, JSON).json()["is_active"]
    twice = shop.post("/api/v1/users/", {"email": "new@north.example"}, JSON)
    assert twice.status_code == 400
    last = User.objects.get(role="admin")
    assert shop.patch(f"/api/v1/users/{last.pk}/", {"role": "agent"}, JSON).status_code == 400
    assert sign_in("agent").post("/api/v1/users/", {"email": "x@y.example"}).status_code == 403


def test_a_narrow_key_lets_nobody_in(north, people):
    narrow = program(north, scopes=["access:write"], maker_scopes=["*"])
    refused = narrow.post("/api/v1/users/", {"email": "new@north.example"}, JSON)
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    changed = narrow.patch(f"/api/v1/users/{people['viewer'].pk}/", {"role": "admin"}, JSON)
    assert changed.status_code == 403


def test_the_company_is_called_otherwise(north, sign_in):
    admin = sign_in("admin")
    said = admin.patch("/api/v1/company/", {"name": "North & Sons"}, JSON).json()
    assert said == {"subdomain": "north", "name": "North & Sons", "time_zone": "Europe/Madrid"}
    assert Company.objects.get(schema_name="north").name == "North & Sons"
    for zone in ("Mars/Base", "Europe", "../etc"):
        assert admin.patch("/api/v1/company/", {"time_zone": zone}, JSON).status_code == 400
    assert sign_in("agent").patch("/api/v1/company/", {"name": "x"}, JSON).status_code == 403


def test_sandboxes_come_and_go(sign_in):
    admin = sign_in("admin")
    made = admin.post("/api/v1/sandboxes/", {"platform": "telegram"}, JSON)
    assert made.status_code == 201
    assert admin.post("/api/v1/sandboxes/", {"platform": "pigeon"}, JSON).status_code == 400
    real = make_connection()
    assert admin.delete(f"/api/v1/sandboxes/{real.pk}/").status_code == 404
    assert admin.delete(f"/api/v1/sandboxes/{made.json()['id']}/").status_code == 204
    assert list(ChannelConnection.objects.all()) == [real]


@pytest.fixture
def chat(north):
    return make_connection(platform="webchat", name="Website", webhook_token="website")


def test_a_chats_settings_are_changed_one_by_one(sign_in, chat):
    admin = sign_in("admin")
    path = f"/api/v1/connections/{chat.pk}/adjust/"
    said = admin.post(path, {"settings": {"team": "Ask us"}}, JSON)
    assert said.json() == {"settings": {"team": "Ask us"}}, said.content
    chat.refresh_from_db()
    assert chat.config["team"] == "Ask us"
    assert admin.post(path, {"settings": {"weather": "sun"}}, JSON).status_code == 400
    assert sign_in("agent").post(path, {"settings": {"team": "x"}}, JSON).status_code == 403


def test_conversations_are_put_away_labelled_and_opened_again(sign_in):
    talk = make_conversation()
    agent = sign_in("agent")
    path = f"/api/v1/conversations/{talk.pk}"
    assert agent.post(f"{path}/snooze/", {}, JSON).json()["status"] == "snoozed"
    past = agent.post(f"{path}/snooze/", {"until": "2020-01-01T00:00:00Z"}, JSON)
    assert past.status_code == 400
    assert agent.post(f"{path}/reopen/").json()["status"] == "open"
    said = agent.post(f"{path}/label/", {"add": ["Refund", "refund", "VIP"]}, JSON)
    assert said.json()["labels"] == ["Refund", "VIP"]
    off = agent.post(f"{path}/label/", {"remove": ["REFUND", "unheard"]}, JSON)
    assert off.json()["labels"] == ["VIP"]
    assert sign_in("viewer").post(f"{path}/reopen/").status_code == 403


def test_canned_words_and_kept_lists(north, sign_in):
    admin = sign_in("admin")
    word = {"shortcut": "hours", "text": "We are open from nine, {name}."}
    made = admin.post("/api/v1/canned-replies/", word, JSON)
    assert made.status_code == 201
    twice = admin.post("/api/v1/canned-replies/", {**word, "shortcut": "HOURS"}, JSON)
    assert twice.status_code == 400
    assert admin.delete(f"/api/v1/canned-replies/{made.json()['id']}/").status_code == 204
    mine = admin.post("/api/v1/inbox-views/", {"name": "Mine", "whose": "me"}, JSON).json()
    ours = admin.post("/api/v1/inbox-views/", {"name": "Ours", "is_shared": True}, JSON).json()
    assert (mine["is_shared"], ours["is_shared"]) == (False, True)
    seen = sign_in("agent").get("/api/v1/inbox-views/").json()["results"]
    assert [view["name"] for view in seen] == ["Ours"]
    shop = program(north)
    assert shop.post("/api/v1/inbox-views/", {"name": "x"}, JSON).status_code == 403
    assert shop.delete(f"/api/v1/inbox-views/{mine['id']}/").status_code == 404
