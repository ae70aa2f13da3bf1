"""What is done with a checked reply: risk as a sum of reasons, and the company's table."""

import pytest

from agents.guardrails.autonomy import (
    ANY,
    DEFAULT,
    PRIVATE,
    PUBLIC,
    Act,
    Matrix,
    Place,
    Row,
    matrix_from,
    rows_of,
    rule,
)
from agents.guardrails.risk import Level, Reason, Risk, Signals, risk_of

CALM = {"confidence": 0.95, "gate": 0.7, "reply": "It costs 349 EUR."}
TELEGRAM = Place(platform="telegram", is_public=False)
COMMENTS = Place(platform="facebook", is_public=True)


def risk(said="How much is the Nova?", **more) -> Risk:
    return risk_of(Signals(**{"said": said, **CALM, **more}))


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("My lawyer will write to you", "legal"),
        ("Voy a denunciar esto, tengo abogado", "legal"),
        ("سأذهب إلى المحكمة", "legal"),
        ("Is it safe for someone with allergies?", "medical"),
        ("¿Puedo tomarlo estando embarazada?", "medical"),
        ("ما هي الجرعة المناسبة؟", "medical"),
        ("I want to make a complaint", "complaint"),
        ("Quiero poner una reclamación", "complaint"),
        ("أريد تقديم شكوى", "complaint"),
        ("Can I get a refund?", "refund"),
        ("Quiero un reembolso", "refund"),
        ("أريد استرداد المبلغ", "refund"),
        ("Please cancel my order", "cancel"),
        ("Quiero darme de baja", "cancel"),
        ("أريد إلغاء الطلب", "cancel"),
    ],
)
def test_delicate_topics_are_found_in_three_languages(said, code):
    found = risk(said)
    assert code in found.codes
    assert next(each.quote for each in found.reasons if each.code == code)


@pytest.mark.parametrize(
    "said",
    [
        "How much does the standing desk Nova cost?",
        "Can I return it within 30 days?",
        "¿Cuándo abren?",
        "هل لديكم توصيل؟",
        "Do you deliver to Courtland?",
        "I love the issue you sent",
    ],
)
def test_ordinary_questions_are_low(said):
    assert risk(said) == Risk()


@pytest.mark.parametrize(
    ("signals", "codes", "level"),
    [
        ({"confidence": 0.72}, ["low_confidence"], Level.MEDIUM),
        ({"sentiment": -0.5}, ["negative"], Level.MEDIUM),
        ({"sentiment": -0.7}, ["very_negative"], Level.HIGH),
        ({"dropped": 1}, ["sentences_dropped"], Level.MEDIUM),
        ({"was_rewritten": True}, ["rewritten"], Level.LOW),
        ({"language": "en", "detected": "es"}, ["language_uncertain"], Level.LOW),
        ({"is_public": True, "is_first_in_public": True}, ["first_public_reply"], Level.LOW),
        ({"reply": "We will refund you 50 EUR."}, ["money_promised"], Level.MEDIUM),
        ({"reply": "Te devolvemos el dinero."}, ["money_promised"], Level.MEDIUM),
        ({"reply": "سنعيد لك المبلغ كاملا"}, ["money_promised"], Level.MEDIUM),
        (
            {"said": "Can I get a refund?", "reply": "We will refund you."},
            ["refund", "money_promised"],
            Level.HIGH,
        ),
        (
            {"said": "I am ada@x.example", "reply": "Hello ada@x.example", "is_public": True},
            ["privacy_in_public"],
            Level.HIGH,
        ),
        ({"extra": (Reason("budget", 6),)}, ["budget"], Level.HIGH),
    ],
)
def test_each_reason_has_points_and_the_level_is_their_sum(signals, codes, level):
    found = risk(**signals)
    assert (found.codes, found.level) == (codes, level)
    assert found.points == sum(each.points for each in found.reasons)


HIGH = Risk((Reason("legal", 6),))
MEDIUM = Risk((Reason("refund", 3),))


@pytest.mark.parametrize(
    ("place", "found", "act"),
    [
        (TELEGRAM, Risk(), Act.SEND),
        (TELEGRAM, MEDIUM, Act.DELAY),
        (TELEGRAM, HIGH, Act.DRAFT),
        (COMMENTS, Risk(), Act.DELAY),
        (COMMENTS, MEDIUM, Act.DRAFT),
        (COMMENTS, HIGH, Act.DRAFT),
    ],
)
def test_by_default_the_public_and_the_delicate_are_handled_with_more_care(place, found, act):
    ruling = rule(DEFAULT, place=place, intents=["sales"], risk=found)
    assert ruling.act is act
    assert ruling.reasons == tuple(found.codes)
    assert ruling.seconds == (30 if act is Act.DELAY else 0)


def row(channel, intent, act) -> Row:
    return Row(channel, intent, act, act, act)


@pytest.mark.parametrize(
    ("rows", "act", "decided"),
    [
        ([row(ANY, ANY, Act.SEND), row(PRIVATE, ANY, Act.DRAFT)], Act.DRAFT, "private/any"),
        ([row(PRIVATE, ANY, Act.DRAFT), row("telegram", ANY, Act.SEND)], Act.SEND, "telegram/any"),
        ([row("telegram", ANY, Act.NEVER), row(ANY, "sales", Act.SEND)], Act.SEND, "any/sales"),
        ([row(ANY, "sales", Act.SEND), row(ANY, "wholesale", Act.NEVER)], Act.NEVER,
         "any/wholesale"),
        ([row(PUBLIC, ANY, Act.SEND), row("facebook", "sales", Act.SEND)], Act.DRAFT, ""),
    ],
)  # fmt: skip
def test_the_row_that_names_more_decides(rows, act, decided):
    ruling = rule(Matrix(tuple(rows)), place=TELEGRAM, intents=["wholesale", "sales"], risk=Risk())
    assert (ruling.act, ruling.row) == (act, decided)


def test_others_may_ask_for_more_care_and_never_for_less():
    asked = {"budget_used_up": Act.DRAFT}
    assert rule(DEFAULT, place=TELEGRAM, intents=[], risk=Risk(), at_least=asked).act is Act.DRAFT
    never = Matrix((row(ANY, ANY, Act.NEVER),))
    ruling = rule(never, place=TELEGRAM, intents=[], risk=Risk(), at_least=asked)
    assert (ruling.act, ruling.reasons) == (Act.NEVER, ("budget_used_up",))


def test_a_table_survives_being_stored():
    assert matrix_from(rows_of(DEFAULT), delay=30, expires=24) == DEFAULT


@pytest.mark.parametrize(
    ("rows", "delay", "expires"),
    [
        ([], 30, 24),
        (rows_of(DEFAULT) * 2, 30, 24),
        (rows_of(DEFAULT), 1, 24),
        (rows_of(DEFAULT), 30, 0),
        ([{**rows_of(DEFAULT)[0], "low": "shout"}], 30, 24),
    ],
)
def test_a_table_that_says_nothing_clear_is_refused(rows, delay, expires):
    with pytest.raises(ValueError):  # noqa: PT011
        matrix_from(rows, delay=delay, expires=expires)
