"""``manage.py evaluate``: figures where the sets are; else one sentence and exit 0."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from config.evaluation import retrieval
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


def test_without_sets_it_says_so(public, tmp_path):
    out, err = run("--sets", tmp_path)

    assert out == ""
    assert err.strip() == f"Nothing measured: there are no evaluation sets in {tmp_path}."


def test_an_unknown_task_is_one_sentence(public):
    with pytest.raises(CommandError) as failed:
        run("--only", "astrology")

    assert failed.value.returncode == 2


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
