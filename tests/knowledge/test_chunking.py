"""Passages end where sentences do, and lose nothing."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.chunking import chunks, count_tokens, fragments, sentences

WORDS = st.sampled_from(["a", "room", "breakfast", "الغرفة", "habitación", "42", "€", "宿泊"])
ENDS = st.sampled_from([". ", "! ", "؟ ", " ", "\n", "\n\n", "。"])
PROSE = st.lists(st.tuples(WORDS, ENDS), max_size=400).map(
    lambda pairs: "".join(word + end for word, end in pairs)
)


def bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


@settings(max_examples=60, deadline=None)
@given(PROSE, st.integers(20, 120), st.integers(0, 15))
def test_nothing_is_lost_and_nothing_is_added(text, size, overlap):
    cut = chunks(text, size=size, overlap=overlap)

    assert bare("".join(chunk.text[chunk.overlap :] for chunk in cut)) == bare(text)


@settings(max_examples=60, deadline=None)
@given(PROSE, st.integers(20, 120), st.integers(0, 15))
def test_sizes_are_kept(text, size, overlap):
    for chunk in chunks(text, size=size, overlap=overlap):
        assert count_tokens(chunk.text) <= size
        assert count_tokens(chunk.text[: chunk.overlap]) <= overlap


@settings(max_examples=60, deadline=None)
@given(PROSE)
def test_an_overlap_repeats_the_end_of_the_chunk_before(text):
    cut = chunks(text, size=60, overlap=15)

    for before, chunk in zip(cut, cut[1:], strict=False):
        assert bare(before.text).endswith(bare(chunk.text[: chunk.overlap]))


def test_the_usual_passage_has_800_tokens_and_repeats_up_to_120():
    text = " ".join(f"Sentence number {number} says very little." for number in range(600))

    first, second, *_ = chunks(text)

    assert 700 < count_tokens(first.text) <= 800
    assert 60 < count_tokens(second.text[: second.overlap]) <= 120
    assert first.text.endswith(".")


def test_a_word_without_end_is_cut_all_the_same():
    cut = chunks("x" * 20_000)

    assert len(cut) > 1
    assert "".join(chunk.text[chunk.overlap :] for chunk in cut) == "x" * 20_000


def test_a_megabyte_without_a_full_stop_is_cut_in_seconds():
    assert len(chunks("word " * 200_000)) > 250


def test_sentences_know_abbreviations():
    assert sentences("Ask Dr. Ruiz. She knows.") == ["Ask Dr. Ruiz.", "She knows."]


@pytest.mark.parametrize("text", ["", " \n ", "\n\n\n"])
def test_nothing_makes_no_passage(text):
    assert chunks(text) == []


def test_short_sentences_are_read_together_with_the_next():
    assert fragments("Yes. We take dogs of any size.") == ["Yes. We take dogs of any size."]
