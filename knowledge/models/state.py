"""What a company's knowledge adds up to: its version, its words, its totals."""

from django.db import models

from tenants.prepared import Prepared


class Term(models.Model):
    """How many passages hold a stem: the inverse document frequency of BM25."""

    stem = models.CharField(max_length=64, primary_key=True)
    passages = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.stem


class KnowledgeState(models.Model):
    """One row a company: the version of what it knows, and the totals BM25 asks for."""

    version = models.PositiveBigIntegerField(default=0)
    passages = models.PositiveIntegerField(default=0)
    stems = models.PositiveBigIntegerField(default=0)
    languages = models.JSONField(default=dict, blank=True)  # language -> passages in it
    is_dated = models.BooleanField(default=False)  # some document is not valid for ever
    has_samples = models.BooleanField(default=False)  # some document is sample data
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"Knowledge {self.version}"

    @classmethod
    def current(cls) -> "KnowledgeState":
        """As it stands; a company that knows nothing yet has no row."""
        return _STATE.first() or cls(pk=1)

    @classmethod
    def locked(cls) -> "KnowledgeState":
        """For a change, one at a time a company; needs a transaction."""
        state, _ = cls.objects.select_for_update().get_or_create(pk=1)
        return state

    @property
    def average_length(self) -> float:
        """Stems a passage."""
        return self.stems / self.passages if self.passages else 0.0


_STATE = Prepared(lambda: KnowledgeState.objects.filter(pk=1))
