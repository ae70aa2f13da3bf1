"""A company's own scoring: drafted, tried on every lead, put in force, gone back from."""

import pytest
from django.core.exceptions import ValidationError

from leads import services
from leads.models import Lead, LeadChange, RuleSet
from leads.services import rule_sets
from leads.weights import BUILT_IN, POINTS
from tenants import context
from tests.factories import make_conversation, make_message

ADA = "user:1"


def told(**facts):
    """A lead who told us these things."""
    message = make_message(conversation=make_conversation(), text=" ".join(facts.values()) or "hi")
    return services.apply_understanding(
        conversation=message.conversation, message=message, facts=facts, intent="sales"
    )


def drafted(**points):
    draft = services.start_draft(actor=ADA)
    content = {**BUILT_IN.as_json(), "points": {**POINTS, **points}}
    return services.change_draft(rule_set=draft, content=content, note="Try", actor=ADA)


def previewed(draft):
    services.start_preview(rule_set=draft, actor=ADA)
    draft.refresh_from_db()
    while draft.preview == RuleSet.Preview.RUNNING:
        services.preview_next(rule_set_id=draft.pk, after=draft.previewed_to)
        draft.refresh_from_db()
    return draft


def test_the_built_in_set_is_in_force_until_another_is(north):
    assert services.weights_in_force() == BUILT_IN
    assert services.weights_of(1) == BUILT_IN


def test_a_set_is_put_in_force_only_after_its_preview(north):
    draft = drafted(email=30)
    with pytest.raises(services.RuleSetRefused) as refused:
        services.publish(rule_set=draft, actor=ADA)
    assert refused.value.code == "no_preview"

    previewed(draft)
    services.change_draft(rule_set=draft, content=draft.content, note="Other words", actor=ADA)
    services.publish(rule_set=draft, actor=ADA)  # the same numbers: the preview stands
    assert services.weights_in_force().points["email"] == 30


def test_other_numbers_void_the_preview(north):
    lead = told(email="ada@acme.example")
    draft = previewed(drafted(email=30))
    assert draft.moves.count() == 1
    content = {**draft.content, "hot": 90}
    draft = services.change_draft(rule_set=draft, content=content, note="", actor=ADA)
    assert (draft.preview, draft.moves.count()) == ("", 0)
    with pytest.raises(services.RuleSetRefused):
        services.publish(rule_set=draft, actor=ADA)
    assert Lead.objects.get(pk=lead.pk).score == lead.score  # nothing but rows on the side


def test_what_the_preview_says_then_happens(north, monkeypatch, committing):
    monkeypatch.setattr(rule_sets, "BATCH", 2)
    with_mail = [told(email=f"a{n}@acme.example", budget="900") for n in range(3)]
    others = [told(interest="bikes") for n in range(2)]
    draft = previewed(drafted(email=50))
    assert services.preview_summary(draft) == {
        "leads": 5,
        "moved": 3,
        "changed_tier": 3,
        "tiers": [("warm", "hot", 3)],
    }

    with committing():
        services.publish(rule_set=draft, actor=ADA)
    while services.rescore_next():
        pass
    for move in draft.moves.all():
        lead = Lead.objects.get(pk=move.lead_id)
        assert (lead.score, lead.tier) == (move.score_after, move.tier_after)
    assert {lead.pk for lead in with_mail} == {*draft.moves.values_list("lead", flat=True)}
    assert {*Lead.objects.values_list("scored_by", flat=True)} == {draft.number}
    row = with_mail[0].contributions.get(rule="email")
    assert (row.points, row.rule_version) == (50, draft.number)
    assert with_mail[0].contributions.get(rule="budget").rule_version == 1
    change = LeadChange.objects.filter(lead=with_mail[0], field="score").first()
    assert (change.actor, str(draft.number) in change.reason) == ("system", True)
    assert not LeadChange.objects.filter(lead=others[0], actor="system").exists()


def test_a_batch_that_was_lost_is_rung_for_again(north, monkeypatch):
    rung = []
    monkeypatch.setattr(rule_sets, "ring_preview", lambda *args: rung.append(args))
    monkeypatch.setattr(rule_sets, "ring_rescoring", lambda: rung.append("rescore"))
    told(email="a@acme.example")
    draft = drafted(email=20)
    services.start_preview(rule_set=draft, actor=ADA)
    rung.clear()
    assert services.sweep()["rescorings"] == 0
    assert rung == [(draft.pk, 0)]

    services.preview_next(rule_set_id=draft.pk, after=0)
    services.preview_next(rule_set_id=draft.pk, after=0)  # the ring that came late
    assert draft.moves.count() == 1
    services.publish(rule_set=draft, actor=ADA)
    rung.clear()
    assert services.sweep()["rescorings"] == 1
    assert rung == ["rescore"]
    services.rescore_next()
    assert services.rescoring_left() == services.sweep()["rescorings"] == 0


def test_a_lead_scored_by_a_process_that_remembers_older_numbers_is_found(north, monkeypatch):
    draft = previewed(drafted(email=30))
    services.publish(rule_set=draft, actor=ADA)
    with monkeypatch.context() as patch:
        patch.setattr("leads.services.ledger.weights_in_force", lambda: BUILT_IN)
        lead = told(email="ada@acme.example")
    assert lead.scored_by == 1
    services.rescore_next()
    lead.refresh_from_db()
    assert (lead.scored_by, lead.contributions.get(rule="email").points) == (draft.number, 30)


def test_a_correction_by_hand_survives_new_rules(north):
    lead = told(email="ada@acme.example")
    services.override_score(lead=lead, score=90, actor=ADA, reason="Met her")
    draft = previewed(drafted(email=18))
    services.publish(rule_set=draft, actor=ADA)
    services.rescore_next()
    lead.refresh_from_db()
    assert lead.score == 100
    assert lead.contributions.get(rule="manual").quote == "Met her"


def test_going_back_is_a_new_set_with_the_old_numbers(north):
    first = previewed(drafted(email=30))
    services.publish(rule_set=first, actor=ADA)
    back = services.start_draft(actor=ADA, based_on=1)
    services.publish(rule_set=previewed(back), actor=ADA)
    assert services.weights_in_force().points == POINTS
    assert services.weights_in_force().version_of("email") == back.number
    assert RuleSet.objects.filter(is_live=True).count() == 1


def test_what_was_in_force_never_changes(north):
    draft = previewed(drafted(email=30))
    services.publish(rule_set=draft, actor=ADA)
    for deed in (
        lambda: services.change_draft(rule_set=draft, content={}, note="", actor=ADA),
        lambda: services.discard_draft(rule_set=draft, actor=ADA),
        lambda: services.publish(rule_set=draft, actor=ADA),
    ):
        with pytest.raises(services.RuleSetRefused) as refused:
            deed()
        assert refused.value.code == "not_a_draft"
    draft.refresh_from_db()
    draft.content = {}
    with pytest.raises(ValidationError):
        draft.full_clean()


def test_nonsense_is_refused_beside_its_place(north):
    draft = services.start_draft(actor=ADA)
    with pytest.raises(ValidationError) as refused:
        services.change_draft(
            rule_set=draft, content={"hot": 200, "points": {"email": 99}}, note="", actor=ADA
        )
    assert {*refused.value.message_dict} == {"hot", "email"}


def test_the_other_company_goes_by_its_own(north, south):
    services.publish(rule_set=previewed(drafted(email=30)), actor=ADA)
    with context.inside(south):
        assert services.weights_in_force() == BUILT_IN
        assert not RuleSet.objects.exists()
