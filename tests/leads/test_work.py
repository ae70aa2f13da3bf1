import pytest
from django.core.exceptions import ValidationError

from leads.models import Lead
from leads.services import apply_understanding, assign_owner, override_score, set_stage
from tenants.audit.models import AuditEntry
from tests.factories import make_lead, make_message


@pytest.fixture
def lead(north):
    message = make_message(text="I want to buy for 900 euros")
    return apply_understanding(
        conversation=message.conversation,
        message=message,
        facts={"budget": "900 euros"},
        intent="sales",
    )


def test_a_stage_is_set_with_who_and_why(lead, rung, committing):
    with committing():
        lead = set_stage(lead=lead, stage="won", actor="user:1", reason="Signed today")
    change = lead.changes.filter(field="stage").first()
    assert (change.before, change.after, change.actor, change.reason) == (
        "new",
        "won",
        "user:1",
        "Signed today",
    )
    assert AuditEntry.objects.filter(action="lead.stage_set", subject=f"lead:{lead.pk}").exists()
    assert rung[-1] == (45, False)


def test_the_same_stage_again_is_no_change(lead, committing):
    with committing():
        set_stage(lead=lead, stage="new", actor="user:1")
    assert lead.changes.filter(field="stage").count() == 1


def test_an_unknown_stage_is_refused(lead):
    with pytest.raises(ValidationError, match="Choose one of: new, contacted"):
        set_stage(lead=lead, stage="sold", actor="user:1")


def test_an_owner_is_assigned_and_taken_away(lead, people):
    agent = people["agent"]
    lead = assign_owner(lead=lead, owner=agent, actor=people["admin"].actor)
    assert Lead.objects.unassigned().count() == 0
    lead = assign_owner(lead=lead, owner=None, actor=people["admin"].actor)
    assert [(c.before, c.after) for c in lead.changes.filter(field="owner")] == [
        (agent.actor, ""),
        ("", agent.actor),
    ]


def test_who_left_gets_no_leads(lead, people):
    people["agent"].is_active = False
    with pytest.raises(ValidationError, match="no longer works here"):
        assign_owner(lead=lead, owner=people["agent"], actor="user:1")


class TestOverride:
    def test_it_is_a_row_with_its_reason(self, lead):
        lead = override_score(lead=lead, score=90, actor="user:1", reason="Old customer")
        row = lead.contributions.get(rule="manual")
        assert (row.points, row.quote, row.actor) == (45, "Old customer", "user:1")
        assert (lead.score, lead.tier) == (90, "hot")
        assert lead.changes.filter(field="score").first().reason == "Old customer"

    def test_later_messages_move_the_score_from_there(self, lead):
        override_score(lead=lead, score=90, actor="user:1")
        message = make_message(text="I am the CEO")
        message.conversation.contact = lead.contact
        lead = apply_understanding(
            conversation=message.conversation,
            message=message,
            facts={"role": "CEO"},
            intent="general",
        )
        assert lead.score == 95

    def test_a_second_one_replaces_the_first_and_none_takes_it_back(self, lead):
        override_score(lead=lead, score=90, actor="user:1")
        assert override_score(lead=lead, score=10, actor="user:2").score == 10
        lead = override_score(lead=lead, score=None, actor="user:2")
        assert lead.score == 45
        assert not lead.contributions.filter(rule="manual").exists()

    @pytest.mark.parametrize("score", [-1, 101])
    def test_it_stays_within_bounds(self, lead, score):
        with pytest.raises(ValidationError, match="from 0 to 100"):
            override_score(lead=lead, score=score, actor="user:1")


def test_hot_leaves_out_what_is_closed(north):
    hot = make_lead(tier="hot")
    make_lead(tier="hot", stage="won")
    make_lead(tier="warm")
    assert list(Lead.objects.hot()) == [hot]
