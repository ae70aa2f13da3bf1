"""How much of what nobody said gets through the checks, and how much that is true is lost."""

from functools import lru_cache
from typing import Any

import pytest

from agents.guardrails.support import Ground, faults_of, sift
from agents.schemas import Reply, Sentence
from agents.services.grounding import meaning_alike
from config.evaluation.claims_held_out import INVENTED, TRUE
from config.evaluation.claims_set import SOURCES, ClaimDraft, claim_drafts
from config.evaluation.invented import LEAKED, LOST

DRAFTS = claim_drafts()


def ground_of(draft: ClaimDraft) -> Ground:
    return Ground(draft.sources, known=("Nova Furniture sells standing desks.",), alike=alike)


@lru_cache(maxsize=10_000)
def alike(one: str, other: str) -> float:
    return meaning_alike(one, other)


def figures() -> dict[str, Any]:
    """Which invented sentences got through and which true ones were lost."""
    found: dict[str, Any] = {"invented": 0, "true": 0, "leaked": [], "lost": []}
    for draft in DRAFTS:
        ground = ground_of(draft)
        for part in draft.parts:
            found["true" if part.may_be_said else "invented"] += 1
            faults = faults_of(part.sentence, ground)
            if not part.may_be_said and not faults:
                found["leaked"].append((draft.read_in, part.kind, part.sentence.text))
            elif part.may_be_said and faults:
                found["lost"].append((draft.read_in, part.sentence.text, str(faults[0])))
    return found


def test_the_set_is_large_and_in_three_languages():
    assert len(DRAFTS) >= 200
    assert {draft.written_in for draft in DRAFTS} == {"en", "es", "ar"}
    assert sum(draft.written_in != draft.read_in for draft in DRAFTS) >= 40


def test_hardly_anything_invented_gets_through_and_hardly_anything_true_is_lost():
    found = figures()
    assert len(found["leaked"]) < LEAKED * found["invented"], found["leaked"]
    assert len(found["lost"]) < LOST * found["true"], found["lost"]


@pytest.mark.parametrize("language", SOURCES)
def test_a_set_written_after_the_checks_is_told_apart_as_well(language):
    ground = Ground(SOURCES[language], alike=alike)

    def said(rows) -> list[str]:
        sentences = [
            Sentence(text=text, source=source, quote=quote) for text, source, quote in rows
        ]
        return [one.text for one in sentences if not faults_of(one, ground)]

    assert said(INVENTED[language]) == []
    assert said(TRUE[language]) == [text for text, *_ in TRUE[language]]


@pytest.mark.parametrize("draft", DRAFTS[::17], ids=lambda draft: draft.parts[0].sentence.text[:30])
def test_what_is_left_of_a_draft_is_what_is_true(draft):
    sifted = sift(draft.reply, ground_of(draft))
    kept = [sentence.text for sentence in sifted.reply.sentences]
    assert kept == [part.sentence.text for part in draft.parts if part.may_be_said]
    assert len(sifted.dropped) == len(draft.parts) - len(kept)


def test_of_a_draft_in_which_nothing_stands_nothing_is_left():
    reply = Reply(
        grounded=True,
        sentences=[
            Sentence(text="Hello!"),
            Sentence(text="It costs 1 EUR.", source=1, quote="costs 349 EUR"),
        ],
    )
    assert sift(reply, Ground(SOURCES["en"], alike=alike)).reply.sentences == []
