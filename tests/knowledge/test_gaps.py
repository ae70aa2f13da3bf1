"""What is asked in vain is gathered by meaning, and closed by an answer."""

from datetime import timedelta

import pytest
from django.utils import timezone

from knowledge import services
from knowledge.models import Gap, GapQuestion
from tests.knowledge.test_documents import learn

HELICOPTER = [
    "Do you insure helicopters?",
    "do you insure a helicopter",
    "Can you insure my helicopter?",
]


def ask(*questions, since=0, **more):
    for number, text in enumerate(questions, start=since):
        services.record_gap(origin=f"test:{number}", text=text, **more)


def test_the_same_question_in_other_words_is_one_gap(north):
    ask(*HELICOPTER, channel="telegram")
    ask("Do you sell wedding cakes?", since=10, channel="whatsapp")

    found = {gap.label: gap for gap in Gap.objects.all()}
    assert {label: gap.asked for label, gap in found.items()} == {
        HELICOPTER[0]: 3,
        "Do you sell wedding cakes?": 1,
    }
    assert found[HELICOPTER[0]].channels == {"telegram": 3}
    assert found[HELICOPTER[0]].language == "en"


def test_the_same_origin_counts_once(north):
    ask("Do you insure helicopters?")
    ask("Do you insure helicopters?")

    assert Gap.objects.get().asked == 1


@pytest.mark.parametrize("text", ["", "   ", "???", "123 456"])
def test_what_says_nothing_is_no_gap(north, text):
    ask(text)

    assert not Gap.objects.exists()


def test_an_answer_closes_it_and_in_vain_again_opens_it(north):
    ask(*HELICOPTER)
    gap = Gap.objects.get()

    answer = services.add_curated_answer(
        questions=[gap.label], answers={"en": "We do not."}, gap=gap
    )

    gap.refresh_from_db()
    assert (gap.status, gap.answer) == ("answered", answer)
    assert gap.closed_at is not None
    ask("do you insure helicopters??", since=20, asked_at=gap.closed_at - timedelta(minutes=1))
    assert not Gap.objects.open().exists()  # it was asked before the answer was there
    ask("Do you insure a helicopter?", since=30, asked_at=timezone.now() + timedelta(minutes=1))
    gap.refresh_from_db()
    assert (gap.status, gap.reopened, gap.asked) == ("open", 1, 5)


def test_what_a_document_answers_since_is_closed_by_itself(north):
    learn()
    ask("Do you take dogs for a walk?", "Do you insure helicopters?")
    assert services.sweep()["gaps"] == 0

    document = learn(
        "# Dogs\n\n## Do you take dogs for a walk?\nYes, we take dogs for a walk at noon.\n",
        source_name="dogs.md",
    )

    assert services.sweep()["gaps"] == 1
    closed = Gap.objects.get(status="answered")
    assert (closed.label, closed.document) == ("Do you take dogs for a walk?", document)
    assert services.sweep()["gaps"] == 0


def test_a_dismissed_gap_stays_away(north):
    ask(HELICOPTER[0])
    services.dismiss_gap(gap=Gap.objects.get())
    ask(HELICOPTER[1], since=5)

    gap = Gap.objects.get()
    assert (gap.status, gap.asked) == ("dismissed", 2)
    assert services.reopen_gap(gap=gap).is_open


def test_only_the_newest_examples_are_kept(north, monkeypatch):
    monkeypatch.setattr(services.gaps, "KEPT", 2)
    ask(*HELICOPTER, HELICOPTER[0])

    assert Gap.objects.get().asked == 4
    assert set(GapQuestion.objects.values_list("origin", flat=True)) == {"test:2", "test:3"}
