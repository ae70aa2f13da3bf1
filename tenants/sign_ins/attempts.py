"""Somebody of the company on their way through a vendor's consent page, and back."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from tenants.fields import EncryptedTextField

PATIENCE = timedelta(minutes=15)  # signing in there may take a second factor and a search for it


def new_end() -> datetime:
    return timezone.now() + PATIENCE


class Attempt(models.Model):
    """One way to a vendor and back, in one browser, by one person, once.

    ``session`` is a fingerprint of the browser's session: the code that comes back is worth
    nothing in another one. The secrets go as soon as they have served.
    """

    class State(models.TextChoices):
        STARTED = "started"  # they are at the vendor
        ANSWERED = "answered"  # the vendor sent them back to our public host
        TRADING = "trading"  # the code is on its way to the vendor
        READY = "ready"  # accounts came; they choose
        DONE = "done"
        FAILED = "failed"

    OPEN = (State.STARTED, State.ANSWERED, State.TRADING, State.READY)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=32)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    session = models.CharField(max_length=64)
    state = models.CharField(max_length=16, choices=State.choices, default=State.STARTED)
    verifier = EncryptedTextField(blank=True, default="")
    code = EncryptedTextField(blank=True, default="")
    handover = models.CharField(max_length=64, blank=True)  # a hash of the word that brings it back
    error_code = models.CharField(max_length=64, blank=True)
    error_text = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(default=new_end)

    class Meta:
        abstract = True
        ordering = ["-created_at"]

    @property
    def is_over(self) -> bool:
        return self.expires_at <= timezone.now()

    @classmethod
    def without_secrets(cls) -> dict[str, Any]:
        """What is written over everything that must not stay once a way has ended."""
        return {"code": "", "verifier": "", "handover": ""}
