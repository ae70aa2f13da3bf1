"""Documents, and the passages they are cut into."""

from datetime import date

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Func, Value
from pgvector.django import HalfVectorField, HnswIndex, VectorField

from knowledge.loaders import LOADERS

DIMENSIONS = 512


def document_kinds() -> list[tuple[str, str]]:
    """A function, so that a new loader needs no migration."""
    return LOADERS.choices()


class DocumentQuerySet(models.QuerySet["Document"]):
    def unfinished(self) -> "DocumentQuerySet":
        """Documents whose latest content is not searchable yet, though nothing forbids it."""
        return self.filter(status__in=[Document.Status.PENDING, Document.Status.INDEXING])

    def valid_on(self, day: date) -> "DocumentQuerySet":
        return self.filter(
            models.Q(valid_from=None) | models.Q(valid_from__lte=day),
            models.Q(valid_until=None) | models.Q(valid_until__gte=day),
        )


class Document(models.Model):
    """One source of knowledge. ``version`` counts its contents; its passages follow the latest."""

    class Status(models.TextChoices):
        PENDING = "pending"
        INDEXING = "indexing"
        READY = "ready"
        FAILED = "failed"
        GONE = "gone"  # its web page is there no longer: kept to be seen, answered from no more

    UNTITLED = "Untitled"

    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=16, choices=document_kinds)
    source_name = models.CharField(max_length=255, blank=True)  # file name or address
    content_hash = models.CharField(max_length=64, db_index=True)
    size = models.PositiveIntegerField(default=0, help_text="bytes")
    language = models.CharField(max_length=8, blank=True)  # ISO 639-1, of most passages
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PENDING)
    error = models.CharField(max_length=300, blank=True)  # of a ready one: what was left out
    progress = models.PositiveSmallIntegerField(default=0, help_text="percent")
    attempts = models.PositiveSmallIntegerField(default=0)
    embedder = models.CharField(max_length=80, blank=True)  # of its passages
    version = models.PositiveIntegerField(default=1)
    passage_count = models.PositiveIntegerField(default=0)
    # By these a search may be narrowed. Outside its dates a document answers nothing.
    tags = models.JSONField(default=list, blank=True)
    product = models.CharField(max_length=100, blank=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)
    # Of the sample data: answers nobody but whoever tries things out.
    is_sample = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    indexed_at = models.DateTimeField(null=True, blank=True)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["source_name"],
                condition=~models.Q(source_name=""),
                name="one_document_per_source",
            ),
        ]
        indexes = [models.Index(fields=["status", "updated_at"])]

    def __str__(self) -> str:
        return self.title

    @property
    def is_ready(self) -> bool:
        return self.status == self.Status.READY

    @property
    def is_unfinished(self) -> bool:
        return self.status in {self.Status.PENDING, self.Status.INDEXING}


class DocumentContent(models.Model):
    """The bytes as they came, beside their document so that lists never load them."""

    document = models.OneToOneField(
        Document, on_delete=models.CASCADE, primary_key=True, related_name="content"
    )
    body = models.BinaryField()


class Passage(models.Model):
    """A piece of a document that can answer a question and be cited.

    It keeps its id through re-indexing as long as its text stays the same.
    """

    document = models.ForeignKey(
        Document, on_delete=models.CASCADE, related_name="passages", db_index=False
    )
    document_version = models.PositiveIntegerField()
    position = models.PositiveIntegerField()
    heading = models.CharField(max_length=300, blank=True)
    text = models.TextField()
    text_hash = models.CharField(max_length=64)
    language = models.CharField(max_length=8, blank=True)
    token_count = models.PositiveIntegerField()
    embedder = models.CharField(max_length=80)
    embedding = VectorField(dimensions=DIMENSIONS)
    # Each stem in its own pair of spaces, in order: what BM25 counts.
    stems = models.TextField()
    stem_count = models.PositiveIntegerField()
    lexemes = models.GeneratedField(
        expression=Func(
            Func(Func("stems", function="btrim"), Value("  "), function="string_to_array"),
            function="array_to_tsvector",
        ),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        ordering = ["document", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"],
                deferrable=models.Deferrable.DEFERRED,
                name="passage_position_once",
            ),
        ]
        indexes = [
            # Without the list of pending entries, which every search would have to read.
            GinIndex(fields=["lexemes"], name="passage_lexemes", fastupdate=False),
            HnswIndex(
                fields=["embedding"],
                opclasses=["vector_cosine_ops"],
                m=16,
                ef_construction=64,
                name="passage_embedding",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document_id}.{self.position}"


class Fragment(models.Model):
    """One sentence of a passage, or its heading, as a point of its own.

    A long passage means many things and its one vector blurs them; a question asks for one.
    Half precision: the order of neighbours stays, the size does not.
    """

    passage = models.ForeignKey(Passage, on_delete=models.CASCADE, related_name="fragments")
    is_heading = models.BooleanField(default=False)
    embedding = HalfVectorField(dimensions=DIMENSIONS)

    class Meta:
        indexes = [
            HnswIndex(
                fields=["embedding"],
                opclasses=["halfvec_cosine_ops"],
                m=16,
                ef_construction=64,
                name="fragment_embedding",
            ),
        ]
