"""The vector type and its index live in every company's schema."""

from knowledge.models import Document, Passage
from tenants import context


def make_passage(**kwargs) -> Passage:
    document, _ = Document.objects.get_or_create(
        title="House rules", kind="txt", source_name="rules.txt", content_hash="0" * 64
    )
    defaults = {
        "document": document,
        "document_version": 1,
        "position": Passage.objects.count(),
        "text": "Quiet after ten.",
        "text_hash": "1" * 64,
        "token_count": 4,
        "embedder": "local",
        "embedding": [1.0] + [0.0] * 511,
        "stems": " quiet  after  ten ",
        "stem_count": 3,
    }
    return Passage.objects.create(**{**defaults, **kwargs})


def test_a_passage_is_found_by_its_vector_and_by_its_lexemes(north):
    passage = make_passage()

    with context.connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, embedding <=> %s::vector FROM knowledge_passage WHERE lexemes @@ 'quiet'",
            [str([1.0] + [0.0] * 511)],
        )
        assert cursor.fetchall() == [(passage.pk, 0.0)]


def test_passages_of_one_company_are_not_in_the_others_schema(north, south):
    make_passage()

    with context.inside(south):
        assert not Passage.objects.exists()
