"""Answers of the offline engine to 185 questions over six small companies' knowledge.

Each line of the fixtures says what a right answer holds; null where the knowledge does not say.
"""

import json
from pathlib import Path

import pytest

from agents.services.chat import answer_question
from knowledge import services

HERE = Path(__file__).resolve().parent.parent / "fixtures" / "answers"
SEED = Path(__file__).resolve().parent.parent.parent / "config" / "seed" / "knowledge"
COMPANIES = {
    "bikes": sorted(SEED.glob("*.md")),
    **{name: [HERE / f"{name}.md"] for name in ("hotel", "clinica", "matjar", "gym", "software")},
}
# Of the questions that can be answered; an invented answer is never allowed.
FLOOR = {"bikes": 0.93, "hotel": 0.84, "clinica": 0.9, "matjar": 0.85, "gym": 0.9, "software": 0.7}


@pytest.mark.parametrize("company", COMPANIES)
def test_answers_what_the_knowledge_says_and_nothing_else(north, work, company):
    for path in COMPANIES[company]:
        document = services.add_document(title="", source_name=path.name, content=path.read_bytes())
        services.index_document(document_id=document.pk)
    asked = [json.loads(line) for line in (HERE / f"{company}.jsonl").read_text().splitlines()]
    answers = [(item, answer_question(question=item["asked"])) for item in asked]

    invented = [
        (item["asked"], said.answer)
        for item, said in answers
        if item["holds"] is None and not said.refused
    ]
    known = [(item, said) for item, said in answers if item["holds"]]
    missed = [
        (item["asked"], said.answer) for item, said in known if item["holds"] not in said.answer
    ]
    assert invented == []
    assert 1 - len(missed) / len(known) >= FLOOR[company], missed
