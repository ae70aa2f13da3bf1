"""Somebody of the company on their way through a network's consent page, and back."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from channels_app.models.connections import ChannelConnection, channel_kinds
from tenants.fields import EncryptedJSONField, EncryptedTextField

PATIENCE = timedelta(minutes=15)  # signing in there may take a second factor and a search for it


def new_end() -> datetime:
    return timezone.now() + PATIENCE


class SignInAttempt(models.Model):
    """One way to a network and back, in one browser, by one person, once.

    ``session`` is a fingerprint of the browser's session: the code that comes back is worth
    nothing in another one. The secrets go as soon as they have served.
    """

    class State(models.TextChoices):
        STARTED = "started"  # they are at the network
        ANSWERED = "answered"  # the network sent them back to our public host
        TRADING = "trading"  # the code is on its way to the network
        READY = "ready"  # accounts came; they choose
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=32)
    platform = models.CharField(max_length=32, choices=channel_kinds)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    session = models.CharField(max_length=64)
    # The connection whose access they renew, if it is not a new one.
    connection = models.ForeignKey(
        ChannelConnection, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    state = models.CharField(max_length=16, choices=State.choices, default=State.STARTED)
    verifier = EncryptedTextField(blank=True, default="")
    code = EncryptedTextField(blank=True, default="")
    handover = models.CharField(max_length=64, blank=True)  # a hash of the word that brings it back
    accounts = EncryptedJSONField(default=list, blank=True)
    error_code = models.CharField(max_length=64, blank=True)
    error_text = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(default=new_end)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.platform} by {self.kind}"

    @property
    def is_over(self) -> bool:
        return self.expires_at <= timezone.now()
