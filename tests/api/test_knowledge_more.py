"""Sources, written answers and gaps over the API."""

import pytest

from knowledge.models import CuratedAnswer, Document, Gap, Source, SourcePage
from knowledge.services import find_curated, record_gap
from tests.knowledge.test_documents import learn

SOURCES = "/api/v1/knowledge/sources/"
ANSWERS = "/api/v1/knowledge/answers/"
GAPS = "/api/v1/knowledge/gaps/"


def test_a_site_is_followed_changed_and_let_go(program):
    agent, admin = program("agent"), program("admin")
    made = agent.post(SOURCES, {"address": "shop.example/a?utm_source=x", "max_pages": 7})

    assert made.status_code == 201
    source = Source.objects.get()
    assert (source.address, source.max_pages) == ("https://shop.example/a", 7)
    SourcePage.objects.create(source=source, address=source.address)
    pages = agent.get(f"/api/v1/knowledge/source-pages/?source={source.pk}").json()
    assert pages["results"][0]["status"] == "waiting"
    changed = agent.patch(f"{SOURCES}{source.pk}/", {"every_hours": 24})
    assert changed.json()["every_hours"] == 24
    again = agent.post(f"{SOURCES}{source.pk}/look-again/")
    assert again.json()["round"] == 1  # one is under way
    assert agent.delete(f"{SOURCES}{source.pk}/").status_code == 403
    assert admin.delete(f"{SOURCES}{source.pk}/").status_code == 204


@pytest.mark.parametrize("address", ["ftp://shop.example", "", "http://"])
def test_what_is_no_address_is_refused(program, address):
    assert program("agent").post(SOURCES, {"address": address}).status_code in {400, 422}


def test_an_answer_is_written_changed_and_removed(program):
    agent = program("agent")
    body = {"questions": ["Is there parking?"], "answers": {"en": "Yes."}}
    made = agent.post(ANSWERS, body)

    assert made.status_code == 201, made.content
    assert made.json()["questions"] == ["Is there parking?"]
    address = f"{ANSWERS}{made.json()['id']}/"
    changed = agent.patch(
        address,
        {"answers": {"en": "No."}, "valid_until": "2099-01-01"},
    ).json()
    assert (changed["answers"], changed["version"]) == ({"en": "No."}, 2)
    assert find_curated(question="do you have parking").text == "No."
    assert agent.delete(address).status_code == 403
    assert program("admin").delete(address).status_code == 204
    assert not CuratedAnswer.objects.exists()


def test_a_search_is_narrowed(program):
    agent = program("agent")
    for name, text in (("a", "A night costs 90 euros."), ("b", "A night costs 50 euros.")):
        learn(text, source_name=f"{name}.txt")
    document = Document.objects.get(source_name="b.txt")
    changed = agent.patch(
        f"/api/v1/knowledge/documents/{document.pk}/",
        {"tags": ["hostel"], "product": "bed", "valid_until": "2099-01-01"},
    ).json()
    assert (changed["tags"], changed["product"]) == (["hostel"], "bed")

    found = agent.post(
        "/api/v1/knowledge/search/", {"question": "what is a night", "tags": ["hostel"]}
    ).json()

    assert [one["document_id"] for one in found["passages"]] == [document.pk]
    assert found["threshold"] == 0.5


def test_a_gap_is_answered_in_the_words_it_was_asked_in(program):
    gap = record_gap(origin="chat:1", text="Do you rent tents?", channel="api")
    agent = program("agent")
    [shown] = agent.get(f"{GAPS}?status=open").json()["results"]
    assert (shown["label"], shown["asked"], shown["channels"]) == (gap.label, 1, {"api": 1})

    made = agent.post(f"{GAPS}{gap.pk}/answer/", {"answers": {"en": "We do."}})

    assert made.json()["questions"] == ["Do you rent tents?"]
    assert agent.get(f"{GAPS}{gap.pk}/").json()["answer"] == made.json()["id"]
    assert agent.post(f"{GAPS}{gap.pk}/reopen/").json()["status"] == "open"
    assert agent.post(f"{GAPS}{gap.pk}/dismiss/").json()["status"] == "dismissed"
    assert Gap.objects.get().closed_at
    assert program("viewer").post(f"{GAPS}{gap.pk}/reopen/").status_code == 403
