"""Going live: what is missing is said, the table says the rest, and it can be taken back."""

import itertools

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from agents.guardrails.autonomy import ANY, DEFAULT, PRIVATE, Act, Matrix, Row
from agents.guardrails.releasing import answers, released
from agents.services import going_live
from agents.services.autonomy import policy_in_force
from channels_app.models import OpenFinding
from knowledge.services import add_curated_answer
from tenants.workspace.services import change_profile, profile
from tests.factories import make_connection, make_conversation, make_message

CHANNELS, TOPICS = ("telegram", "whatsapp"), ("sales", "support", "returns")
OWN = Matrix(
    (
        Row(PRIVATE, ANY, Act.SEND, Act.DRAFT, Act.NEVER),
        Row(PRIVATE, "returns", Act.SEND, Act.SEND, Act.SEND),
        Row("telegram", "support", Act.NEVER, Act.NEVER, Act.NEVER),
    )
)


def subsets(names):
    return [
        set(some) for size in range(len(names) + 1) for some in itertools.combinations(names, size)
    ]


@pytest.mark.parametrize("table", [DEFAULT, OWN], ids=["built-in", "own"])
def test_exactly_what_is_chosen_is_answered(table):
    for channels, topics in itertools.product(subsets(CHANNELS), subsets(TOPICS)):
        rows = released(
            table, channels=CHANNELS, topics=TOPICS, free_channels=channels, free_topics=topics
        )
        made = Matrix(rows)
        for channel, topic in itertools.product(CHANNELS, TOPICS):
            wanted = channel in channels and topic in topics
            assert answers(made, channel, topic) == wanted, (channel, topic, rows)


def test_held_back_and_released_again_the_companys_rows_are_as_they_were():
    table = Matrix(OWN.rows[:2])
    everything = {"channels": CHANNELS, "topics": TOPICS}
    held = released(table, **everything, free_channels=(), free_topics=())

    again = released(Matrix(held), **everything, free_channels=CHANNELS, free_topics=TOPICS)

    assert set(table.rows) - set(again) <= {table.rows[1]}  # a row under the same key gave way
    assert Row(PRIVATE, ANY, Act.SEND, Act.DRAFT, Act.NEVER) in again


@pytest.fixture
def ready(north):
    """A channel that the doctor has seen, and something to answer from."""
    add_curated_answer(questions=["When are you open?"], answers={"en": "From nine to five."})
    return make_connection(platform="telegram", checked_at=timezone.now())


def test_what_is_missing_is_named_one_after_the_other(north):
    def missing():
        return [each.title for each in going_live.preflight() if each.is_needed and not each.is_met]

    make_connection(is_sandbox=True)
    assert len(missing()) == 3
    connection = make_connection()
    assert missing() == ["The doctor found it working", "Something to answer from"]
    connection.checked_at = timezone.now()
    connection.save()
    assert missing() == ["Something to answer from"]
    OpenFinding.objects.create(
        connection=connection, code="token", severity="bad", last_seen_at=timezone.now()
    )
    assert missing() == ["The doctor found it working", "Something to answer from"]

    with pytest.raises(ValidationError, match="The doctor found it working"):
        going_live.go_live(platforms=["telegram"], about=["sales"], actor="user:1")


def test_it_is_live_once_somebody_decided_or_somebody_was_answered(ready):
    assert not going_live.is_live()

    going_live.go_live(platforms=["telegram"], about=["sales"], actor="user:1")
    assert going_live.is_live()
    [lane] = going_live.lanes()
    assert lane.topics == ("sales",)

    going_live.hold_back(actor="user:1")
    assert not going_live.is_live()
    going_live.go_live(platforms=["telegram"], about=["sales", "general"], actor="user:1")
    assert going_live.lanes()[0].topics == ("sales", "general")
    change_profile(actor="user:1", ai_enabled=False)
    assert not going_live.is_live()
    going_live.go_live(platforms=["telegram"], about=["sales"], actor="user:1")
    assert profile().ai_enabled


def test_an_answered_customer_is_a_live_company(ready):
    conversation = make_conversation(connection=ready)
    make_message(conversation=conversation, direction="out", author="ai", state="sent")

    assert going_live.is_live()


def test_on_its_page_it_is_chosen_and_taken_back(ready, sign_in):
    page = sign_in("admin")
    seen = page.get(reverse("agents:go_live")).content.decode()
    assert "Nothing is missing" in seen

    page.post(reverse("agents:go_live"), {"platforms": ["telegram"], "about": ["support"]})
    assert going_live.lanes()[0].topics == ("support",)
    assert policy_in_force().note == "Live"
    refused = page.post(reverse("agents:go_live"), {"platforms": [], "about": ["support"]})
    assert refused.status_code == 422

    page.post(reverse("agents:hold_back"))
    assert going_live.lanes()[0].topics == ()
