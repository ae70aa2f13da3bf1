"""Telephone calls that somebody of ours asked for."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models.hooks import IncomingHook
from leads.models import Lead
from tenants.fields import EncryptedTextField


def new_reference() -> str:
    """What the call is named at the provider: it is found again by that (40 characters there)."""
    return f"lw-{uuid.uuid4().hex}"


class PhoneCall(models.Model):
    """One call to a lead, from the wish to its end.

    ::

        asked ─▶ placing ─▶ queued ─▶ ringing ─▶ in-progress ─▶ ended
          │         ├─▶ unknown ─(looked up by its name)─▶ queued, or failed
          └─────────┴─▶ failed

    Nothing is asked of the provider twice: a row is placed once, and one whose answer was lost
    is looked up there. What is not found was not placed; a person may ask anew.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("asked for")
        PLACING = "placing", _("being placed")
        UNKNOWN = "unknown", _("not known")
        SCHEDULED = "scheduled", _("scheduled")
        QUEUED = "queued", _("queued")
        RINGING = "ringing", _("ringing")
        IN_PROGRESS = "in-progress", _("in-progress")
        FORWARDING = "forwarding", _("forwarding")
        ENDED = "ended", _("ended")
        FAILED = "failed", _("not placed")

    OVER = (State.ENDED, State.FAILED)
    # At the provider, in the order in which a call goes through them.
    PLACED = (
        State.SCHEDULED,
        State.QUEUED,
        State.RINGING,
        State.IN_PROGRESS,
        State.FORWARDING,
        State.ENDED,
    )

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="phone_calls")
    hook = models.ForeignKey(IncomingHook, on_delete=models.CASCADE, related_name="phone_calls")
    reference = models.CharField(max_length=40, unique=True, default=new_reference, editable=False)
    key = models.CharField(max_length=64, blank=True, default="")  # of the click, from its form
    external_id = models.CharField(max_length=190, blank=True, default="", db_index=True)
    number = EncryptedTextField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.ASKED)
    state_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    ended_reason = models.CharField(max_length=120, blank=True, default="")
    error_code = models.CharField(max_length=64, blank=True, default="")
    error_text = models.CharField(max_length=300, blank=True, default="")
    asked_by = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        constraints = [
            models.UniqueConstraint(
                fields=["lead"],
                condition=~Q(state__in=["ended", "failed"]),
                name="one_call_at_a_time_to_a_lead",
            ),
            models.UniqueConstraint(
                fields=["key"], condition=~Q(key=""), name="one_call_for_one_click"
            ),
        ]
        indexes = [
            models.Index(
                fields=["state_at"],
                condition=~Q(state__in=["ended", "failed"]),
                name="calls_under_way",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead} {self.get_state_display()}"

    @property
    def is_over(self) -> bool:
        return self.state in self.OVER
