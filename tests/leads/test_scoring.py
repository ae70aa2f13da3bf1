import pytest

from leads.scoring import (
    RULES,
    Fact,
    Said,
    derive,
    known,
    limit,
    tier_of,
    what_would_help,
)
from leads.weights import BUILT_IN, POINTS, OwnRule, Weights, changed_rules, faults_of, from_json


def said(intent="", sentiment=None, message=1, quote="words", **facts):
    return Said(
        facts={name: Fact(value, f"said {value}") for name, value in facts.items()},
        intent=intent,
        sentiment=sentiment,
        quote=quote,
        message=message,
    )


def points(*messages, weights=BUILT_IN):
    return {line.rule: line.points for line in derive(messages, weights)}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (said(), {}),
        (said(intent="sales"), {"intent": 25}),
        (said(intent="support"), {}),
        (said(intent="urgent"), {"intent": 15, "urgency": 10}),
        (said(budget="900 euros"), {"budget": 20}),
        (said(budget="whatever it takes"), {"budget": 10}),
        (said(budget="no budget"), {}),
        (said(budget="لا يوجد"), {}),
        (said(timeline="in May"), {"timeline": 10}),
        (said(timeline="this week"), {"timeline": 10, "urgency": 10}),
        (said(timeline="lo antes posible, esta semana"), {"timeline": 10, "urgency": 10}),
        (said(timeline="هذا الأسبوع"), {"timeline": 10, "urgency": 10}),
        (said(email="a@b.example", phone="+34 600"), {"email": 8, "phone": 8}),
        (said(company="Acme", role="CEO"), {"company": 5, "role": 5}),
        (said(sentiment=0.8), {"sentiment": 5}),
        (said(sentiment=0.0), {}),
        (said(sentiment=-0.9), {"sentiment": -10}),
        (said(shoe_size="44"), {}),
    ],
)
def test_points(message, expected):
    assert points(message) == expected


def test_the_first_message_that_shows_intent_keeps_the_credit():
    lines = derive([said(intent="sales", message=1), said(intent="sales", message=2)])
    assert lines[0].message == 1


def test_the_newest_mood_counts():
    assert points(said(sentiment=-0.9), said(sentiment=0.9)) == {"sentiment": 5}


def test_a_fact_said_twice_is_credited_to_the_first_and_a_new_value_to_the_new():
    first, again = said(budget="900", message=1), said(budget="900", message=2)
    assert known([first, again])["budget"].message == 1
    assert known([first, said(budget="1200", message=3)])["budget"].message == 3


def test_an_empty_value_takes_a_fact_back():
    assert known([said(budget="900"), said(budget="")]) == {}


@pytest.mark.parametrize(("total", "correction"), [(0, None), (100, None), (106, -6), (-10, 10)])
def test_the_sum_is_brought_back_by_a_line_of_its_own(total, correction):
    line = limit(total)
    assert (line.points if line else None) == correction


@pytest.mark.parametrize(
    ("score", "tier"), [(0, "cold"), (39, "cold"), (40, "warm"), (69, "warm"), (70, "hot")]
)
def test_tiers(score, tier):
    assert tier_of(score) == tier


def test_what_would_help_names_the_weightiest_first_and_no_more_than_needed():
    assert what_would_help({"intent": 25}, score=25) == [
        ("A budget with a figure", 20),
        ("What exactly they need", 10),
        ("When they need it", 10),
        ("A date within weeks", 10),
    ]
    assert what_would_help({}, score=BUILT_IN.hot) == []


def test_what_would_help_always_suffices():
    """All rules together reach hot from nothing, so a way is always shown."""
    assert sum(rule.best(BUILT_IN) for rule in RULES) >= BUILT_IN.hot


def test_each_reason_carries_the_words_and_the_message():
    (line,) = derive([said(budget="900", message=7)])
    assert (line.quote, line.message, line.version) == ("said 900", 7, 1)


def test_a_company_has_its_own_numbers_and_rules():
    weights = Weights(
        number=3,
        points={**POINTS, "budget.figure": 40, "email": 0},
        own=(OwnRule("From Madrid", "location", 12, ("madrid",)), OwnRule("Student", "role", -9)),
        since={"budget": 3, "own:From Madrid": 2},
    )
    message = said(budget="900", email="a@b.example", location="near MADRID", role="trainee")
    assert points(message, weights=weights) == {
        "budget": 40,
        "role": 5,
        "own:From Madrid": 12,
        "own:Student": -9,
    }
    versions = {line.rule: line.version for line in derive([message], weights)}
    assert versions == {"budget": 3, "role": 1, "own:From Madrid": 2, "own:Student": 1}


def test_an_own_rule_needs_its_words_and_a_real_value():
    rule = OwnRule("Near", "location", 10, ("madrid", "مدريد"))
    weights = Weights(own=(rule,))
    assert points(said(location="في مدريد"), weights=weights) == {rule.name: 10}
    assert points(said(location="Lisbon"), weights=weights) == {}
    assert (
        points(said(location="unknown"), weights=Weights(own=(OwnRule("x", "location", 1),))) == {}
    )


def test_what_would_help_goes_by_the_company_s_numbers():
    weights = Weights(hot=30, own=(OwnRule("Lives in Madrid", "location", 30),))
    assert what_would_help({}, score=0, weights=weights) == [("Lives in Madrid", 30)]
    assert tier_of(30, weights) == "hot"


def test_weights_are_read_as_they_were_written():
    weights = Weights(points={**POINTS, "role": -3}, own=(OwnRule("a", "b", 4, ("c",)),), hot=80)
    assert from_json(weights.as_json()) == weights
    assert from_json({}) == BUILT_IN


def test_what_changed_is_named_by_rule():
    after = Weights(points={**POINTS, "budget.spoken": 3}, own=(OwnRule("a", "b", 4),))
    assert changed_rules(BUILT_IN, after) == {"budget", "own:a"}
    assert changed_rules(after, BUILT_IN) == {"budget", "own:a"}


@pytest.mark.parametrize(
    ("weights", "place"),
    [
        (Weights(points={**POINTS, "email": 51}), "email"),
        (Weights(hot=101), "hot"),
        (Weights(warm=70), "warm"),
        (Weights(warm=0), "warm"),
        (Weights(own=(OwnRule("", "role", 1),)), "own.0.label"),
        (Weights(own=(OwnRule("A", "role", 1), OwnRule("a", "role", 2))), "own.1.label"),
        (Weights(own=(OwnRule("A", " ", 1),)), "own.0.fact"),
        (Weights(own=(OwnRule("A", "role", 0),)), "own.0.points"),
        (Weights(own=(OwnRule("A", "role", 1, ("",)),)), "own.0.words"),
        (Weights(own=tuple(OwnRule(f"r{n}", "role", 1) for n in range(21))), "own"),
    ],
)
def test_numbers_that_make_no_sense_are_named(weights, place):
    assert list(faults_of(weights)) == [place]
    assert faults_of(BUILT_IN) == {}
