"""A document's life: taken in, indexed, replaced, renamed, removed; and what may go wrong."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db.models import Sum
from django.utils import timezone

from knowledge import services
from knowledge.loaders.word import COMPOUND, ENCRYPTED
from knowledge.models import Document, Fragment, KnowledgeState, Passage, Term
from knowledge.services import indexing
from knowledge.services.embedding import embedded
from tenants import context
from tenants.audit.models import AuditEntry
from tenants.plugins.errors import CredentialsRejected, Unavailable
from tests.knowledge.test_loaders import make_pdf

FAQ = """# Shop

## When are you open?
From nine to six, every day but Sunday.

## Do you deliver?
Yes, within two days.

## Do you repair bicycles?
We repair bicycles of every make.
"""


def learn(content=FAQ, *, source_name="faq.md", title="", **kwargs) -> Document:
    document = services.add_document(
        title=title, source_name=source_name, content=content.encode(), **kwargs
    )
    services.index_document(document_id=document.pk)
    document.refresh_from_db()
    return document


def assert_totals_are_true():
    state = KnowledgeState.current()
    totals = Passage.objects.aggregate(stems=Sum("stem_count"))
    assert state.passages == Passage.objects.count()
    assert state.stems == (totals["stems"] or 0)
    held: dict[str, int] = {}
    for stems in Passage.objects.values_list("stems", flat=True):
        for stem in set(stems.split()):
            held[stem] = held.get(stem, 0) + 1
    assert dict(Term.objects.values_list("stem", "passages")) == held


def test_a_document_is_indexed_by_the_worker(north, work, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        document = services.add_document(title="", source_name="faq.md", content=FAQ.encode())

    assert work() == ["index_document"]
    document.refresh_from_db()
    assert document.status == Document.Status.READY
    assert document.title == "Shop"
    assert document.kind == "md"
    assert document.passage_count == 3
    assert document.progress == 100
    assert document.language == "en"
    assert [p.heading for p in document.passages.all()] == [
        "When are you open?",
        "Do you deliver?",
        "Do you repair bicycles?",
    ]
    assert_totals_are_true()


def test_the_same_document_twice_is_one(north):
    first = learn()
    version = services.knowledge_version()

    assert learn().pk == first.pk
    assert services.knowledge_version() == version


def test_pasted_text_is_told_by_its_content(north):
    first = learn("We sell bread.", source_name="", title="Bread")

    assert learn("We sell bread.", source_name="", title="Bread again").pk == first.pk
    assert learn("We sell cake.", source_name="").pk != first.pk


def test_new_content_keeps_the_passages_that_did_not_change(north):
    document = learn()
    before = {passage.text: passage.pk for passage in document.passages.all()}
    fragments = set(Fragment.objects.values_list("pk", flat=True))

    changed = learn(FAQ.replace("within two days", "within three days") + "\n## Tea?\nGreen tea.\n")

    assert changed.pk == document.pk
    assert changed.version == 2
    after = {passage.text: passage.pk for passage in changed.passages.all()}
    assert (
        after["From nine to six, every day but Sunday."]
        == (before["From nine to six, every day but Sunday."])
    )
    assert "Yes, within two days." not in after
    assert after["Yes, within three days."] not in before.values()
    assert {p.document_version for p in changed.passages.all()} == {2}
    assert [p.position for p in changed.passages.all()] == [0, 1, 2, 3]
    kept = Fragment.objects.filter(pk__in=fragments, passage_id__in=before.values())
    assert {fragment.passage_id for fragment in kept} == {
        before["From nine to six, every day but Sunday."],
        before["We repair bicycles of every make."],
    }
    assert_totals_are_true()


def test_unchanged_passages_are_not_embedded_again(north, monkeypatch):
    learn()
    asked: list[str] = []

    def heard(texts):
        asked.extend(texts)
        return embedded(texts)

    monkeypatch.setattr(indexing, "embedded", heard)

    learn(FAQ.replace("Sunday", "Monday"))

    assert any("Monday" in text for text in asked)
    assert not any("repair" in text for text in asked)


def test_a_document_that_repeats_itself_is_indexed_once(north):
    document = learn("# A\n\nThe same.\n\n# A\n\nThe same.\n")

    assert document.is_ready
    assert document.passage_count == 1


def test_what_a_ready_document_leaves_out_is_said(north):
    document = learn("question,answer\nDo you deliver?,Yes.\nPrice?,\n", source_name="faq.csv")

    assert document.is_ready
    assert document.error == "Left out: row 3 has no answer."
    assert [passage.heading for passage in document.passages.all()] == ["Do you deliver?"]


def test_a_changed_row_leaves_the_other_rows_passages(north):
    rows = "question,answer\nDo you deliver?,Yes.\nDo you repair?,{}\n"
    kept = learn(rows.format("No."), source_name="faq.csv").passages.get(heading="Do you deliver?")

    changed = learn(rows.format("Yes: all makes."), source_name="faq.csv")

    assert changed.passages.get(heading="Do you deliver?").pk == kept.pk
    assert changed.passages.get(heading="Do you repair?").text == "Yes: all makes."


def test_the_same_words_are_found_under_any_name_but_one_that_is_to_change(north):
    first = learn()
    learn("Bread.", source_name="bread.md")

    def same(name, content=FAQ):
        return services.find_same(source_name=name, content=content.encode())

    assert same("faq.md") == same("other.md") == same("") == first
    assert same("bread.md") is None
    assert same("faq.md", "New words.") is None


def test_removing_leaves_nothing_behind(north):
    document = learn()
    other = learn("Bread is two euros.", source_name="bread.txt")

    services.remove_document(document=document)

    assert [p.document_id for p in Passage.objects.all()] == [other.pk]
    assert not services.search(question="Do you repair bicycles?").is_grounded(services.THRESHOLD)
    assert_totals_are_true()


def test_every_change_is_a_new_version_of_the_knowledge(north):
    versions = [services.knowledge_version()]
    document = learn()
    versions.append(services.knowledge_version())
    learn(FAQ + "\nMore.")
    versions.append(services.knowledge_version())
    services.rename_document(document=document, title="Our shop")
    services.index_document(document_id=document.pk)
    versions.append(services.knowledge_version())
    services.remove_document(document=document)
    versions.append(services.knowledge_version())

    assert len(set(versions)) == len(versions)


def test_deeds_are_recorded_with_who_did_them(north):
    document = learn(actor="user:7")
    services.remove_document(document=document, actor="user:8")

    deeds = AuditEntry.objects.order_by("sequence").values_list("action", "actor")
    assert list(deeds) == [
        ("document.added", "user:7"),
        ("document.indexed", "system"),
        ("document.removed", "user:8"),
    ]


@pytest.mark.parametrize(
    ("source_name", "content", "kind", "sentence"),
    [
        ("a.txt", b"  \n ", "", "empty"),
        ("a.pdf", b"just text", "", "not PDF inside"),
        ("a.txt", b"\x89PNG\r\n\x1a\n\x00\x00", "", "not Text inside"),
        ("a.docx", b"PK\x03\x04\x00\x00\x00\x00", "", "not Word inside"),
        ("a.docx", COMPOUND + ENCRYPTED, "", "protected by a password"),
        ("a.zip", b"PK\x03\x04\x00\x00\x00\x00", "", "cannot read this kind"),
        ("a.html", b"no tag at all", "", "not Web page inside"),
        ("a", b"MZ\x00\x00\x00", "", "cannot read this kind"),
        ("a.txt", make_pdf("hi"), "", "not Text inside"),
        ("a.txt", b"hello", "odt", "'odt' is not one of"),
        ("a.csv", b"a,b,c\n1,2,3\n", "", "Name two columns"),
    ],
)
def test_what_we_cannot_take_is_refused_at_the_door(north, source_name, content, kind, sentence):
    with pytest.raises(ValidationError, match=sentence):
        services.add_document(title="", source_name=source_name, content=content, kind=kind)

    assert not Document.objects.exists()


def test_too_large_is_refused_at_the_door(north, settings):
    settings.KNOWLEDGE_MAX_BYTES = 1024 * 1024

    with pytest.raises(ValidationError, match="larger than 1 MB"):
        services.add_document(title="", source_name="a.txt", content=b"x" * 1024 * 1024 + b"y")


def test_a_kind_is_told_by_content_whatever_the_name(north):
    document = services.add_document(title="", source_name="prices", content=make_pdf("90 euros"))

    assert document.kind == "pdf"


def test_an_unreadable_document_says_why_and_keeps_what_was_known(north):
    learn()
    locked = make_pdf("secret", password="x")
    document = services.add_document(title="", source_name="a.pdf", content=locked)
    services.index_document(document_id=document.pk)

    document.refresh_from_db()
    assert document.status == Document.Status.FAILED
    assert document.error == "This PDF is protected by a password."
    assert services.search(question="Do you deliver?").is_grounded(services.THRESHOLD)


def test_an_embedder_that_is_down_is_tried_again(north, monkeypatch):
    document = services.add_document(title="", source_name="faq.md", content=FAQ.encode())
    with monkeypatch.context() as broken:
        broken.setattr(indexing, "embedded", _raising(Unavailable("down for a moment")))
        with pytest.raises(Unavailable):
            services.index_document(document_id=document.pk)
    document.refresh_from_db()
    assert document.status == Document.Status.PENDING
    assert document.error == "down for a moment"

    services.index_document(document_id=document.pk)

    document.refresh_from_db()
    assert document.is_ready
    assert document.error == ""


def test_an_embedder_that_refuses_us_is_not_tried_again(north, monkeypatch):
    document = services.add_document(title="", source_name="faq.md", content=FAQ.encode())
    monkeypatch.setattr(indexing, "embedded", _raising(CredentialsRejected("no such key")))

    services.index_document(document_id=document.pk)

    document.refresh_from_db()
    assert document.status == Document.Status.FAILED
    assert "no such key" in document.error


def test_content_replaced_while_we_were_reading_it_wins(north, monkeypatch):
    document = services.add_document(title="", source_name="faq.md", content=FAQ.encode())

    def meanwhile(texts):
        services.add_document(title="", source_name="faq.md", content=b"# New\n\nAll is new.\n")
        return embedded(texts)

    with monkeypatch.context() as slow:
        slow.setattr(indexing, "embedded", meanwhile)
        services.index_document(document_id=document.pk)
    assert not Passage.objects.exists()

    services.index_document(document_id=document.pk)

    assert [passage.text for passage in Passage.objects.all()] == ["All is new."]
    assert_totals_are_true()


@pytest.mark.parametrize("status", [Document.Status.PENDING, Document.Status.INDEXING])
def test_the_sweeper_rings_for_documents_nobody_is_at(
    north, work, django_capture_on_commit_callbacks, status
):
    document = services.add_document(title="", source_name="faq.md", content=FAQ.encode())
    long_ago = timezone.now() - timedelta(hours=1)
    Document.objects.filter(pk=document.pk).update(status=status, updated_at=long_ago)

    with django_capture_on_commit_callbacks(execute=True):
        assert services.sweep()["documents"] == 1

    work()
    document.refresh_from_db()
    assert document.is_ready


def test_the_sweeper_leaves_alone_what_somebody_is_at(north):
    services.add_document(title="", source_name="faq.md", content=FAQ.encode())

    assert services.sweep()["documents"] == 0


def test_a_document_that_kills_its_worker_is_given_up(north):
    document = services.add_document(title="", source_name="faq.md", content=FAQ.encode())
    Document.objects.filter(pk=document.pk).update(attempts=indexing.MAX_ATTEMPTS)

    services.index_document(document_id=document.pk)

    document.refresh_from_db()
    assert document.status == Document.Status.FAILED


def test_companies_share_nothing(north, south):
    learn()
    with context.inside(south):
        assert services.search(question="Do you repair bicycles?").passages == []
        assert services.knowledge_version() == "0"
        assert not Term.objects.exists()
        learn("We repair watches.", source_name="faq.md")
        (found,) = services.search(question="Do you repair bicycles?").passages
        assert found.text == "We repair watches."
    context.enter_company(north)

    assert all("watches" not in p.text for p in services.search(question="repair watches").passages)
    assert_totals_are_true()


def _raising(error):
    def refuse(texts):
        raise error

    return refuse
