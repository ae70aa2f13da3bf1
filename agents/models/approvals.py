"""What a program would do with one of our tools, once a person has agreed."""

import uuid

from django.db import models

from tenants.fields import EncryptedJSONField


class ToolApproval(models.Model):
    """One use of a tool that writes: asked for, decided once, done at most once, then history.

    ``arguments`` are done exactly as they were asked for and shown; nobody changes them.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waits for a person"
        DONE = "done"
        FAILED = "failed", "Agreed, and could not be done"
        REJECTED = "rejected"
        EXPIRED = "expired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tool = models.CharField(max_length=60)
    arguments = EncryptedJSONField()
    conversation_id = models.BigIntegerField(null=True, blank=True)
    asked_by = models.CharField(max_length=64)
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    asked_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)
    decided_by = models.CharField(max_length=64, blank=True, default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    result = EncryptedJSONField(null=True, blank=True)

    class Meta:
        ordering = ["-asked_at"]

    def __str__(self) -> str:
        return f"{self.tool} by {self.asked_by}: {self.state}"
