"""Plain questions answered without a model, and everything else by one."""

import pytest

from agents.models import ModelCall, Run, RunStep
from agents.services.plainly import SAID
from tests.contracts.model_server import UNDERSTANDING, by_claude

QUESTION = "How much does the standing desk Nova cost?"


@pytest.fixture
def plain(company, claude):
    claude.say(by_claude(UNDERSTANDING))
    company.answers_plainly = True
    company.save()
    return claude


def test_a_plain_question_costs_no_call(plain, says, work):
    message = says(QUESTION)
    work()

    run = Run.objects.get()
    assert plain.asked == []
    assert (run.outcome, run.intent) == (Run.Outcome.SENT, "sales")
    assert not run.cost
    sent = message.conversation.messages.get(direction="out")
    assert sent.text == "Our standing desk Nova costs 349 EUR."
    assert run.sources[0]["quote"] == sent.text
    assert run.steps.get(name=RunStep.Name.REPLY).warning == SAID
    assert run.steps.get(name=RunStep.Name.VALIDATE).state == RunStep.State.OK
    assert run.steps.get(name=RunStep.Name.EXTRACT).detail["facts"].keys() == {"interest"}
    assert {call.provider for call in ModelCall.objects.all()} == {"offline"}


@pytest.mark.parametrize(
    "text",
    [
        "How much does the standing desk Nova cost? I am Ana Lopez, ana@luz.example",
        "How much does the Nova cost? And do you sell purple velvet lamps?",
        "Do you repair typewriters?",
        "This is a joke, my Nova desk is broken and nobody answers! How much does a new one cost?",
        "Hello there",
    ],
)
def test_anything_beside_a_plain_question_is_read_by_a_model(plain, says, work, text):
    says(text)
    work()

    assert plain.asked
    run = Run.objects.get()
    assert not run.steps.filter(warning=SAID).exists()
    # what was tried beforehand left nothing
    assert run.steps.filter(name=RunStep.Name.CLASSIFY).count() == 1
    assert ModelCall.objects.filter(task="reply", provider="offline").count() <= 1


def test_a_company_that_did_not_choose_it_asks_its_model(company, claude, says, work):
    claude.say(by_claude(UNDERSTANDING))
    says(QUESTION)
    work()

    assert claude.asked
