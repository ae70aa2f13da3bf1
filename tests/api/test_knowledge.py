"""Documents and search over the API."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.utils import CaptureQueriesContext

from knowledge import services
from knowledge.models import Document, Passage
from tenants import context
from tests.knowledge.test_documents import FAQ, learn

DOCUMENTS = "/api/v1/knowledge/documents/"
SEARCH = "/api/v1/knowledge/search/"


def upload(program, **fields):
    """Multipart, which the program's own ``post`` does not speak."""
    return Client.post(program, DOCUMENTS, fields)


def test_a_text_is_taken_in_and_found(program, work, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        made = program("agent").post(DOCUMENTS, {"title": "Hours", "text": "We open at nine."})
    work()

    assert made.status_code == 201
    assert made.json()["status"] == "pending"
    shown = program("viewer").get(f"{DOCUMENTS}{made.json()['id']}/").json()
    assert (shown["status"], shown["passage_count"], shown["kind"]) == ("ready", 1, "txt")
    found = program("viewer").post(SEARCH, {"question": "when do you open?"}).json()
    assert found["grounded"] is True
    assert found["passages"][0]["text"] == "We open at nine."
    assert found["knowledge_version"] == services.knowledge_version()


def test_the_same_words_again_are_no_second_document(program):
    first = program("agent").post(DOCUMENTS, {"text": "We open at nine."})
    again = program("agent").post(DOCUMENTS, {"text": "We open at nine.", "source_name": "h.txt"})

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["id"] == first.json()["id"]


def test_a_file_is_taken_in(program):
    file = SimpleUploadedFile("faq.md", FAQ.encode(), content_type="text/markdown")

    made = upload(program("agent"), file=file)

    assert made.status_code == 201
    assert (made.json()["source_name"], made.json()["kind"]) == ("faq.md", "md")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "required"),
        ({"text": "x", "kind": "odt"}, "invalid_choice"),
        ({"text": "x" * 10, "title": "y" * 201}, "max_length"),
        ({"text": "  "}, "blank"),
        ({"text": "plain", "kind": "pdf"}, "not_what_it_says"),
        ({"text": "plain", "kind": "docx"}, "not_what_it_says"),
        ({"text": "a,b,c", "kind": "csv"}, "unreadable"),
    ],
)
def test_what_cannot_be_taken_is_a_problem(program, body, code):
    answer = program("agent").post(DOCUMENTS, body)

    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] in {code, "invalid"}
    assert not Document.objects.exists()


def test_new_content_and_title_by_patch(program):
    document = learn()

    changed = program("agent").patch(
        f"{DOCUMENTS}{document.pk}/", {"title": "Our shop", "text": "# Shop\n\nClosed for ever.\n"}
    )

    assert changed.status_code == 200
    assert changed.json()["title"] == "Our shop"
    services.index_document(document_id=document.pk)
    assert [passage.text for passage in Passage.objects.all()] == ["Closed for ever."]


def test_a_document_is_removed_by_an_admin(program):
    document = learn()

    assert program("agent").delete(f"{DOCUMENTS}{document.pk}/").status_code == 403
    assert program("admin").delete(f"{DOCUMENTS}{document.pk}/").status_code == 204
    assert not Document.objects.exists()


def test_reindexing_is_asked_for(program):
    document = learn()

    answer = program("agent").post(f"{DOCUMENTS}{document.pk}/reindex/")

    assert answer.json()["status"] == "pending"
    assert program("viewer").post(f"{DOCUMENTS}{document.pk}/reindex/").status_code == 403


def test_passages_of_one_document(program):
    document = learn()
    learn("Other things.", source_name="other.txt")

    listed = program("viewer").get("/api/v1/knowledge/passages/", {"document": document.pk}).json()

    assert len(listed["results"]) == 3
    assert {row["document"] for row in listed["results"]} == {document.pk}


@pytest.mark.parametrize(
    "body", [{}, {"question": ""}, {"question": "x", "limit": 0}, {"question": "x", "limit": 999}]
)
def test_a_search_without_a_question_is_a_problem(program, body):
    answer = program("viewer").post(SEARCH, body)

    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_the_other_company_sees_nothing(program, south):
    document = learn()
    theirs = program("admin", company=south, host="south.localhost")

    assert theirs.get(DOCUMENTS).json()["results"] == []
    assert theirs.get(f"{DOCUMENTS}{document.pk}/").status_code == 404
    assert theirs.delete(f"{DOCUMENTS}{document.pk}/").status_code == 404
    assert theirs.post(SEARCH, {"question": "do you deliver?"}).json()["passages"] == []
    context.enter("north")
    assert Document.objects.filter(pk=document.pk).exists()


def test_lists_cost_the_same_however_long(program):
    asker = program("viewer")

    def queries():
        with CaptureQueriesContext(context.connection) as captured:
            asker.get(DOCUMENTS)
        return len(captured)

    learn()
    queries()  # the key's last use is written once a minute
    few = queries()
    for number in range(4):
        learn(f"Text {number}.", source_name=f"{number}.txt")

    assert queries() == few <= 3
