"""Two contacts that may be, or were found to be, one person."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from channels_app.models.people import Contact
from channels_app.providers import CHANNELS
from tenants.fields import EncryptedJSONField


class MergeSuggestion(models.Model):
    """Two contacts share something that speaks for their being one person.

    ``evidence`` lists what they share: ``[{key, value, grade, here, there}]``. ``grade`` says how
    much that is; only what is sure is merged by itself. What was dismissed comes back with new
    proof only.
    """

    class Grade(models.TextChoices):
        SURE = "sure", "Both networks vouch for it, and for nobody else"
        PROVEN = "proven", "Both networks vouch for it, and for others as well"
        LIKELY = "likely", "Both say so"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        MERGED = "merged", "Merged"
        DISMISSED = "dismissed", "Not the same person"

    one = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="suggested_merges", db_index=False
    )
    other = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="suggested_for")
    evidence = EncryptedJSONField(default=list)
    grade = models.CharField(max_length=8, choices=Grade.choices, default=Grade.PROVEN)
    state = models.CharField(max_length=16, choices=State.choices, default=State.OPEN)
    decided_by = models.CharField(max_length=120, blank=True, default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], name="one_suggestion_per_pair"),
        ]
        indexes = [
            models.Index(fields=["-id"], condition=Q(state="open"), name="suggestions_open"),
            models.Index(
                fields=["id"], condition=Q(state="open", grade="sure"), name="suggestions_sure"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.one} / {self.other}"

    @property
    def lines(self) -> list[dict[str, str]]:
        """The evidence for people: networks by their names."""
        return [
            {**line, "networks": " · ".join(_named(line["here"], line["there"]))}
            for line in self.evidence
        ]


def _named(*platforms: str) -> list[str]:
    known = dict.fromkeys(each for each in platforms if each in CHANNELS)
    return [CHANNELS.label(each) for each in known]


class ContactMerge(models.Model):
    """One contact was made part of another, and what would have to go back.

    ``moved`` names rows by their ids, and what the survivor said of itself before.
    """

    survivor = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="merges")
    absorbed = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="absorptions")
    moved = EncryptedJSONField(default=dict)
    actor = models.CharField(max_length=120)
    at = models.DateTimeField(default=timezone.now)
    undone_by = models.CharField(max_length=120, blank=True, default="")
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["absorbed"], condition=Q(undone_at=None), name="absorbed_by_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.absorbed} → {self.survivor}"

    @property
    def is_undone(self) -> bool:
        return self.undone_at is not None
