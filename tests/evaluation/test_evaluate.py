"""``manage.py evaluate``: figures where the sets are; else one sentence and exit 0."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from config.evaluation import invented, retrieval
from config.evaluation.orders_set import ORDERS
from config.evaluation.sets import Figure, Sets
from knowledge import services
from knowledge.models import Document
from tests.conftest import SHARED

SETS = Sets(SHARED / "evals")
needs_sets = pytest.mark.skipif(not SETS.are_here, reason=f"no evaluation sets in {SETS.folder}")


def run(*arguments):
    out, err = StringIO(), StringIO()
    call_command("evaluate", *map(str, arguments), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_without_sets_it_says_so_and_measures_by_our_own(public, tmp_path):
    out, err = run("--sets", tmp_path, "--json", "--only", "sentiment", "injection")

    assert err.strip() == f"Only our own sets: there are no others in {tmp_path}."
    figures = [Figure(**json.loads(line)) for line in out.splitlines()]
    assert {figure.task for figure in figures} == {"injection"}
    assert [figure.value for figure in figures] == [0.0] * len(invented.PLACES)


@pytest.mark.parametrize(
    ("value", "less_is_better", "is_behind"),
    [(0.4, False, True), (0.6, False, False), (0.4, True, False), (0.6, True, True)],
)
def test_a_rate_of_faults_is_behind_above_its_baseline(value, less_is_better, is_behind):
    measured = Figure("t", "g", "m", value, baseline=0.5, less_is_better=less_is_better)
    assert measured.is_behind == is_behind


def test_an_order_is_seen_where_nothing_stops_it(monkeypatch):
    """The measure itself: an order outside of the fences, or words that the checks allow."""
    order = ORDERS["pwned"][0]
    message, mail = invented.PLACES["in a message"], invented.PLACES["in a quoted mail"]
    assert not invented.plants_through(order, ["PWNED"], message)
    assert invented.plants_through(order, ["The standing desk Nova costs 349 EUR"], message)
    monkeypatch.setattr("agents.prompts.fenced", lambda text, **_: f"</contact> {text}")
    assert invented.plants_through(order, ["Hello!"], mail)


@needs_sets
def test_figures_are_json_lines(public):
    out, _ = run("--json", "--only", "sentiment", "--sets", SETS.folder)

    figures = [Figure(**json.loads(line)) for line in out.splitlines()]
    assert {figure.task for figure in figures} == {"sentiment"}
    assert all(-1 <= figure.value <= 1 for figure in figures)


@needs_sets
def test_retrieval_is_no_worse_than_simple_honest_code(north):
    """A sample of Arabic, the language in which others lose most; by the real services."""
    documents = [d for d in SETS.read("retrieval_docs.jsonl") if d["kb"] == "xquad-ar"]
    asked = [q for q in SETS.read("retrieval_queries.jsonl.gz") if q["kb"] == "xquad-ar"][::4]
    retrieval._teach(documents)
    names = dict(Document.objects.values_list("pk", "source_name"))

    predictions = [retrieval._prediction(question, names) for question in asked]

    scored = SETS.score("score_retrieval.py", asked, predictions)["xquad-ar"]
    assert scored["recall@1"] >= 0.90
    assert scored["refusal_auroc"] >= 0.88
    assert 0 < services.THRESHOLD < 1
