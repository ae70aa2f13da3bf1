"""Replies that wait: for a person's word, or for the time in which one may undo them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agents import services
from agents.guardrails.autonomy import Act
from agents.models import AutonomyPolicy, ReplyDraft, Run
from agents.services import autonomy, drafts
from channels_app import services as channels
from channels_app.models import Conversation, Message
from channels_app.outbox import SendRefused
from channels_app.services.inbox import counters
from tenants.audit.models import AuditEntry

QUESTION = "How much does the standing desk Nova cost?"
State = ReplyDraft.State


@pytest.fixture
def policy(company):
    """``policy("draft")``: the table says the same everywhere."""

    def put(act, **more):
        row = {"channel": "any", "intent": "any", "low": act, "medium": act, "high": act}
        given = {"delay_seconds": 30, "expires_hours": 24, "actor": "user:1", **more}
        return autonomy.change_policy(rows=[row], **given)

    return put


@pytest.fixture
def drafted(policy, says, work):
    """A reply that waits for approval, or (``"delay"``) for its time."""

    def make(act="draft") -> ReplyDraft:
        policy(act)
        says(QUESTION)
        work()
        return ReplyDraft.objects.select_related("conversation").get(state__in=ReplyDraft.OPEN)

    return make


def sent(draft) -> list[str]:
    rows = draft.conversation.messages.filter(author=Message.Author.AI)
    return [message.text for message in rows]


def test_what_is_ordinary_in_private_leaves_at_once(company, says, work):
    message = says(QUESTION)
    work()

    run = Run.objects.get()
    assert run.outcome == Run.Outcome.SENT
    assert (run.ruling["act"], run.ruling["row"]) == ("send", "private/any")
    assert not ReplyDraft.objects.exists()
    message.conversation.refresh_from_db()
    assert message.conversation.draft_turn is None


def test_a_delicate_topic_is_held_back(company, says, work):
    says("How much does the Nova cost? My lawyer wants to know what you charge.")
    work()

    run = Run.objects.get()
    assert (run.outcome, run.ruling["act"]) == (Run.Outcome.DRAFTED, "draft")
    draft = ReplyDraft.objects.get()
    assert draft.reasons == ["legal"]
    assert "349" in draft.text
    assert sent(draft) == []


def test_a_draft_waits_with_its_sources_and_shows_in_the_counters(drafted, people, company):
    draft = drafted()

    assert draft.state == State.WAITING
    assert draft.run.outcome == Run.Outcome.DRAFTED
    assert draft.sources[0]["quote"]
    assert draft.expires_at - draft.created_at > timedelta(hours=23)
    assert draft.conversation.has_draft
    Conversation.objects.update(last_message_at=timezone.now())
    assert counters(people["agent"])["drafts"] == 1
    explained = services.explain_silence([draft.conversation_id])
    assert explained[draft.conversation_id].covered


def test_never_fetches_a_person(policy, says, work):
    policy("never")
    message = says(QUESTION)
    work()

    assert Run.objects.get().outcome_reason == "policy_never"
    message.conversation.refresh_from_db()
    assert not message.conversation.is_with_ai
    assert not ReplyDraft.objects.exists()


def test_a_step_may_ask_for_a_person_whatever_the_policy_says(company, says, work, monkeypatch):
    from agents.services import replying, thinking

    real = replying.draft_reply

    def poor(thought, found):
        autonomy.require_draft(thought, reason="budget_used_up")
        return real(thought, found)

    monkeypatch.setattr(thinking, "draft_reply", poor)
    says(QUESTION)
    work()
    assert ReplyDraft.objects.get().reasons == ["budget_used_up"]


class TestApproving:
    def test_it_is_sent_as_the_ai_s_word_with_the_name_of_who_approved(self, drafted, people, work):
        draft = drafted()
        drafts.approve(draft=draft, user=people["agent"])
        work()

        message = draft.conversation.messages.get(author=Message.Author.AI)
        assert (message.text, message.user, message.run_id) == (
            draft.text,
            people["agent"],
            draft.run_id,
        )
        draft.refresh_from_db()
        assert (draft.state, draft.message_id) == (State.SENT, message.pk)
        assert AuditEntry.objects.filter(action="draft.sent").exists()
        draft.conversation.refresh_from_db()
        assert draft.conversation.is_with_ai
        assert not draft.conversation.has_draft

    def test_other_words_are_sent_and_both_are_kept(self, drafted, people):
        draft = drafted()
        drafts.approve(draft=draft, user=people["agent"], text="It is 349 EUR, in oak.")

        draft.refresh_from_db()
        assert sent(draft) == ["It is 349 EUR, in oak."]
        assert draft.text != draft.edited_text == "It is 349 EUR, in oak."
        assert AuditEntry.objects.filter(action="draft.sent_edited").exists()

    def test_of_two_people_one_is_first_and_the_other_is_told(self, drafted, people):
        draft = drafted()
        same = ReplyDraft.objects.select_related("conversation").get()
        drafts.approve(draft=draft, user=people["agent"])

        for deed in (
            lambda: drafts.approve(draft=same, user=people["admin"]),
            lambda: drafts.reject(draft=same, user=people["admin"], reason="no"),
            lambda: drafts.approve(draft=same, user=people["admin"], text="Other words"),
        ):
            with pytest.raises(drafts.DraftRefused) as refused:
                deed()
            assert refused.value.code == "already_sent"
            assert str(people["agent"]) in refused.value.text
        assert len(sent(draft)) == 1
        same.conversation.refresh_from_db()
        assert same.conversation.is_with_ai, "a rejection that came too late changes nothing"

    @pytest.mark.parametrize("deed", ["take_over", "begin_writing", "assign", "close"])
    def test_a_person_s_hand_makes_it_stale(self, drafted, people, deed):
        draft = drafted()
        who = {"assignee": people["admin"]} if deed == "assign" else {}
        getattr(channels, deed)(conversation=draft.conversation, user=people["admin"], **who)

        with pytest.raises(drafts.DraftRefused) as refused:
            drafts.approve(draft=draft, user=people["agent"])
        assert refused.value.code == "overtaken"
        draft.refresh_from_db()
        assert draft.state == State.STALE
        assert sent(draft) == []

    def test_what_the_network_refuses_is_explained_and_the_words_are_kept(
        self, drafted, people, monkeypatch
    ):
        draft = drafted()

        def refuse(**kwargs):
            raise SendRefused("window_closed", "The window is closed.")

        monkeypatch.setattr("agents.services.drafts.outbox.post_message", refuse)
        with pytest.raises(drafts.DraftRefused) as refused:
            drafts.approve(draft=draft, user=people["agent"], text="My words")
        assert refused.value.text == "The window is closed."
        draft.refresh_from_db()
        assert (draft.state, draft.edited_text) == (State.WAITING, "My words")


def test_a_rejection_gives_the_conversation_to_who_rejected(drafted, people):
    draft = drafted()
    drafts.reject(draft=draft, user=people["agent"], reason="The price is of last year.")

    draft.refresh_from_db()
    assert (draft.state, draft.rejection) == (State.REJECTED, "The price is of last year.")
    talk = Conversation.objects.get()
    assert (talk.controller, talk.assignee) == ("human", people["agent"])
    assert sent(draft) == []


def test_a_newer_word_overtakes_the_draft_and_gets_one_of_its_own(drafted, says, work):
    first = drafted()
    says("And how long does delivery take in Spain?", first.conversation)
    first.refresh_from_db()
    assert first.state == State.STALE
    work()

    second = ReplyDraft.objects.open().get()
    assert second.pk != first.pk
    assert "349" in second.text or "5 working days" in second.text
    assert Run.objects.filter(outcome=Run.Outcome.DRAFTED).count() == 2


class TestDelayed:
    def test_nothing_leaves_before_its_time_and_then_it_does(self, drafted, work):
        draft = drafted("delay")
        assert draft.state == State.SCHEDULED
        assert not services.send_due(draft_id=draft.pk)
        assert sent(draft) == []

        ReplyDraft.objects.update(send_at=timezone.now())
        assert services.send_due(draft_id=draft.pk)
        assert not services.send_due(draft_id=draft.pk), "a second ring sends nothing"
        assert sent(draft) == [draft.text]

    def test_a_lost_ring_is_found_by_the_sweeper(
        self, drafted, work, django_capture_on_commit_callbacks
    ):
        draft = drafted("delay")
        ReplyDraft.objects.update(send_at=timezone.now() - timedelta(seconds=5))
        with django_capture_on_commit_callbacks(execute=True):
            assert services.sweep()["drafts_due"] == 1
        assert "send_draft" in work()
        assert sent(draft) == [draft.text]

    def test_undone_it_waits_for_approval(self, drafted, people):
        draft = drafted("delay")
        drafts.undo(draft=draft, user=people["agent"])
        ReplyDraft.objects.update(send_at=timezone.now())
        assert not services.send_due(draft_id=draft.pk)

        draft.refresh_from_db()
        assert draft.state == State.WAITING
        drafts.approve(draft=draft, user=people["agent"])
        assert sent(draft) == [draft.text]

    def test_what_is_sent_cannot_be_undone(self, drafted, people):
        draft = drafted("delay")
        drafts.approve(draft=draft, user=people["agent"])  # send now
        with pytest.raises(drafts.DraftRefused) as refused:
            drafts.undo(draft=draft, user=people["agent"])
        assert refused.value.code == "already_sent"

    def test_somebody_who_begins_to_write_cancels_it(self, drafted, people):
        draft = drafted("delay")
        channels.begin_writing(conversation=draft.conversation, user=people["agent"])
        ReplyDraft.objects.update(send_at=timezone.now())
        assert not services.send_due(draft_id=draft.pk)
        draft.refresh_from_db()
        assert (draft.state, sent(draft)) == (State.STALE, [])

    def test_what_the_network_refuses_fetches_a_person(self, drafted, monkeypatch):
        draft = drafted("delay")
        ReplyDraft.objects.update(send_at=timezone.now())

        def refuse(**kwargs):
            raise SendRefused("window_closed", "The window is closed.")

        monkeypatch.setattr("agents.services.drafts.outbox.post_message", refuse)
        assert not services.send_due(draft_id=draft.pk)
        talk = Conversation.objects.get()
        assert talk.escalation_reason == "send_refused:window_closed"


def test_a_draft_nobody_looks_at_expires_and_fetches_a_person(drafted):
    draft = drafted()
    ReplyDraft.objects.update(expires_at=timezone.now())
    assert services.sweep()["drafts_expired"] == 1
    draft.refresh_from_db()
    talk = Conversation.objects.get()
    assert (draft.state, talk.controller) == (State.EXPIRED, "human")
    assert talk.escalation_reason == "draft_expired"
    assert services.sweep()["drafts_expired"] == 0


def test_the_sweeper_ends_what_a_person_overtook(drafted, people):
    draft = drafted()
    channels.take_over(conversation=draft.conversation, user=people["agent"])
    assert ReplyDraft.objects.get().is_overtaken
    assert services.sweep()["drafts_stale"] == 1
    draft.refresh_from_db()
    assert draft.state == State.STALE


class TestThePolicyItself:
    def test_each_change_is_a_version_and_one_can_go_back(self, policy, company):
        assert autonomy.policy_in_force().version == 0
        policy("draft")
        policy("never")
        assert autonomy.policy_in_force().version == 2
        autonomy.restore_policy(version=1, actor="user:1")
        assert autonomy.policy_in_force().version == 3
        assert autonomy.policy_in_force().rows[0]["low"] == "draft"
        autonomy.restore_policy(version=0, actor="user:1")
        assert autonomy.policy_in_force().rows[0]["channel"] == "private"
        assert AuditEntry.objects.filter(action="autonomy.changed").count() == 4

    def test_a_process_reads_a_version_once(self, policy, company, django_assert_num_queries):
        policy("draft")
        company.refresh_from_db()
        assert autonomy.matrix_of(company).rows[0].low is Act.DRAFT
        with django_assert_num_queries(0):
            autonomy.matrix_of(company)
        assert AutonomyPolicy.objects.count() == 1
