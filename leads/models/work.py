"""What people work with: the company's stages, tags, tasks, and lists they keep for themselves."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from leads import pipeline
from leads.models.leads import Lead
from tenants.fields import EncryptedTextField


class Stage(models.Model):
    """One column of the company's board. Those of the six that have no row stand as well."""

    key = models.CharField(max_length=pipeline.LONGEST_KEY, unique=True)
    name = models.CharField(max_length=pipeline.LONGEST_NAME, blank=True, default="")
    position = models.PositiveSmallIntegerField(default=0)
    is_shown = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.name or dict(Lead.Stage.choices).get(self.key, self.key)


class Task(models.Model):
    """Something to be done for a lead, by whom and until when.

    ``reminded_at`` is set in the transaction that claims the reminder, so that one worker tells
    of it; ``mailed_at`` once its e-mail was handed over, which is tried again until then.
    """

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="tasks")
    title = EncryptedTextField()
    due_at = models.DateTimeField(null=True, blank=True)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="lead_tasks",
    )
    created_by = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.CharField(max_length=120, blank=True, default="")
    reminded_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = [F("due_at").asc(nulls_last=True), "pk"]
        indexes = [
            models.Index(
                fields=["assignee", "due_at"],
                condition=Q(done_at=None),
                name="open_tasks_by_person",
            ),
            models.Index(
                fields=["due_at"],
                condition=Q(done_at=None, mailed_at=None),
                name="tasks_to_remind_of",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_done(self) -> bool:
        return self.done_at is not None

    @property
    def is_overdue(self) -> bool:
        return not self.is_done and self.due_at is not None and self.due_at < timezone.now()


class SavedView(models.Model):
    """Filters that a person comes back to. They may name an address, so they are encrypted."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="lead_views",
        db_index=False,
    )
    name = models.CharField(max_length=60)
    query = EncryptedTextField(blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "name"], name="saved_view_once_per_person"),
        ]

    def __str__(self) -> str:
        return self.name
