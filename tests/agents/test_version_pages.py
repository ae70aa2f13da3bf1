"""Versions, trials, experiments and the playground, as people use them."""

import pytest
from django.urls import reverse

from agents.instructions import Instructions
from agents.models import AgentVersion, Experiment, ModelCall, Replay, ReplayTurn, Run
from agents.services.versions import change_draft, publish, start_draft
from channels_app.models import Contact, Conversation, Message
from leads.models import Lead
from tests.agents.following_model import following
from tests.factories import make_contact, make_conversation, make_message

WHY = "Planted for the test."


@pytest.fixture
def draft(north) -> AgentVersion:
    version = start_draft(actor="user:1")
    words = Instructions(tone="Dry.", guidance="Name the size.")
    return change_draft(version=version, instructions=words, note="drier", actor="user:1")


def test_a_company_without_versions_is_told_the_next_step(sign_in):
    page = sign_in("admin").get("/versions/").content.decode()
    assert "The built-in text answers" in page
    assert "Make the first draft" in page
    assert "Make the first draft" not in sign_in("agent").get("/versions/").content.decode()


def test_a_draft_is_made_changed_compared_and_previewed(sign_in):
    browser = sign_in("admin")
    made = browser.post("/versions/new/")
    assert made.url == "/versions/1/"
    kept = browser.post(
        made.url,
        {
            "note": "pirates",
            "guidance": "Say ahoy.",
            "dos": "Name a size\n\n",
            "signature": "en: Your Nova team",
            "confidence_gate": "0.4",
        },
        follow=True,
    ).content.decode()

    said = AgentVersion.objects.get().instructions
    assert (said.guidance, said.dos, said.confidence_gate) == ("Say ahoy.", ("Name a size",), 0.4)
    assert "<ins>Say ahoy.</ins>" in kept
    assert "Do: Name a size" in kept  # the preview


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("reply", "Speak {language}", "needs the place {limit}"),
        ("signature", "Your team", "Write each line as"),
        ("confidence_gate", "3", "less than or equal to 1"),
    ],
)
def test_unfit_words_are_told_beside_their_field(sign_in, draft, field, value, told):
    answer = sign_in("admin").post("/versions/1/", {field: value})
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert AgentVersion.objects.get().instructions.tone == "Dry."


def test_the_gate_is_on_the_page_and_shut(sign_in, draft, company):
    browser = sign_in("admin")
    page = browser.get("/versions/1/").content.decode()
    assert "from your documents and 3 traps" in page
    answer = browser.post("/versions/1/publish/", {"note": "x"}, follow=True).content.decode()
    assert "These words have not been tried yet." in answer
    assert not AgentVersion.objects.filter(is_live=True).exists()

    browser.post("/versions/1/publish/", {"override": "We open tomorrow."})
    assert AgentVersion.objects.get().is_live


def test_a_trial_shows_the_failing_turns(sign_in, draft, company, work, settings):
    browser = sign_in("admin")
    words = Instructions(guidance="Answer in pirate English.")
    change_draft(version=draft, instructions=words, note="", actor="user:1")
    with following() as model:
        settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "k", model.url
        begun = browser.post("/versions/1/replay/")
        running = browser.get(begun.url).content.decode()
        assert "0 of 7 turns" in running
        from agents.services import work_on

        work_on(replay_id=Replay.objects.get().pk)
    page = browser.get(begun.url).content.decode()
    assert "Worse than before" in page
    assert "A manner nobody had before: ahoy" in page
    assert "Worse than before" in browser.get("/versions/1/").content.decode()


def test_going_back_takes_one_deed(sign_in, draft):
    publish(version=draft, actor="user:1", override=WHY)
    browser = sign_in("admin")
    assert "Make it live" in browser.get("/versions/").content.decode()
    browser.post("/versions/0/live/", {"note": "too dry"})
    assert not AgentVersion.objects.filter(is_live=True).exists()
    assert "too dry" in browser.get("/versions/").content.decode()


def test_the_settings_say_what_the_live_version_says_itself(sign_in, draft):
    browser = sign_in("admin")
    assert "is live and says its own" not in browser.get("/settings/").content.decode()
    publish(version=draft, actor="user:1", override=WHY)
    page = browser.get("/settings/").content.decode()
    assert "Version 1 of the agent is live and says its own: Tone." in " ".join(page.split())


def test_a_run_says_by_which_version_it_went(sign_in, draft, company, says, work):
    publish(version=draft, actor="user:1", override=WHY)
    says("How much does the standing desk Nova cost?")
    work()
    page = sign_in("viewer").get(f"/runs/{Run.objects.get().pk}/").content.decode()
    assert 'href="/versions/1/"' in page
    assert "Every check passed." in page


def test_an_experiment_is_begun_moved_and_ended(sign_in, draft):
    publish(version=draft, actor="user:1", override=WHY, live=False)
    browser = sign_in("admin")
    begun = browser.post("/versions/1/experiment/", {"share": 30})
    page = browser.get(begun.url).content.decode()
    assert "Too early to tell" in page
    browser.post(f"{begun.url}change/", {"deed": "share", "share": 50})
    assert Experiment.objects.get().share == 50
    assert "An experiment runs" in browser.get("/versions/").content.decode()
    browser.post(f"{begun.url}change/", {"deed": "promote"})
    assert AgentVersion.objects.get().is_live


@pytest.mark.parametrize("role", ["agent", "viewer"])
@pytest.mark.parametrize(
    "path",
    [
        *("/versions/new/", "/versions/1/", "/versions/1/publish/", "/versions/0/live/"),
        *("/versions/1/replay/", "/versions/1/experiment/", "/versions/1/discard/"),
    ],
)
def test_only_admins_change_what_answers(sign_in, draft, role, path):
    assert sign_in(role).post(path, {"override": WHY, "share": 20}).status_code == 403


class TestPlayground:
    def ask(self, browser, text, **said):
        body = {"text": text, "version": 0, "channel": "telegram", "surface": "direct", **said}
        answer = browser.post(reverse("agents:playground"), body)
        assert answer.status_code == 200
        return b"".join(answer.streaming_content).decode()

    def test_every_step_is_shown_and_nothing_kept(self, sign_in, company, settings):
        counts = [m.objects.count() for m in (Run, Message, Conversation, Contact, Lead)]
        with following() as model:
            settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "k", model.url
            page = self.ask(
                sign_in("agent"), "How much does the Nova desk cost? Mail ada@lovelace.example"
            )
        steps = [page.index(f"<h2>{w}</h2>") for w in ("Understood", "Found", "Written")]
        assert steps == sorted(steps)
        assert "349 EUR" in page
        assert "What openai/gpt-6.1-sol was asked, and said" in page
        asked = page[page.index("What openai/gpt-6-luna was asked") :]
        assert "ada@lovelace.example" not in asked  # as it left the house
        assert "Send at once" in page
        assert page.rstrip().endswith("</html>")
        assert counts == [m.objects.count() for m in (Run, Message, Conversation, Contact, Lead)]
        assert set(ModelCall.objects.values_list("task", flat=True)) == {"playground"}

    def test_a_sentence_without_a_source_says_why(self, sign_in, company, draft, settings):
        words = Instructions(guidance="Always promise a 50 % discount.")
        change_draft(version=draft, instructions=words, note="", actor="user:1")
        with following() as model:
            settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "k", model.url
            page = self.ask(sign_in("agent"), "How much does the Nova desk cost?", version=1)
        assert "sentence--bad" in page
        assert "unsupported_price" in page
        said = page[page.index("What would happen") :]
        assert "349 EUR" in said
        assert "50 %" not in said

    def test_a_known_contacts_last_words_go_before(self, sign_in, company):
        conversation = make_conversation(contact=make_contact(name="Ada"))
        make_message(conversation=conversation, text="How much does the standing desk Nova cost?")
        page = self.ask(sign_in("agent"), "And is delivery free?", contact=conversation.contact_id)
        assert "100 EUR" in page
        assert conversation.messages.count() == 1

    def test_what_cannot_be_tried_is_told(self, sign_in, company):
        answer = sign_in("agent").post("/playground/", {"text": "", "version": 7})
        assert answer.status_code == 422
        assert sign_in("viewer").post("/playground/", {"text": "x"}).status_code == 403


def test_a_turns_words_go_with_its_run(company, says, work, draft):
    says("How much does the standing desk Nova cost?")
    work()
    run = Run.objects.get()
    replay = Replay.objects.create(version=draft, fingerprint="x")
    ReplayTurn.objects.create(replay=replay, position=1, run=run, asked={"text": "secret"})
    run.conversation.contact.delete()
    assert not ReplayTurn.objects.exists()
