"""What a person gives back to the AI while the contact waits."""

import pytest

from agents.models import Run
from channels_app.models import Message
from channels_app.outbox import post_message
from channels_app.services import assign, hand_back, take_over


@pytest.fixture
def give_back(people, work, django_capture_on_commit_callbacks):
    def give(conversation):
        with django_capture_on_commit_callbacks(execute=True):
            hand_back(conversation=conversation, user=people["agent"])
        work()

    return give


def waits(message):
    """The inbox counts who waits as it takes words in; here they are only rows."""
    conversation = message.conversation
    conversation.waiting_since = conversation.last_inbound_at = message.provider_time
    conversation.save(update_fields=["waiting_since", "last_inbound_at"])
    return conversation


def test_who_wrote_meanwhile_is_answered(company, says, thread, people, work, give_back):
    conversation = thread()
    take_over(conversation=conversation, user=people["agent"])
    waits(says("How much is the desk Nova?", conversation))
    work()
    assert not Run.objects.exists()

    give_back(conversation)

    assert Run.objects.get().outcome == Run.Outcome.SENT
    assert "349" in Message.objects.get(author="ai").text


def test_what_people_were_fetched_for_is_not_thought_over_again(
    company, says, thread, work, give_back
):
    conversation = thread()
    waits(says("I want to talk to a human please", conversation))
    work()
    conversation.refresh_from_db()
    waiting = conversation.waiting_since
    assert Run.objects.get().outcome == Run.Outcome.HANDED_OVER

    give_back(conversation)

    assert Run.objects.count() == 1
    conversation.refresh_from_db()
    assert conversation.waiting_since == waiting  # so that somebody notices


@pytest.mark.parametrize(
    "deed",
    [take_over, lambda conversation, user: assign(conversation=conversation, assignee=user)],
    ids=["taken over", "assigned"],
)
def test_what_was_withdrawn_was_no_answer(company, says, people, deed):
    """The network was slow, a colleague took over: the contact has heard nothing, and waits."""
    conversation = waits(says("How much is the desk Nova?"))
    asked = conversation.waiting_since
    post_message(conversation=conversation, text="349 EUR.", author="ai")
    conversation.refresh_from_db()
    assert conversation.waiting_since is None

    deed(conversation=conversation, user=people["agent"])

    assert Message.objects.get(author="ai").error_code == "taken_over"
    conversation.refresh_from_db()
    assert conversation.waiting_since == asked


def test_what_was_withdrawn_is_said_anew_by_who_leads_again(company, says, people, give_back):
    """A key touched by accident: nobody has heard the answer, so it is no turn of the talk."""
    conversation = waits(says("How much is the desk Nova?"))
    post_message(conversation=conversation, text="349 EUR.", author="ai")
    take_over(conversation=conversation, user=people["agent"])

    give_back(conversation)

    assert Run.objects.latest("pk").outcome == Run.Outcome.SENT
    answer = Message.objects.filter(author="ai").latest("pk")
    assert "349" in answer.text
    assert answer.error_code != "taken_over"
    conversation.refresh_from_db()
    assert conversation.waiting_since is None
