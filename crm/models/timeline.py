"""What happened with a lead outside of its conversations: meetings and calls."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models.hooks import IncomingHook
from leads.models import Lead
from tenants.fields import EncryptedJSONField, EncryptedTextField


class TimelineEntry(models.Model):
    """One meeting or call, kept up by every event about it.

    ``lead`` is empty while nobody of ours has the e-mail or phone it was with; it is found as
    soon as somebody has.
    """

    class Kind(models.TextChoices):
        MEETING = "meeting", _("Meeting")
        CALL = "call", _("Call")

    lead = models.ForeignKey(
        Lead,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="timeline",
        db_index=False,
    )
    hook = models.ForeignKey(
        IncomingHook, on_delete=models.CASCADE, related_name="entries", db_index=False
    )
    key = models.CharField(max_length=64)  # sha256 of the vendor's id of the meeting or call
    kind = models.CharField(max_length=8, choices=Kind.choices)
    status = models.CharField(max_length=32)
    title = EncryptedTextField(blank=True, default="")
    text = EncryptedTextField(blank=True, default="")
    details: Any = EncryptedJSONField(default=dict)  # place, seconds, recording_url, ended_reason…
    email_index = models.CharField(max_length=32, blank=True, default="")
    phone_index = models.CharField(max_length=32, blank=True, default="")
    happens_at = models.DateTimeField(default=timezone.now)  # begins, or began
    told_at = models.DateTimeField(default=timezone.now)  # the newest word of it, by its clock
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-happens_at", "-pk"]
        verbose_name = _("timeline entry")
        verbose_name_plural = _("timeline entries")
        constraints = [
            models.UniqueConstraint(fields=["hook", "key"], name="one_entry_per_meeting_or_call"),
        ]
        indexes = [
            models.Index(fields=["lead", "-happens_at"], name="timeline_of_lead"),
            models.Index(fields=["id"], condition=Q(lead=None), name="timeline_of_nobody"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.status}"
