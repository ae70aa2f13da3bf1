"""How the agent speaks and decides, in numbered versions of which one is live."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from agents.instructions import Instructions


class AgentVersionQuerySet(models.QuerySet["AgentVersion"]):
    def drafts(self) -> "AgentVersionQuerySet":
        return self.filter(state=AgentVersion.State.DRAFT)

    def published(self) -> "AgentVersionQuerySet":
        return self.filter(state=AgentVersion.State.PUBLISHED)


class AgentVersion(models.Model):
    """One text of prompts and settings. Once published it never changes; a change is a new one.

    ``content`` is what ``Instructions.as_json`` says. Number 0 is the built-in text and has no
    row; it is live where no row is.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        DISCARDED = "discarded", "Discarded"

    number = models.PositiveIntegerField(unique=True)
    based_on = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    is_live = models.BooleanField(default=False)
    content = models.JSONField(default=dict)
    note = models.CharField(max_length=300, blank=True, default="")
    author = models.CharField(max_length=120, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    published_at = models.DateTimeField(null=True, blank=True)

    objects = AgentVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_live"], condition=Q(is_live=True), name="one_live_agent_version"
            ),
            models.CheckConstraint(
                condition=Q(is_live=False) | Q(state="published"),
                name="live_agent_version_is_published",
            ),
        ]

    def __str__(self) -> str:
        return f"Version {self.number}"

    @property
    def instructions(self) -> Instructions:
        return Instructions.from_json(self.content)

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    def clean(self) -> None:
        known = AgentVersion.objects.filter(pk=self.pk).values("state", "content").first()
        if known and known["state"] == self.State.PUBLISHED and known["content"] != self.content:
            raise ValidationError("A published version never changes.")


class Publication(models.Model):
    """Each time a version became the live one: who did it, why, and whether the gate was passed."""

    class Kind(models.TextChoices):
        PUBLISH = "publish", "Published"
        ROLL_BACK = "roll_back", "Rolled back"
        PROMOTE = "promote", "Promoted"
        TRIAL = "trial", "Published for an experiment"

    kind = models.CharField(max_length=12, choices=Kind)
    number = models.PositiveIntegerField()  # 0: back to the built-in text
    before = models.PositiveIntegerField(default=0)
    note = models.CharField(max_length=300, blank=True, default="")
    override = models.CharField(max_length=300, blank=True, default="")  # why against the gate
    actor = models.CharField(max_length=120)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"
