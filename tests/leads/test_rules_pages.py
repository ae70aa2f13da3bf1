"""The scoring pages and their API: a draft is written, tried, and put in force."""

import pytest
from django.urls import reverse

from leads.models import RuleSet
from leads.services import apply_understanding, preview_next, rescore_next, start_draft
from leads.weights import BUILT_IN, POINTS
from tests.factories import make_conversation, make_message


@pytest.fixture
def lead(north):
    message = make_message(conversation=make_conversation(), text="Mail me: ada@acme.example")
    facts = {"email": "ada@acme.example", "location": "Madrid"}
    return apply_understanding(
        conversation=message.conversation, message=message, facts=facts, intent="sales"
    )


@pytest.fixture
def draft(north):
    return start_draft(actor="user:1")


def filled(*own, **changes):
    """The form as a browser sends it."""
    data: dict[str, object] = {case.replace(".", "_"): points for case, points in POINTS.items()}
    data |= {"hot": 70, "warm": 40, "note": "Why not", "own-INITIAL_FORMS": 0}
    for place, row in enumerate(own):
        data |= {f"own-{place}-{name}": value for name, value in row.items()}
    return {**data, "own-TOTAL_FORMS": len(own), **changes}


def test_a_draft_goes_all_the_way_in_the_console(sign_in, lead):
    admin = sign_in("admin")
    answer = admin.post(reverse("leads:draft_rules"))
    draft = RuleSet.objects.get()
    assert answer.url == reverse("leads:rule_set", args=[draft.number])

    madrid = {"label": "From Madrid", "fact": "location", "words": "madrid, مدريد", "points": 45}
    assert admin.post(answer.url, filled(madrid, email=30)).status_code == 302
    admin.post(reverse("leads:preview_rules", args=[draft.number]))
    running = admin.get(reverse("leads:preview_rules", args=[draft.number])).content.decode()
    assert 'hx-trigger="every 1s"' in running
    preview_next(rule_set_id=draft.pk, after=0)
    page = admin.get(answer.url).content.decode()
    assert "Of 1 leads, 1 get another score and 1 another tier." in page
    assert "every 1s" not in page

    admin.post(reverse("leads:publish_rules", args=[draft.number]))
    rescore_next()
    lead.refresh_from_db()
    assert (lead.score, lead.tier) == (100, "hot")
    shown = admin.get(reverse("leads:lead", args=[lead.pk])).content.decode()
    assert "From Madrid" in shown
    assert (
        f"Rule set {draft.number} is in force."
        in admin.get(reverse("leads:scoring")).content.decode()
    )


def test_nothing_is_put_in_force_unseen(sign_in, draft):
    answer = sign_in("admin").post(reverse("leads:publish_rules", args=[draft.number]), follow=True)
    assert "See first who would move" in answer.content.decode()
    draft.refresh_from_db()
    assert draft.is_draft


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (filled(email=51), "id_email"),
        (filled(hot=30), "id_warm"),
        (filled({"label": "", "fact": "role", "points": 5}), "id_own-0-label"),
        (filled({"label": "A", "fact": "role", "points": ""}), "id_own-0-points"),
        (
            filled(
                {"label": "A", "fact": "b", "points": 2}, {"label": "a", "fact": "b", "points": 1}
            ),
            "id_own-1-label",
        ),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(sign_in, draft, data, field):
    answer = sign_in("admin").post(reverse("leads:rule_set", args=[draft.number]), data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "field__error" in page.partition(f'id="{field}"')[2][:600]
    draft.refresh_from_db()
    assert draft.content == BUILT_IN.as_json()


def test_programs_do_the_same(sign_in, lead):
    admin = sign_in("admin")

    def post(path, data=None):
        return admin.post(f"/api/v1/scoring-rules/{path}", data, content_type="application/json")

    made = post("", {"note": "By a program"}).json()
    content = {**BUILT_IN.as_json(), "points": {"email": 50}}
    written = post(f"{made['id']}/write/", {"content": content}).json()
    assert written["content"]["points"] == {**POINTS, "email": 50}
    refused = post(f"{made['id']}/publish/")
    assert (refused.status_code, refused.json()["code"]) == (409, "no_preview")
    assert post(f"{made['id']}/preview/").json()["preview"]["state"] == "running"
    preview_next(rule_set_id=made["id"], after=0)
    shown = admin.get(f"/api/v1/scoring-rules/{made['id']}/").json()["preview"]
    assert shown == {
        "state": "done",
        "leads": 1,
        "moved": 1,
        "changed_tier": 1,
        "tiers": [{"before": "cold", "after": "hot", "leads": 1}],
    }
    moves = admin.get(f"/api/v1/scoring-rules/{made['id']}/moves/").json()["results"]
    assert [(move["score_before"], move["score_after"]) for move in moves] == [(33, 75)]
    assert post(f"{made['id']}/publish/").json()["is_live"] is True
    assert post(f"{made['id']}/discard/").status_code == 409


@pytest.mark.parametrize(
    "content",
    [
        {**BUILT_IN.as_json(), "points": {"no.such": 1}},
        {**BUILT_IN.as_json(), "warm": 70},
        {**BUILT_IN.as_json(), "own": [{"label": "A", "fact": "b", "points": 0}]},
        {"hot": "x", "warm": 1},
        {},
    ],
)
def test_programs_are_told_what_is_wrong(sign_in, draft, content):
    answer = sign_in("admin").post(
        f"/api/v1/scoring-rules/{draft.pk}/write/",
        {"content": content},
        content_type="application/json",
    )
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_agents_read_and_change_nothing(sign_in, draft):
    agent = sign_in("agent")
    assert agent.get("/api/v1/scoring-rules/").status_code == 200
    assert agent.post("/api/v1/scoring-rules/").status_code == 403
    assert agent.post(f"/api/v1/scoring-rules/{draft.pk}/preview/").status_code == 403
