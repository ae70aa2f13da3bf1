import pytest

from leads.scoring import (
    HOT,
    RULES,
    Fact,
    Said,
    derive,
    known,
    limit,
    tier_of,
    what_would_help,
)


def said(intent="", sentiment=None, message=1, quote="words", **facts):
    return Said(
        facts={name: Fact(value, f"said {value}") for name, value in facts.items()},
        intent=intent,
        sentiment=sentiment,
        quote=quote,
        message=message,
    )


def points(*messages):
    return {line.rule: line.points for line in derive(messages)}


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
        "A budget with a figure (+20)",
        "What exactly they need (+10)",
        "When they need it (+10)",
        "A date within weeks (+10)",
    ]
    assert what_would_help({}, score=HOT) == []


def test_what_would_help_always_suffices():
    """All rules together reach hot from nothing, so a way is always shown."""
    assert sum(rule.best for rule in RULES) >= HOT


def test_each_reason_carries_the_words_and_the_message():
    (line,) = derive([said(budget="900", message=7)])
    assert (line.quote, line.message, line.version) == ("said 900", 7, 1)
