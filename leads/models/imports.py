"""A file of leads on its way in."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from tenants.fields import EncryptedJSONField, EncryptedTextField


class LeadImport(models.Model):
    """One file, how its columns are read, and how far it is.

    ``content`` is emptied when it is through: what is kept of it are numbers, and which lines
    had which fault. ``at_row`` is written in the transaction that makes the row's lead.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        DISCARDED = "discarded", "Discarded"

    file_name = models.CharField(max_length=120)
    content = EncryptedTextField(blank=True, default="")
    header = EncryptedJSONField(default=list)
    mapping = models.JSONField(default=list)  # a field's name for each column, "": left out
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    rows = models.PositiveIntegerField(default=0)
    at_row = models.PositiveIntegerField(default=0)  # the last line that was dealt with
    made = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    faults = models.JSONField(default=list)  # [line, field, code]; the first of them
    actor = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=timezone.now)
    moved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="running"), name="one_import_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def dealt_with(self) -> int:
        return self.made + self.changed + self.unchanged + self.refused
