"""The arithmetic of answering."""

import math

import pytest

from knowledge import ranking
from knowledge.ranking import Candidate, Query


def candidate(pk=1, stems=(), whole=0.0, best=0.0, heading=0.0):
    return Candidate(pk, ranking.spaced(stems), len(stems), whole, best, heading)


def query(*terms, idf=None, average=4.0):
    return Query([(term,) for term in terms], idf or [1.0] * len(terms), average)


def test_bm25_is_the_formula():
    (found,) = ranking.rank(query("pool", idf=[2.0]), [candidate(stems=["pool", "pool", "open"])])
    norm = ranking.K1 * (1 - ranking.B + ranking.B * 3 / 4)
    score, coverage = ranking._bm25(query("pool", idf=[2.0]), found.candidate)

    assert score == pytest.approx(2.0 * 2 * (ranking.K1 + 1) / (2 + norm))
    assert coverage == 1.0


def test_neighbouring_repetitions_are_all_counted():
    assert ranking.spaced(["pool", "pool", "pool"]).count(" pool ") == 3


def test_a_rare_word_is_worth_more():
    assert ranking.idf(100, 1) > ranking.idf(100, 50) > ranking.idf(100, 100) > 0


def test_the_better_of_words_and_meaning_wins_together():
    words = candidate(1, ["pool"], whole=0.1, best=0.1)
    meaning = candidate(2, ["bath"], whole=0.6, best=0.7, heading=0.5)
    both = candidate(3, ["pool"], whole=0.6, best=0.7, heading=0.5)

    ranked = ranking.rank(query("pool"), [words, meaning, both])

    assert [one.candidate.id for one in ranked] == [3, 2, 1]


def test_equal_passages_keep_their_order():
    ranked = ranking.rank(query("pool"), [candidate(2, ["pool"]), candidate(1, ["pool"])])

    assert [one.candidate.id for one in ranked] == [1, 2]


def test_nothing_found_is_no_confidence():
    assert ranking.confidence([], by_meaning=False) == 0.0


def test_confidence_grows_with_each_kind_of_evidence():
    def sure(**evidence):
        ranked = ranking.rank(query("pool", "open"), [candidate(**evidence)])
        return ranking.confidence(ranked, by_meaning=False)

    assert sure(stems=["pool"]) < sure(stems=["pool", "open"])
    assert sure(stems=["pool"]) < sure(stems=["pool"], best=0.6)


def test_a_winner_by_a_hair_is_less_sure_than_one_by_a_length():
    alone = ranking.rank(query("pool"), [candidate(1, ["pool"], best=0.6)])
    crowd = ranking.rank(query("pool"), [candidate(n, ["pool"], best=0.6) for n in range(6)])

    assert ranking.confidence(crowd, by_meaning=False) < ranking.confidence(alone, by_meaning=False)


@pytest.mark.parametrize("by_meaning", [True, False])
def test_confidence_is_a_share(by_meaning):
    for best in (-1.0, 0.0, 1.0):
        ranked = ranking.rank(query(), [candidate(best=best)])
        assert 0.0 <= ranking.confidence(ranked, by_meaning=by_meaning) <= 1.0
        assert not math.isnan(ranked[0].score)
