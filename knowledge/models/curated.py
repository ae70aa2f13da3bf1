"""Answers written by people, which win over whatever a model would say."""

from collections.abc import Sequence
from datetime import date

from django.db import models
from django.db.models import Q
from pgvector.django import VectorField

from knowledge.models.documents import DIMENSIONS


class CuratedAnswerQuerySet(models.QuerySet["CuratedAnswer"]):
    def live_on(self, day: date) -> "CuratedAnswerQuerySet":
        return self.filter(
            Q(valid_from=None) | Q(valid_from__lte=day),
            Q(valid_until=None) | Q(valid_until__gte=day),
            is_active=True,
        )


class CuratedAnswer(models.Model):
    """One answer, in one or more languages, to questions that may be put in many ways.

    ``languages`` and ``channels`` say to whom it is given; empty: to everybody.
    """

    title = models.CharField(max_length=300)  # the question as people here would put it
    answers = models.JSONField(default=dict)  # language -> text
    languages = models.JSONField(default=list, blank=True)
    channels = models.JSONField(default=list, blank=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    used_count = models.PositiveIntegerField(default=0)
    last_used_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = CuratedAnswerQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.title

    def is_live_on(self, day: date) -> bool:
        begun = self.valid_from is None or self.valid_from <= day
        return self.is_active and begun and (self.valid_until is None or self.valid_until >= day)

    def spoken_to(self, language: str, usual: Sequence[str]) -> str:
        """The language in which it is given: the contact's, else the company's first that it has.

        PostgreSQL sorts the keys of JSON, so that the order they were written in says nothing.
        """
        wanted = [language, *usual, *self.answers]
        return next((one for one in wanted if one in self.answers), "")


class CuratedQuestion(models.Model):
    """One way to put the question."""

    answer = models.ForeignKey(CuratedAnswer, on_delete=models.CASCADE, related_name="questions")
    text = models.CharField(max_length=300)
    language = models.CharField(max_length=8, blank=True)
    embedder = models.CharField(max_length=80)
    embedding = VectorField(dimensions=DIMENSIONS)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text
