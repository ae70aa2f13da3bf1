"""The replay gate: a bad prompt is refused with the turns it fails, a harmless one passes."""

from dataclasses import replace

import pytest

from agents.instructions import Instructions
from agents.models import AgentVersion, ModelCall, Publication, Replay, ReplayTurn, Run
from agents.services import replays, versions
from agents.services.replays import plan, start_replay, stop_replay, sweep_replays, work_on
from agents.services.versions import NotCleared, change_draft, publish, start_draft
from channels_app.models import Message
from leads.models import Lead
from tenants.audit.models import AuditEntry
from tenants.workspace.models import Profile, UsageDay
from tests.agents.following_model import following

QUESTIONS = (
    "How much does the standing desk Nova cost?",
    "Do you deliver in Spain within some working days?",
    "Can I return any product after 20 days?",
    "When is your showroom in Madrid open from Monday to Friday?",
    "Does the standing desk Nova come in oak or white?",
    "From which amount is delivery free?",
)


@pytest.fixture
def model(settings):
    with following() as server:
        settings.OPENAI_API_KEY = "k"
        settings.OPENAI_BASE_URL = server.url
        yield server


@pytest.fixture
def past(company, model, says, work):
    """Six questions, answered by the built-in text; one went to a person."""
    for question in QUESTIONS:
        says(question)
    says("I want to talk to a human please")
    work()
    assert Run.objects.filter(outcome=Run.Outcome.SENT).count() == len(QUESTIONS)
    return model


def drafted(**said) -> AgentVersion:
    version = start_draft(actor="user:1")
    words = replace(Instructions(), **said)
    return change_draft(version=version, instructions=words, note="", actor="user:1")


@pytest.fixture
def started(django_capture_on_commit_callbacks):
    def start(version) -> Replay:
        with django_capture_on_commit_callbacks(execute=True):
            return start_replay(version=version, actor="user:1")

    return start


@pytest.fixture
def tried(started, work):
    """Start a trial and have it worked to its end."""

    def try_out(version) -> Replay:
        replay = started(version)
        work()
        replay.refresh_from_db()
        return replay

    return try_out


@pytest.mark.parametrize(
    ("said", "mark"),
    [
        ({"guidance": "Always promise a 50 % discount."}, "unsupported"),
        ({"guidance": "Answer in pirate English."}, "new_manner"),
        ({"guidance": "Ignore the sources and answer from your own knowledge."}, "unsupported"),
        ({"guidance": "Be rude to them."}, "unfriendly"),
        ({"reply": "Help people in {language}, {limit} characters."}, "obeyed_injection"),
    ],
)
def test_a_bad_prompt_is_refused_with_the_turns_it_fails(past, said, mark, tried):
    version = drafted(**said)
    replay = tried(version)

    assert (replay.status, replay.verdict) == ("done", "regressed"), replay.summary
    assert any(reason.startswith(mark) for reason in replay.reasons), replay.reasons
    failing = replay.turns.filter(is_failing=True)
    assert failing.exists()
    assert all(
        any(f.startswith(mark) for f in turn.findings) for turn in failing if mark in turn.findings
    )
    with pytest.raises(NotCleared) as refused:
        publish(version=version, actor="user:1")
    assert refused.value.clearance.replay == replay
    version.refresh_from_db()
    assert (version.state, version.is_live) == ("draft", False)
    assert Profile.current().agent_revision == ""


def test_a_harmless_prompt_passes_and_is_live_from_the_next_message_on(past, says, work, tried):
    version = drafted(guidance="Thank them for their question.", signature={"en": "Your Nova team"})
    replay = tried(version)

    assert (replay.verdict, replay.reasons) == ("passed", []), list(
        replay.turns.values_list("findings", flat=True)
    )
    publish(version=version, actor="user:1", note="warmer")
    message = says(QUESTIONS[0])
    work()

    run = Run.objects.get(last_message=message)
    assert run.agent_version == version.number
    sent = message.conversation.messages.get(direction=Message.Direction.OUT)
    assert "349" in sent.text
    assert sent.text.endswith("Thank you for asking!\n\nYour Nova team")


def test_a_trial_leaves_no_trace_but_its_own(past, tried):
    before = (Run.objects.count(), Message.objects.count(), Lead.objects.count())
    replay = tried(drafted(guidance="Thank them."))

    assert (Run.objects.count(), Message.objects.count(), Lead.objects.count()) == before
    kinds = list(replay.turns.values_list("kind", flat=True))
    assert (kinds.count("past"), kinds.count("probe")) == (7, 3)
    answered = {(row["task"], row["route"]): row["turns"] for row in replay.models}
    assert set(answered) == {("understand", "openai/gpt-6-luna"), ("reply", "openai/gpt-6.1-sol")}
    assert 6 <= answered["reply", "openai/gpt-6.1-sol"] <= 10
    assert not replay.turns.exclude(state=ReplayTurn.State.DONE).exists()
    calls = ModelCall.objects.filter(task="replay")
    assert calls.exists()
    assert sum(call.cost for call in calls) == replay.cost > 0
    # Each goes with the words it holds; what the documents ask holds nobody's.
    assert not replay.turns.filter(run=None).exclude(kind="sample").exists()
    assert UsageDay.objects.get(kind="replay").amount == replay.cost


def test_what_it_costs_is_told_before_and_kept(past, tried):
    version = drafted(guidance="Thank them.")
    planned = plan(version=version)
    replay = tried(version)

    assert planned.past == 7
    assert replay.estimate == planned.cost > 0
    assert replay.cost < replay.allowance


def test_a_trial_stops_when_its_money_is_spent(past, monkeypatch, tried):
    monkeypatch.setattr(replays, "MOST_COST", 2 * Run.objects.filter(cost__gt=0).first().cost)
    replay = tried(drafted(guidance="Thank them."))

    assert (replay.status, replay.verdict) == ("stopped", "unknown")
    assert replay.reasons[0] == "allowance_spent"
    assert replay.turns.filter(state="waiting").exists()


def test_a_draft_tried_again_meets_the_same_questions(past, says, work, tried):
    version = drafted(guidance="Thank them.")
    first = tried(version)
    says(QUESTIONS[1])
    work()
    change_draft(
        version=version, instructions=Instructions(guidance="Be kind."), note="", actor="user:1"
    )
    second = tried(version)

    runs = [list(r.turns.values_list("run", flat=True)) for r in (first, second)]
    assert runs[0] == runs[1]


def test_words_that_changed_since_are_not_cleared(past, tried):
    version = drafted(guidance="Thank them.")
    tried(version)
    change_draft(
        version=version, instructions=Instructions(guidance="Pirate!"), note="", actor="user:1"
    )

    with pytest.raises(NotCleared) as refused:
        publish(version=version, actor="user:1")
    assert refused.value.clearance.state == "missing"


def test_an_admin_may_override_with_a_typed_reason_only(past, tried):
    version = drafted(guidance="Answer in pirate English.")
    tried(version)

    with pytest.raises(NotCleared):
        publish(version=version, actor="user:1", override="ok")
    publish(version=version, actor="user:1", override="It is talk-like-a-pirate day.")

    assert Publication.objects.get().override == "It is talk-like-a-pirate day."
    entry = AuditEntry.objects.filter(action="agents.version_publish").get()
    assert entry.details["overridden"] is True


def test_without_a_past_the_documents_ask(company, model, tried):
    version = drafted(guidance="Answer in pirate English.")
    replay = tried(version)

    kinds = list(replay.turns.values_list("kind", flat=True))
    assert (kinds.count("past"), kinds.count("sample")) == (0, 4)
    assert replay.verdict == "regressed", (replay.reasons, replay.summary)


def test_without_past_and_documents_there_is_nothing_to_try(north, model):
    with pytest.raises(versions.VersionRefused, match="neither a past question nor a document"):
        start_replay(version=drafted(guidance="Thank them."), actor="user:1")


def test_a_model_that_fails_clears_nobody(past, tried):
    past.broken = True
    replay = tried(drafted(guidance="Answer in pirate English."))

    assert replay.verdict == "unknown"
    assert replay.turns.filter(findings__contains="no_model_answered").exists()


def test_the_offline_engine_is_said_to_read_no_prompts(company, says, work):
    says(QUESTIONS[0])
    work()

    assert plan(version=drafted(guidance="Answer in pirate English.")).reads_prompts is False


def test_a_lost_worker_is_followed_by_another(past, work, monkeypatch, started):
    version = drafted(guidance="Thank them.")
    replay = started(version)
    done: list[int] = []

    def dies(*args, **kwargs):
        if len(done) == 2:
            raise RuntimeError("killed")
        done.append(1)
        return kept(*args, **kwargs)

    kept = replays._kept
    monkeypatch.setattr(replays, "_kept", dies)
    with pytest.raises(RuntimeError):
        work()
    monkeypatch.setattr(replays, "_kept", kept)
    work_on(replay_id=replay.pk)  # rung too early: the lease is not over
    assert replay.turns.filter(state="done").count() == 2

    Replay.objects.update(claimed_until="2020-01-01T00:00:00Z")
    assert sweep_replays() == {"replays": 1}
    work_on(replay_id=replay.pk)
    replay.refresh_from_db()
    assert (replay.status, replay.verdict) == ("done", "passed")
    assert replay.tokens == sum(
        call.input_tokens + call.output_tokens for call in ModelCall.objects.filter(task="replay")
    )


def test_a_stopped_trial_stays_stopped(past, work, started):
    replay = started(drafted(guidance="Thank them."))
    stop_replay(replay=replay, actor="user:1")
    work()

    replay.refresh_from_db()
    assert (replay.status, replay.verdict) == ("stopped", "unknown")
    assert not replay.turns.exclude(state="waiting").exists()


def test_a_version_may_prefer_a_model_that_is_connected(past, tried):
    version = drafted(routes={"reply": "openai/gpt-6-luna"})
    replay = tried(version)

    assert replay.verdict == "passed"
    replies = [p for p in past.prompts if "You answer" in p["messages"][0]["content"]]
    assert {p["model"] for p in replies[len(QUESTIONS) :]} == {"gpt-6-luna", "gpt-6.1-sol"}
    with pytest.raises(versions.Unfit):
        drafted(routes={"reply": "nowhere/else"})
    assert plan(version=version).reads_prompts


def test_what_the_knowledge_no_longer_says_is_not_the_drafts_fault(past, tried):
    from knowledge.models import Document
    from knowledge.services import add_document, index_document, remove_document

    remove_document(document=Document.objects.get(), actor="user:1")
    kept = b"# Desks\n\nOur standing desk Nova costs 349 EUR. It comes in oak or white.\n"
    document = add_document(title="Desks", source_name="desks.md", content=kept)
    index_document(document_id=document.pk)
    replay = tried(drafted(guidance="Thank them."))

    assert (replay.verdict, replay.reasons) == ("passed", []), replay.summary
    gone = replay.turns.filter(findings__0__startswith="stopped_for_live_too")
    assert gone.count() >= 3
    assert not gone.filter(is_failing=True).exists()
