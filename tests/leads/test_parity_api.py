"""What the console does with many leads, files, stages, rules and views, over the API."""

import pytest
from django.test import Client

from channels_app.models import Contact
from leads.models import Lead, SavedView
from leads.services import importing, make_tag
from tenants.services import create_api_key
from tests.factories import make_lead

JSON = "application/json"


@pytest.fixture
def ask(sign_in):
    def enter(role="agent"):
        someone = sign_in(role)

        def send(method, path, status=200, **body):
            verb = getattr(someone, method)
            sent = (body, JSON) if method != "get" else (body,)
            answer = verb(f"/api/v1/{path}", *sent)
            assert answer.status_code == status, answer.content
            return answer.json() if answer.content else None

        return send

    return enter


def test_many_leads_are_changed_and_put_back(ask):
    send = ask()
    leads = [make_lead() for _ in range(3)]
    ids = [lead.pk for lead in leads]
    tag = make_tag(name="VIP", actor="user:1")
    for deed, value in (("stage", "qualified"), ("tag", str(tag.pk))):
        done = send("post", "leads/change-many/", leads=ids, deed=deed, value=value)
        assert len(done["before"]) == 3
        assert send("post", "leads/change-many/", leads=ids, deed=deed, value=value)["before"] == {}
        assert send("post", "leads/take-back/", **done) == {"leads": 3}
    assert set(Lead.objects.values_list("stage", flat=True)) == {"new"}
    assert not Lead.objects.exclude(tags=None).exists()
    send("post", "leads/change-many/", 400, leads=ids, deed="stage", value="sold")
    send("post", "leads/take-back/", 400, deed="stage", value="new", before={"x": "new"})


def test_a_file_is_brought_looked_at_mapped_and_taken(ask, django_capture_on_commit_callbacks):
    send = ask()
    text = "Who;Mail;City\nAda;ada@acme.example;Madrid\nEve;nowhere;Oslo\n"
    order = send("post", "lead-imports/", 201, text=text, file_name="fair.csv")
    assert order["mapping"] == ["", "email", "location"]
    assert (order["looked"]["good"], order["looked"]["bad"]) == (1, 1)
    assert order["faults"] == [{"line": 3, "field": "email", "code": "no_email"}]
    path = f"lead-imports/{order['id']}/"
    send("post", f"{path}map/", 409, mapping=["email", "email", ""])
    order = send("post", f"{path}map/", mapping=["name", "email", "location"])
    assert order["looked"]["sample"][0]["values"]["name"] == "Ada"
    assert send("post", f"{path}start/")["state"] == "running"
    send("post", f"{path}discard/", 409)
    importing.import_next(import_id=order["id"])
    done = send("get", path)
    assert (done["state"], done["made"], done["refused"]) == ("done", 1, 1)
    assert Contact.objects.get().name == "Ada"
    assert send("post", "lead-imports/", 422, text="Mail")["code"] == "no_rows"


def test_leads_are_exported_as_they_can_be_imported(ask, sign_in):
    make_lead(stage="qualified")
    make_lead()
    answer = sign_in("viewer").get("/api/v1/leads/export/?stage=qualified")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert answer["Content-Type"].startswith("text/csv")
    assert len(lines) == 2
    assert "qualified" in lines[1]


def test_stages_are_arranged_all_at_once(ask):
    send = ask("admin")
    stages = send("get", "lead-stages/")["stages"]
    assert [stage["key"] for stage in stages][:2] == ["new", "contacted"]
    stages[1], stages[2] = stages[2], {**stages[1], "name": "Rung up"}
    added = [{"name": "Demo", "base": "qualified"}]
    said = send("put", "lead-stages/", stages=stages, add=added)["stages"]
    assert [stage["key"] for stage in said][1:3] == ["qualified", "contacted"]
    assert said[-1] | {"name": "Demo", "key": "qualified-2"} == said[-1]
    send("put", "lead-stages/", 400, stages=stages[:3])
    ask("agent")("put", "lead-stages/", 403, stages=said)


def test_rules_are_written_off_switched_and_removed(ask):
    send = ask("admin")
    lead = make_lead()
    Lead.objects.update(tier="hot")
    rule = send("post", "lead-rules/", 201, when="hot", then="stage", to_stage="qualified")
    assert (rule["is_on"], rule["touches"], rule["leads"]) == (False, 1, [lead.pk])
    assert rule["sentence"] == "When a lead is hot: move it to Qualified"
    path = f"lead-rules/{rule['id']}/"
    assert send("patch", path, is_on=True)["is_on"]
    send("delete", path, 204)
    send("post", "lead-rules/", 400, when="quiet", then="task", title="Ring")
    ask("viewer")("post", "lead-rules/", 403, when="hot", then="finish")


def test_views_are_a_persons_own(ask, north):
    send = ask()
    made = send("post", "lead-views/", 201, name="Mine", filters={"owner": "me", "tier": "x"})
    assert made["filters"] == {"owner": "me"}
    assert ask("viewer")("get", "lead-views/")["results"] == []
    key = create_api_key(name="Shop", role="agent")[1]

    program = Client(headers={"Host": "north.localhost", "Authorization": f"Bearer {key}"})
    assert program.get("/api/v1/lead-views/").json()["results"] == []
    refused = program.post("/api/v1/lead-views/", {"name": "x"}, JSON)
    assert (refused.status_code, refused.json()["code"]) == (403, "person_needed")
    ask()("delete", f"lead-views/{made['id']}/", 204)
    assert not SavedView.objects.exists()
