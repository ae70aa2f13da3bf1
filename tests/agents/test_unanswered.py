"""What the agent could not answer reaches the knowledge, without anybody's data."""

from django.utils import timezone

from agents.models import ChatTurn, ReplyDraft, Run
from agents.services.unanswered import gather_gaps
from knowledge.models import Gap, GapQuestion
from tests.factories import make_user


def test_a_refusal_is_a_gap(company, says, work):
    says(
        "Hi, I am Grace Mwangi, grace@savanna.example, +34 600 111 222."
        " Do you insure helicopters in Greenland?"
    )
    says("How much does the standing desk Nova cost?")
    work()

    assert gather_gaps() == 1
    assert gather_gaps() == 0
    question = GapQuestion.objects.get()
    assert "helicopters" in question.text
    for private in ("Grace", "grace@", "600"):
        assert private not in question.text
    assert (question.cause, question.channel, question.language) == ("refused", "telegram", "en")
    assert question.origin == f"run:{Run.objects.get(outcome_reason='not_grounded').pk}"


def test_of_two_questions_the_one_that_was_not_answered(company):
    ChatTurn.objects.create(
        session_id="s",
        question="Can I return a product? Do you insure helicopters in Greenland?",
        answer="No.",
        language="en",
        refused=True,
    )
    gather_gaps()

    assert Gap.objects.get().label == "Do you insure helicopters in Greenland?"
    assert Gap.objects.get().channels == {"api": 1}


def test_what_a_person_corrects_is_a_gap(company, says, work):
    says("How much does the standing desk Nova cost?")
    work()
    run = Run.objects.get()
    made = {
        "conversation": run.conversation,
        "turn_version": 1,
        "text": "The Nova costs 349 EUR.",
        "expires_at": timezone.now(),
        "state": ReplyDraft.State.SENT,
        "decided_by": make_user(role="agent"),
        "decided_at": timezone.now(),
    }
    draft = ReplyDraft.objects.create(run=run, edited_text="The Nova costs 349 EUR!", **made)
    draft.edited_text = "It is sold out until May, I am sorry."
    draft.save()

    assert gather_gaps() == 1
    assert GapQuestion.objects.get().cause == "corrected"
