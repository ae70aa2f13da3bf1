"""Tags, tasks and the company's own stages over the API."""

import pytest

from leads.services import add_task, arrange_stages, columns, finish_task
from tests.factories import make_lead


@pytest.fixture
def do(sign_in):
    agent = sign_in("agent")

    def post(path, status=200, **body):
        answer = agent.post(f"/api/v1/{path}/", body, "application/json")
        assert answer.status_code == status, answer.content
        return answer.json()

    return post


def test_tags_by_their_names(do, sign_in):
    lead = make_lead()
    make_lead()
    assert do(f"leads/{lead.pk}/tag", add=["VIP", "vip", "New"])["tags"] == ["New", "VIP"]
    assert do(f"leads/{lead.pk}/tag", remove=["new", "unheard"])["tags"] == ["VIP"]
    found = sign_in("viewer").get("/api/v1/leads/?tag=vip").json()["results"]
    assert [row["id"] for row in found] == [lead.pk]


def test_own_stages_are_set_and_unheard_ones_refused(do):
    lead = make_lead()
    arrange_stages(columns=columns(), added=[("Demo", "qualified")], actor="user:1")
    assert do(f"leads/{lead.pk}/stage", stage="qualified-2")["stage"] == "qualified-2"
    refused = do(f"leads/{lead.pk}/stage", status=400, stage="sold")
    assert "qualified-2" in str(refused)


def test_tasks_are_added_found_and_finished(do, sign_in):
    lead = make_lead()
    made = do("lead-tasks", status=201, lead=lead.pk, title="Call", due_at="2026-01-01T10:00:00Z")
    assert (made["title"], made["is_overdue"]) == ("Call", True)
    assert do(f"lead-tasks/{made['id']}/finish")["done_at"]
    assert do(f"lead-tasks/{made['id']}/reopen")["done_at"] is None
    finish_task(task=add_task(lead=lead, title="Old", actor="user:1"), actor="user:1")
    viewer = sign_in("viewer")
    open_ones = viewer.get("/api/v1/lead-tasks/?done_at__isnull=true").json()["results"]
    assert [row["title"] for row in open_ones] == ["Call"]
    assert viewer.post("/api/v1/lead-tasks/", {"lead": lead.pk, "title": "x"}).status_code == 403


def test_a_task_for_nobody_is_refused(do):
    do("lead-tasks", status=400, lead=999_999, title="Call")
    do("lead-tasks", status=400, lead=make_lead().pk, title="")
