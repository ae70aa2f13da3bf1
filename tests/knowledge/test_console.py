"""Documents and passages in the console."""

from django.urls import reverse

from knowledge.models import Document
from tests.knowledge.test_documents import learn


def test_lists_and_pages_open(client, people):
    document = learn()
    client.force_login(people["admin"])

    for address in (
        reverse("console:knowledge_document_changelist"),
        reverse("console:knowledge_document_change", args=[document.pk]),
        reverse("console:knowledge_passage_changelist"),
        reverse("console:knowledge_passage_change", args=[document.passages.first().pk]),
    ):
        assert client.get(address).status_code == 200, address


def test_documents_are_indexed_anew_from_the_list(client, people):
    document = learn()
    client.force_login(people["agent"])

    client.post(
        reverse("console:knowledge_document_changelist"),
        {"action": "reindex", "_selected_action": [document.pk]},
    )

    document.refresh_from_db()
    assert document.status == Document.Status.PENDING


def test_a_document_is_renamed_and_removed(client, people):
    document = learn()
    client.force_login(people["admin"])

    client.post(
        reverse("console:knowledge_document_change", args=[document.pk]), {"title": "Our shop"}
    )
    document.refresh_from_db()
    assert (document.title, document.version) == ("Our shop", 2)

    client.post(reverse("console:knowledge_document_delete", args=[document.pk]), {"post": "yes"})
    assert not Document.objects.exists()


def test_passages_are_for_reading_only(client, people):
    document = learn()
    client.force_login(people["admin"])
    address = reverse("console:knowledge_passage_change", args=[document.passages.first().pk])

    assert client.post(address, {"text": "something else"}).status_code == 403
    assert client.get(reverse("console:knowledge_passage_add")).status_code == 403
