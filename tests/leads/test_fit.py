"""Fit in five dimensions and the four letters: pure, in the score, on the page, over the API."""

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from leads import bant, fit, services
from leads.fit import Ideal
from leads.models import Lead, RuleSet
from leads.scoring import Fact, Said, derive, judge, what_would_help
from leads.services import correct_facts, preview_next, rescore_next
from leads.weights import BUILT_IN, POINTS, Weights, changed_rules, faults_of, from_json
from tests.factories import make_lead

IDEAL = Ideal(
    industry=("hospitality", "IT"),
    size_from=10,
    size_to=200,
    region=("Madrid", "الرياض"),
    budget_from=5_000,
    role=("CEO", "owner"),
)


@pytest.mark.parametrize(
    ("dimension", "value", "fits"),
    [
        ("industry", "Hospitality and events", True),
        ("industry", "IT", True),
        ("industry", "Humility", False),
        ("size", "50-100 employees", True),
        ("size", "about 250", False),
        ("size", "a few of us", None),
        ("region", "في الرياض", True),
        ("region", "Barcelona", False),
        ("budget", "up to 5k", True),
        ("budget", "4.500,50 EUR", False),
        ("budget", "٦٠٠٠ ريال", True),
        ("budget", "1,200,000", True),
        ("role", "Co-owner", True),
        ("role", "", None),
    ],
)
def test_a_value_fits_misses_or_cannot_be_told(dimension, value, fits):
    assert fit.fits(IDEAL, dimension, value) is fits


@given(st.text(max_size=60))
def test_whatever_is_written_is_read_without_falling_over(value):
    for dimension in fit.DIMENSIONS:
        assert fit.fits(IDEAL, dimension, value) in {True, False, None}
    assert all(number >= 0 for number in fit.numbers(value))


def test_what_nobody_asked_for_counts_for_nothing():
    said = [Said(facts={"industry": Fact("Hospitality"), "location": Fact("Madrid")})]
    assert derive(said, BUILT_IN) == []
    lines = {line.rule: line.points for line in derive(said, Weights(ideal=IDEAL))}
    assert lines == {"fit_industry": 5, "fit_region": 5}
    other = [Said(facts={"location": Fact("Oslo")})]
    assert judge(other, weights=Weights(ideal=IDEAL)).score == 0  # -5, kept at 0


def test_percent_is_by_what_each_counts_for():
    weights = Weights(ideal=IDEAL, points={**POINTS, "fit_budget.yes": 20})
    shares = {dimension: weights.share_of(dimension) for dimension in fit.DIMENSIONS}
    found = fit.matches(IDEAL, {"budget": "9k", "role": "intern"}, shares)
    assert [one.state for one in found] == ["unknown", "unknown", "unknown", "fits", "misses"]
    assert fit.percent(found) == 50
    assert fit.percent(fit.matches(Ideal(), {}, shares)) is None


def test_what_is_known_not_to_fit_is_not_asked_for_again():
    weights = Weights(ideal=IDEAL, points={**dict.fromkeys(POINTS, 0), "fit_role.yes": 30}, hot=30)
    assert what_would_help({}, score=0, weights=weights) == [("A role that decides", 30)]
    assert what_would_help({}, score=0, weights=weights, known={"role": "intern"}) == []
    assert not any(
        gain for _hint, gain in what_would_help({}, score=69) if _hint.startswith("A role")
    )


def test_the_ideal_is_part_of_the_set_and_changes_its_own_rules_only():
    weights = Weights(ideal=IDEAL)
    assert from_json(weights.as_json()) == weights
    assert changed_rules(BUILT_IN, weights) == set(fit.RULES.values())
    narrower = Weights(ideal=Ideal(**{**vars_of(IDEAL), "size_to": 50}))
    assert changed_rules(weights, narrower) == {"fit_size"}
    assert faults_of(Weights(ideal=Ideal(size_from=9, size_to=3))) == {
        "ideal.size_to": "out_of_range"
    }


def vars_of(ideal: Ideal) -> dict:
    return {name: getattr(ideal, name) for name in Ideal.__slots__}


def test_the_letters_are_answered_by_facts_and_asked_where_open():
    found = {one.letter.key: one for one in bant.answers({"role": "CEO", "budget": "900"})}
    assert (found["authority"].value, found["budget"].is_open) == ("CEO", False)
    assert found["need"].is_open
    assert found["need"].letter.question == "What exactly do you need?"


def written(**more: str) -> dict[str, str]:
    return {
        **{case.replace(".", "_"): str(points) for case, points in POINTS.items()},
        "hot": "70",
        "warm": "40",
        "note": "",
        "own-TOTAL_FORMS": "0",
        "own-INITIAL_FORMS": "0",
        **more,
    }


def test_a_company_says_whom_it_sells_to_and_its_leads_follow(sign_in):
    lead = correct_facts(
        lead=make_lead(), facts={"location": "Madrid", "budget": "2k"}, actor="user:1"
    )
    before = lead.score
    draft = services.start_draft(actor="user:1")
    admin = sign_in("admin")
    path = reverse("leads:rule_set", args=[draft.number])
    wanted = {"ideal_region": "Madrid، Sevilla", "ideal_budget_from": "5000"}
    assert admin.post(path, written(**wanted)).status_code == 302
    assert RuleSet.objects.get().weights.ideal == Ideal(
        region=("Madrid", "Sevilla"), budget_from=5_000
    )
    assert "Sevilla" in admin.get(path).content.decode()
    admin.post(reverse("leads:preview_rules", args=[draft.number]))
    preview_next(rule_set_id=draft.pk, after=0)
    admin.post(reverse("leads:publish_rules", args=[draft.number]))
    rescore_next()
    lead = Lead.objects.get()
    assert lead.score == before  # +5 region, -5 budget
    rows = {row.rule: row.points for row in lead.contributions.all()}
    assert (rows["fit_region"], rows["fit_budget"]) == (5, -5)

    told = admin.get(f"/api/v1/leads/{lead.pk}/").json()
    assert told["fit"]["percent"] == 50
    assert [one["state"] for one in told["fit"]["matches"]] == ["fits", "misses"]
    questions = {one["key"]: one["question"] for one in told["bant"]}
    assert questions["budget"] == ""
    assert questions["timing"] == "When do you need it?"
    page = admin.get(reverse("leads:lead", args=[lead.pk])).content.decode()
    assert "50 %" in page
    assert "When do you need it?" in page
    assert "Sevilla" in admin.get(reverse("leads:scoring")).content.decode()


def test_over_the_api(sign_in):
    admin = sign_in("admin")
    draft = services.start_draft(actor="user:1")
    content = {"hot": 70, "warm": 40, "ideal": {"role": ["CEO"], "size_from": 10}}
    path = f"/api/v1/scoring-rules/{draft.pk}/write/"
    said = admin.post(path, {"content": content}, "application/json").json()
    assert said["content"]["ideal"]["role"] == ["CEO"]
    content["ideal"] = {"size_from": 9, "size_to": 3}
    refused = admin.post(path, {"content": content}, "application/json")
    assert refused.status_code == 400
