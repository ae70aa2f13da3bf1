"""Hours, promises and seats over the API."""

from channels_app.models import Breach, Promise
from tenants.workspace.models import Profile
from tests.factories import make_connection, make_conversation

JSON = "application/json"


def test_hours_and_the_rest_of_the_profile(north, sign_in):
    admin = sign_in("admin")
    said = {
        "opening_hours": {"mon": "9-13, 15:00-18:00", "tue": ""},
        "other_days": "12-25 Christmas",
        "says_away": True,
        "away": {"en": "Back {opening}."},
        "gives_out": True,
        "capacity": 3,
    }
    told = admin.patch("/api/v1/profile/", said, JSON)
    assert told.status_code == 200
    assert told.json()["opening_hours"] == {"mon": "9-13, 15:00-18:00"}
    assert Profile.current().promised_at is not None

    for name, value in (
        ("opening_hours", {"mon": "all day"}),
        ("opening_hours", {"monday": "9-13"}),
        ("other_days", "Christmas"),
        ("capacity", 0),
    ):
        refused = admin.patch("/api/v1/profile/", {name: value}, JSON)
        assert refused.status_code == 400, name
        assert refused.json()["errors"][0]["attr"].startswith(name)
    assert sign_in("agent").patch("/api/v1/profile/", said, JSON).status_code == 403


def test_promises_are_made_changed_and_taken_back(north, sign_in):
    admin, channel = sign_in("admin"), make_connection()
    said = {"name": "Phone", "connection": channel.pk, "first_minutes": 5}
    made = admin.post("/api/v1/promises/", said, JSON)
    assert made.status_code == 201, made.json()
    assert Profile.current().promises == 1
    path = f"/api/v1/promises/{made.json()['id']}/"

    twice = admin.post("/api/v1/promises/", said, JSON)
    assert (twice.status_code, twice.json()["errors"][0]["attr"]) == (400, "connection")
    nothing = admin.patch(path, {"first_minutes": None}, JSON)
    assert nothing.json()["errors"][0]["attr"] == "first_minutes"
    assert admin.patch(path, {"next_minutes": 20}, JSON).json()["next_minutes"] == 20
    agent = sign_in("agent")
    assert agent.get("/api/v1/promises/").json()["results"][0]["name"] == "Phone"
    assert agent.delete(path).status_code == 403
    assert sign_in("admin").delete(path).status_code == 204
    assert (Promise.objects.count(), Profile.current().promises) == (0, 0)


def test_broken_promises_are_listed(north, sign_in):
    row = make_conversation()
    now = row.created_at
    Breach.objects.create(conversation=row, target="first", since=now, due_at=now)
    found = sign_in("viewer").get(f"/api/v1/breaches/?conversation={row.pk}").json()["results"]
    assert [each["target"] for each in found] == ["first"]


def test_everybody_says_for_themselves_whether_they_are_there(north, sign_in):
    agent = sign_in("agent")
    gone = agent.patch("/api/v1/seats/mine/", {"is_away": True}, JSON)
    assert gone.status_code == 200, gone.json()
    assert gone.json()["away_since"]
    path = f"/api/v1/seats/{gone.json()['user']}/"
    assert agent.patch(path, {"capacity": 99}, JSON).status_code == 403
    assert sign_in("viewer").patch("/api/v1/seats/mine/", {}, JSON).status_code == 403

    admin = sign_in("admin")
    changed = admin.patch(path, {"capacity": 1, "takes_turns": False, "is_away": False}, JSON)
    seen = changed.json()
    assert (seen["capacity"], seen["takes_turns"], seen["away_since"]) == (1, False, None)
    assert [each["user"] for each in admin.get("/api/v1/seats/").json()].count(seen["user"]) == 1
    assert admin.get(path).json() == seen
    assert admin.patch("/api/v1/seats/900900/", {}, JSON).status_code == 404
