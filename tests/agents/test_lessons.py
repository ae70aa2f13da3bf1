"""What people wrote instead of the AI becomes a proposal; admins decide what is learnt."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from agents import prompts, services
from agents.models import Lesson, ReplyDraft, Run
from agents.services import autonomy, drafts, lessons
from channels_app.models import Message
from channels_app.outbox import post_message
from knowledge.models import CuratedAnswer

QUESTION = "How much does the standing desk Nova cost? Write to ada@home.example"


@pytest.fixture
def edited(company, says, work, people):
    """A draft that was sent in other words."""
    row = {"channel": "any", "intent": "any", "low": "draft", "medium": "draft", "high": "draft"}
    autonomy.change_policy(rows=[row], delay_seconds=30, expires_hours=24, actor="user:1")
    says(QUESTION)
    work()
    draft = ReplyDraft.objects.select_related("conversation", "run__last_message").get()
    drafts.approve(
        draft=draft, user=people["agent"], text="Hi! The Nova is 349 EUR, call +34 600 111 222."
    )
    return Lesson.objects.get()


def test_an_edited_draft_is_proposed_without_personal_data(edited):
    assert (edited.cause, edited.state) == (Lesson.Cause.EDITED, Lesson.State.PROPOSED)
    assert "ada@home.example" not in edited.question
    assert "600 111 222" not in edited.answer
    assert "349 EUR" in edited.answer
    assert edited.ai_answer == ReplyDraft.objects.get().text
    assert edited.changed > 0.3


def test_one_that_was_sent_as_it_was_teaches_nothing(company, says, work, people):
    row = {"channel": "any", "intent": "any", "low": "draft", "medium": "draft", "high": "draft"}
    autonomy.change_policy(rows=[row], delay_seconds=30, expires_hours=24, actor="user:1")
    says(QUESTION)
    work()
    drafts.approve(draft=ReplyDraft.objects.get(), user=people["agent"])
    assert not Lesson.objects.exists()


class TestCorrections:
    def answered(self, says, work, people, text) -> Message:
        message = says(QUESTION)
        work()
        assert Run.objects.get().outcome == Run.Outcome.SENT
        talk = message.conversation
        return post_message(
            conversation=talk, text=text, author=Message.Author.HUMAN, user=people["agent"]
        )

    def test_what_a_person_wrote_after_the_ai_is_found_once(self, company, says, work, people):
        self.answered(says, work, people, "Sorry, since Monday it is 379 EUR. Ring 600111222!")
        assert services.sweep()["lessons"] == 1
        assert services.sweep()["lessons"] == 0

        lesson = Lesson.objects.get()
        assert lesson.cause == Lesson.Cause.CORRECTED
        assert "379 EUR" in lesson.answer
        assert "600111222" not in lesson.answer

    def test_an_answer_to_newer_words_is_no_correction(self, company, says, work, people):
        message = says(QUESTION)
        work()
        says("And something else entirely?", message.conversation, provider_time=timezone.now())
        post_message(
            conversation=message.conversation,
            text="Let me look",
            author=Message.Author.HUMAN,
            user=people["agent"],
        )
        assert services.sweep()["lessons"] == 0


class TestDeciding:
    def test_an_example_shows_the_prompt_how_we_write(self, edited, company):
        assert lessons.examples_for(company, language="en") == ()
        lessons.accept_as_example(lesson=edited, actor="user:1", answer="Hi! It is <b>349</b> EUR.")
        company.refresh_from_db()
        [example] = lessons.examples_for(company, language="en")
        assert example.answer == "Hi! It is <b>349</b> EUR."

        shown = prompts.reply(company, [], ["Hi"], [], language="en", limit=100, examples=[example])
        assert "answer: Hi! It is ‹b›349‹/b› EUR." in shown.system
        plain = prompts.reply(company, [], ["Hi"], [], language="en", limit=100)
        assert "<example>" not in plain.system

    def test_dismissed_it_is_shown_no_more(self, edited, company):
        lessons.accept_as_example(lesson=edited, actor="user:1")
        lessons.dismiss(lesson=edited, actor="user:1")
        company.refresh_from_db()
        assert (company.style_examples, lessons.examples_for(company, language="en")) == (0, ())

    def test_an_answer_is_given_word_for_word(self, edited):
        lessons.accept_as_answer(
            lesson=edited, actor="user:1", question="What does the Nova cost?", answer="349 EUR."
        )
        edited.refresh_from_db()
        answer = CuratedAnswer.objects.get(pk=edited.curated_id)
        assert answer.answers == {"en": "349 EUR."}
        assert [one.text for one in answer.questions.all()] == ["What does the Nova cost?"]

    def test_of_two_admins_one_is_first(self, edited):
        lessons.dismiss(lesson=edited, actor="user:1")
        with pytest.raises(ValidationError):
            lessons.accept_as_answer(lesson=edited, actor="user:2")
        assert not CuratedAnswer.objects.exists()

    def test_without_any_nothing_is_read(self, company, django_assert_num_queries):
        with django_assert_num_queries(0):
            assert lessons.examples_for(company, language="en") == ()
