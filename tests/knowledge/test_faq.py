"""Questions and answers from a spreadsheet's CSV."""

import csv
import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.loaders import LOADERS
from knowledge.loaders.base import Unreadable

CELLS = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=20)


def read(content: str | bytes, encoding="utf-8"):
    return LOADERS.get("csv")().load(
        content if isinstance(content, bytes) else content.encode(encoding)
    )


def pairs(loaded):
    return [(section.heading[0], section.text) for section in loaded.sections]


@pytest.mark.parametrize(
    "header",
    ["Question,Answer", "PREGUNTA,Respuesta", "السؤال,الجواب", "id,Question:,Answer", "faq,reply"],
)
def test_columns_are_told_by_their_names(header):
    width = header.count(",") - 1
    row = "7," * width + "Do you deliver?,Yes."

    assert pairs(read(f"{header}\n{row}\n")) == [("Do you deliver?", "Yes.")]


def test_named_columns_may_stand_in_any_order_beside_others():
    loaded = read("answer,topic,question\nFrom nine.,hours,When are you open?\n")

    assert pairs(loaded) == [("When are you open?", "From nine.")]


def test_two_columns_without_names_are_question_and_answer():
    assert pairs(read("When are you open?;From nine, to six\nWhere?;In Cádiz\n")) == [
        ("When are you open?", "From nine, to six"),
        ("Where?", "In Cádiz"),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    ("encoding", "question", "answer"),
    [
        ("utf-8", "¿Cuánto cuesta?", "20 €"),
        ("utf-8-sig", "¿Cuánto cuesta?", "20 €"),
        ("utf-16", "كم سعر الغرفة؟", "تسعون يورو"),
        ("cp1252", "¿Cuánto cuesta?", "20 €"),
        ("cp1256", "كم سعر الغرفة؟", "تسعون يورو"),
    ],
)
def test_as_spreadsheets_save_it(delimiter, encoding, question, answer):
    content = f"{question}{delimiter}{answer}\r\n" * 2

    assert pairs(read(content, encoding))[0] == (question, answer)


def test_excels_separator_line_is_obeyed():
    assert pairs(read("sep=;\r\nquestion;answer\r\nA, b?;C, d.\r\n")) == [("A, b?", "C, d.")]


def test_cells_over_many_lines_stay_whole():
    assert pairs(read('question,answer\nHours?,"Mon: 9\nTue: 10"\n')) == [
        ("Hours?", "Mon: 9\nTue: 10")
    ]


def test_a_formula_is_text():
    formula = '=HYPERLINK("http://a.example","x")'
    made = io.StringIO()
    csv.writer(made).writerows([["question", "answer"], ["Link?", formula], ["=1+1", "@SUM(A1)"]])

    assert pairs(read(made.getvalue())) == [("Link?", formula), ("=1+1", "@SUM(A1)")]


def test_rows_that_lack_something_are_named_and_the_others_used():
    loaded = read("question,answer\nHours?,From nine.\nPrice?,\n,\n,Yes.\n")

    assert pairs(loaded) == [("Hours?", "From nine.")]
    assert loaded.left_out == "Left out: row 3 has no answer; row 5 has no question."


def test_an_answer_that_fell_apart_at_its_comma_is_not_used_in_half():
    loaded = read("question,answer\nHours?,Nine.\nRepairs?,Yes, all makes.\n")

    assert pairs(loaded) == [("Hours?", "Nine.")]
    assert loaded.left_out.startswith("Left out: row 3 has too many cells")


def test_a_long_report_ends():
    loaded = read("question,answer\nHours?,Nine.\n" + "Price?,\n" * 900)

    assert loaded.left_out.endswith("row 7 has no answer; and 895 more.")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("a,b,c\n1,2,3\n", "Name two columns"),
        ("just one column\nof words\n", "Name two columns"),
        ("question,answer\nPrice?,\n", "row 2 has no answer"),
        ("question,answer\n", "no question with an answer"),
        ('question,answer\nHours?,"' + "x" * 200_000, "quotation mark is not"),
    ],
)
def test_what_cannot_be_read_says_why(content, sentence):
    with pytest.raises(Unreadable, match=sentence):
        read(content)


def test_rows_without_anything_are_not_read_to_the_end_at_the_door():
    begun = time.thread_time()

    with pytest.raises(Unreadable, match="Name two columns"):
        LOADERS.get("csv")().examine(b",\n" * 2_000_000)

    assert time.thread_time() - begun < 2


def test_a_question_longer_than_a_heading_is_kept_in_the_text():
    question = "Is it " + "very " * 60 + "far?"
    (section,) = read(f"question,answer\n{question},No.\n").sections

    assert section.text == f"{question}\nNo."


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=12), st.sampled_from(",;\t|"))
def test_whatever_a_spreadsheet_writes_is_read_back(rows, delimiter):
    made = io.StringIO()
    csv.writer(made, delimiter=delimiter).writerows([("question", "answer"), *rows])

    assert pairs(read(made.getvalue())) == rows
