"""What people asked in vain."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from pgvector.django import VectorField

from knowledge.models.curated import CuratedAnswer
from knowledge.models.documents import DIMENSIONS, Document
from tenants.fields import EncryptedTextField


class GapQuerySet(models.QuerySet["Gap"]):
    def open(self) -> "GapQuerySet":
        return self.filter(status=Gap.Status.OPEN)


class Gap(models.Model):
    """Questions that ask the same and found no answer.

    ``embedding`` is the mean of theirs. One that was answered and is asked in vain again is
    open again: the answer did not do.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        ANSWERED = "answered", _("Answered")
        DISMISSED = "dismissed", _("Dismissed")

    label = EncryptedTextField()  # the example nearest to the middle
    language = models.CharField(max_length=8, blank=True)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.OPEN)
    embedding = VectorField(dimensions=DIMENSIONS)
    asked = models.PositiveIntegerField(default=0)
    channels = models.JSONField(default=dict, blank=True)  # channel -> how often
    causes = models.JSONField(default=dict, blank=True)  # cause -> how often
    reopened = models.PositiveSmallIntegerField(default=0)
    # The version of the knowledge in which it was last asked or tried in vain.
    checked_version = models.PositiveBigIntegerField(default=0)
    answer = models.ForeignKey(
        CuratedAnswer, on_delete=models.SET_NULL, null=True, blank=True, related_name="gaps"
    )
    document = models.ForeignKey(
        Document, on_delete=models.SET_NULL, null=True, blank=True, related_name="gaps"
    )
    first_asked_at = models.DateTimeField()
    last_asked_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = GapQuerySet.as_manager()

    class Meta:
        ordering = ["-asked", "-last_asked_at"]
        indexes = [models.Index(fields=["status", "-asked"], name="gaps_by_status")]

    def __str__(self) -> str:
        return f"Gap {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN


class GapQuestion(models.Model):
    """One time it was asked; ``origin`` names what asked it, so that it is counted once."""

    class Cause(models.TextChoices):
        REFUSED = "refused", _("not answered")
        UNSURE = "unsure", _("answered without being sure")
        CORRECTED = "corrected", _("corrected by a person")

    gap = models.ForeignKey(Gap, on_delete=models.CASCADE, related_name="questions")
    origin = models.CharField(max_length=60, unique=True)
    text = EncryptedTextField()  # without personal data
    language = models.CharField(max_length=8, blank=True)
    channel = models.CharField(max_length=32, blank=True)
    cause = models.CharField(max_length=9, choices=Cause.choices, default=Cause.REFUSED)
    asked_at = models.DateTimeField()

    class Meta:
        ordering = ["-asked_at", "-pk"]

    def __str__(self) -> str:
        return self.origin
