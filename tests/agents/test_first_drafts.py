"""A first draft by a small model where one is named; which passages a model is shown."""

from dataclasses import replace

import pytest

from agents.gateway.asking import is_named
from agents.gateway.routing import routes_for
from agents.gateway.terms import Terms
from agents.services.grounding import that_matter
from knowledge.services import FoundPassage

BEST = FoundPassage(
    passage_id=1,
    document_id=1,
    document_version=1,
    document_title="Prices",
    heading="",
    text="The Nova costs 349 EUR.",
    language="en",
    score=0.9,
    similarity=0.8,
)


def at(score, similarity):
    return replace(BEST, score=score, similarity=similarity)


@pytest.mark.parametrize(
    ("others", "kept"),
    [
        ([], 1),
        ([at(0.6, 0.2), at(0.1, 0.1)], 2),
        ([at(0.1, 0.1), at(0.1, 0.7)], 3),  # the numbers of those before it stay
        ([at(0.1, 0.1), at(0.1, 0.1)], 1),
    ],
)
def test_what_lies_far_behind_the_best_is_not_shown_to_a_model(others, kept):
    passages = [BEST, *others]

    assert that_matter(passages) == passages[:kept]


def test_drafts_go_by_the_models_of_replies_until_one_is_named_for_them(settings):
    settings.OPENAI_API_KEY = "k"
    settings.MODEL_ROUTES = {"reply": ["openai/large"]}

    assert routes_for("draft") == routes_for("reply")
    assert not is_named("draft", Terms())

    settings.MODEL_ROUTES = {"reply": ["openai/large"], "draft": ["openai/small"]}

    assert routes_for("draft")[0] == "openai/small"
    assert is_named("draft", Terms())
