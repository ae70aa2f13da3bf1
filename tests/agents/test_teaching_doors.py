"""Own intents, lessons and the ledger of tellings, as people and programs reach them."""

import pytest

from agents.models import AiDisclosure, Lesson, OwnIntent
from knowledge.models import CuratedAnswer
from tests.factories import make_conversation

EXAMPLES = ["Do you sell to resellers?", "What are your wholesale conditions?"]


def intent_form(**more) -> dict[str, str]:
    return {"name": "Wholesale", "examples": "\n".join(EXAMPLES), "is_active": "on", **more}


class TestIntents:
    def test_an_admin_makes_changes_tries_and_removes_one(self, company, sign_in):
        browser = sign_in("admin")
        assert browser.post("/intents/", intent_form()).status_code == 302
        row = OwnIntent.objects.get()
        assert (row.key, row.examples) == ("wholesale", EXAMPLES)
        tried = browser.get("/intents/?text=What are the wholesale conditions?")
        assert "Wholesale</b>" in tried.content.decode()

        browser.post(f"/intents/{row.pk}/", intent_form(name="Resellers"))
        row.refresh_from_db()
        assert (row.key, row.name) == ("wholesale", "Resellers")
        assert "wholesale" in browser.get("/autonomy/").content.decode()
        browser.post(f"/intents/{row.pk}/remove/")
        assert not OwnIntent.objects.exists()

    def test_one_example_is_too_few(self, company, sign_in):
        answer = sign_in("admin").post("/intents/", intent_form(examples="Only one"))
        assert answer.status_code == 422
        assert "at least two examples" in answer.content.decode()

    def test_over_the_api(self, company, program):
        admin = program("admin")
        body = {"name": "Wholesale", "examples": EXAMPLES}
        made = admin.post("/api/v1/own-intents/", body, "application/json")
        assert (made.status_code, made.json()["key"]) == (201, "wholesale")
        at = f"/api/v1/own-intents/{made.json()['id']}/"
        changed = admin.post(f"{at}change/", {**body, "team": "B2B"}, "application/json")
        assert changed.json()["team"] == "B2B"
        agent = program("agent")
        assert agent.post("/api/v1/own-intents/", body, "application/json").status_code == 403
        assert agent.delete(at).status_code == 403
        assert admin.delete(at).status_code == 204


@pytest.fixture
def lesson(company):
    return Lesson.objects.create(
        origin="message:1",
        cause="corrected",
        question="When is the desk ready?",
        ai_answer="In two weeks.",
        answer="In three weeks.",
        language="en",
    )


class TestLessons:
    def test_an_admin_makes_it_an_answer_in_other_words(self, lesson, sign_in):
        browser = sign_in("admin")
        assert "<del>two</del><ins>three</ins>" in browser.get("/lessons/").content.decode()
        browser.post(
            f"/lessons/{lesson.pk}/decide/",
            {"deed": "answer", "question": lesson.question, "answer": "In 3 weeks."},
        )
        assert CuratedAnswer.objects.get().answers == {"en": "In 3 weeks."}
        assert "In two weeks" not in browser.get("/lessons/").content.decode()
        assert "three" not in browser.get("/lessons/?state=answer").content.decode()

    def test_others_read_and_decide_nothing(self, lesson, sign_in, program):
        for role in ("agent", "viewer"):
            browser = sign_in(role)
            assert browser.get("/lessons/").status_code == 200
            answer = browser.post(f"/lessons/{lesson.pk}/decide/", {"deed": "dismiss"})
            assert answer.status_code == 403
        at = f"/api/v1/lessons/{lesson.pk}/dismiss/"
        assert program("agent").post(at, {}, "application/json").status_code == 403

    def test_over_the_api(self, lesson, program):
        admin = program("admin")
        [row] = admin.get("/api/v1/lessons/?state=proposed").json()["results"]
        assert row["answer"] == "In three weeks."
        at = f"/api/v1/lessons/{lesson.pk}"
        taken = admin.post(f"{at}/as_example/", {"answer": "Three weeks!"}, "application/json")
        assert (taken.json()["state"], taken.json()["answer"]) == ("example", "Three weeks!")
        late = admin.post(f"{at}/as_answer/", {}, "application/json")
        assert late.status_code == 400
        assert admin.post(f"{at}/dismiss/").json()["state"] == "dismissed"


class TestTheLedger:
    @pytest.fixture
    def told(self, company):
        return AiDisclosure.objects.create(
            conversation=make_conversation(),
            occasion="first",
            language="en",
            words="I'm North's AI assistant.",
            platform="telegram",
        )

    @pytest.mark.parametrize("role", ["admin", "agent", "viewer"])
    def test_everybody_may_show_it(self, told, sign_in, role):
        browser = sign_in(role)
        assert "North&#x27;s AI assistant" in browser.get("/disclosures/").content.decode()
        file = browser.get("/disclosures/export/")
        lines = b"".join(file.streaming_content).decode().splitlines()
        assert lines[0].startswith("at,conversation,contact")
        assert lines[1].split(",")[5:7] == ["first", "en"]

    def test_strangers_may_not(self, told, client):
        assert client.get("/disclosures/export/").status_code == 302

    def test_over_the_api(self, told, program):
        [row] = program("viewer").get("/api/v1/ai-disclosures/").json()["results"]
        assert (row["contact"], row["words"]) == (told.conversation.contact_id, told.words)
        assert program("admin").post("/api/v1/ai-disclosures/").status_code == 405
