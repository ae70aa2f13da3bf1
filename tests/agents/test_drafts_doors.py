"""Drafts and the policy, as people and programs reach them."""

from typing import Any

import pytest
from django.urls import reverse

from agents.models import AutonomyPolicy, ReplyDraft
from agents.services import autonomy, drafts
from channels_app.models import Conversation, Message
from channels_app.services import take_over

QUESTION = "How much does the standing desk Nova cost?"


@pytest.fixture
def draft(company, says, work):
    """A reply that waits for approval."""
    row = {"channel": "any", "intent": "any", "low": "draft", "medium": "draft", "high": "draft"}
    autonomy.change_policy(rows=[row], delay_seconds=30, expires_hours=24, actor="user:1")
    says(QUESTION)
    work()
    return ReplyDraft.objects.select_related("conversation").get()


def said_by_ai() -> list[str]:
    return list(Message.objects.filter(author=Message.Author.AI).values_list("text", flat=True))


def page_of(browser, draft) -> str:
    return browser.get(
        reverse("channels_app:conversation", args=[draft.conversation_id])
    ).content.decode()


class TestInTheThread:
    def test_an_agent_sees_it_with_its_sources_and_approves_it(self, draft, sign_in):
        browser = sign_in("agent")
        page = page_of(browser, draft)
        assert "waits for approval" in page
        assert draft.text.split()[0] in page
        assert draft.sources[0]["title"] in page

        answer = browser.post(reverse("agents:approve_draft", args=[draft.pk]), {"text": ""})
        assert answer.status_code == 302
        assert said_by_ai() == [draft.text]
        page = page_of(browser, draft)
        assert f'id="draft-{draft.pk}"' not in page
        assert "approved by" in page

    def test_a_viewer_reads_it_and_can_do_nothing(self, draft, sign_in):
        browser = sign_in("viewer")
        page = page_of(browser, draft)
        assert "waits for approval" in page
        assert reverse("agents:approve_draft", args=[draft.pk]) not in page
        for deed in ("approve_draft", "reject_draft", "undo_draft"):
            answer = browser.post(reverse(f"agents:{deed}", args=[draft.pk]), {"reason": "x"})
            assert answer.status_code == 403
        assert said_by_ai() == []

    def test_one_that_came_too_late_is_struck_and_says_why(self, draft, sign_in, people):
        take_over(conversation=draft.conversation, user=people["admin"])
        browser = sign_in("agent")
        Conversation.objects.update(waiting_since=draft.created_at)
        assert "out of date" in page_of(browser, draft)

        shown = browser.post(
            reverse("agents:approve_draft", args=[draft.pk]), {"text": "x"}, follow=True
        )
        assert "The conversation has moved on" in shown.content.decode()
        assert said_by_ai() == []

    def test_other_words_that_could_not_be_sent_are_shown_with_the_difference(self, draft, sign_in):
        drafts.rewrite(draft=draft, text=draft.text.replace("349", "399"))
        page = page_of(sign_in("agent"), draft)
        assert "<del>349</del><ins>399</ins>" in page

    def test_who_rejects_it_leads_the_conversation(self, draft, sign_in, people):
        browser = sign_in("agent")
        browser.post(reverse("agents:reject_draft", args=[draft.pk]), {"reason": "Old price"})
        assert Conversation.objects.get().assignee == people["agent"]
        assert ReplyDraft.objects.get().rejection == "Old price"

    def test_the_list_has_a_view_of_them(self, draft, sign_in):
        Conversation.objects.update(last_message_at=draft.created_at)
        page = sign_in("agent").get("/inbox/?tab=drafts").content.decode()
        assert f'data-pk="{draft.conversation_id}"' in page
        assert 'data-counter="drafts">1<' in page


class TestOverTheApi:
    def test_a_program_lists_edits_and_approves(self, draft, program):
        client = program("agent")
        [row] = client.get("/api/v1/drafts/?state=waiting").json()["results"]
        assert (row["id"], row["is_overtaken"], row["text"]) == (draft.pk, False, draft.text)

        edited = client.post(
            f"/api/v1/drafts/{draft.pk}/edit/", {"text": "349 EUR."}, "application/json"
        )
        assert edited.json()["edited_text"] == "349 EUR."
        assert said_by_ai() == []
        sent = client.post(f"/api/v1/drafts/{draft.pk}/approve/", {}, "application/json")
        assert sent.json()["state"] == "sent"
        assert said_by_ai() == ["349 EUR."]

        again = client.post(f"/api/v1/drafts/{draft.pk}/approve/", {}, "application/json")
        assert (again.status_code, again.json()["code"]) == (409, "already_sent")

    @pytest.mark.parametrize("deed", ["approve", "edit", "reject", "undo"])
    def test_a_viewer_s_key_decides_nothing(self, draft, program, deed):
        client = program("viewer")
        assert client.get("/api/v1/drafts/").status_code == 200
        body = {"text": "x", "reason": "x"}
        answer = client.post(f"/api/v1/drafts/{draft.pk}/{deed}/", body, "application/json")
        assert answer.status_code == 403

    def test_undoing_what_is_not_scheduled_is_refused(self, draft, program):
        answer = program("agent").post(f"/api/v1/drafts/{draft.pk}/undo/", {}, "application/json")
        assert (answer.status_code, answer.json()["code"]) == (409, "not_scheduled")


class TestThePolicyPage:
    def form(self, **more) -> dict[str, str]:
        rows = [("private", "any", "draft", "draft", "never"), ("", "", "send", "draft", "draft")]
        given = {
            "row-TOTAL_FORMS": "2", "row-INITIAL_FORMS": "1",
            "delay_seconds": "45", "expires_hours": "12", "note": "Careful week",
        }  # fmt: skip
        for number, row in enumerate(rows):
            names = ("channel", "intent", "low", "medium", "high")
            given |= {f"row-{number}-{n}": v for n, v in zip(names, row, strict=True)}
        return {**given, **more}

    def test_an_admin_puts_a_table_in_force_and_goes_back(self, company, sign_in):
        browser = sign_in("admin")
        assert browser.get("/autonomy/").status_code == 200
        assert browser.post("/autonomy/", self.form()).status_code == 302

        made = AutonomyPolicy.objects.get()
        assert made.rows == [
            {"channel": "private", "intent": "any", "low": "draft", "medium": "draft",
             "high": "never"}
        ]  # fmt: skip
        assert (made.delay_seconds, made.expires_hours, made.note) == (45, 12, "Careful week")
        assert "Careful week" in browser.get("/autonomy/").content.decode()
        browser.post("/autonomy/restore/0/")
        assert autonomy.policy_in_force().rows[0]["low"] == "send"

    @pytest.mark.parametrize(
        "wrong", [{"delay_seconds": "1"}, {"row-0-low": "shout"}, {"row-0-DELETE": "on"}]
    )
    def test_a_table_that_cannot_be_is_shown_again(self, company, sign_in, wrong):
        answer = sign_in("admin").post("/autonomy/", self.form(**wrong))
        assert answer.status_code == 422
        assert not AutonomyPolicy.objects.exists()

    @pytest.mark.parametrize("role", ["agent", "viewer"])
    def test_others_read_it(self, company, sign_in, role):
        browser = sign_in(role)
        assert browser.get("/autonomy/").status_code == 200
        assert browser.post("/autonomy/", self.form()).status_code == 403
        assert browser.post("/autonomy/restore/0/").status_code == 403

    def test_over_the_api(self, company, program):
        table: dict[str, Any] = {
            "rows": [{"channel": "telegram", "intent": "any", "low": "delay", "medium": "draft",
                      "high": "never"}],
            "delay_seconds": 60,
        }  # fmt: skip
        admin = program("admin")
        assert admin.get("/api/v1/autonomy/").json()["version"] == 0
        assert admin.put("/api/v1/autonomy/", table, "application/json").json()["version"] == 1
        wrong = {"rows": table["rows"] * 2}
        assert admin.put("/api/v1/autonomy/", wrong, "application/json").status_code == 400
        assert program("agent").get("/api/v1/autonomy/").status_code == 200
        assert (
            program("agent").put("/api/v1/autonomy/", table, "application/json").status_code == 403
        )
