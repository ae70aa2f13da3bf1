"""What came in, as it came: stored before it is read."""

import os
import time
import uuid

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from channels_app.models.connections import ChannelConnection
from tenants.fields import EncryptedBytesField


def new_event_id() -> uuid.UUID:
    """A version 7 UUID (RFC 9562): random, yet in the order of arrival."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & (1 << 48) - 1) << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76
    return uuid.UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


class InboundEvent(models.Model):
    """One item of a webhook, byte for byte as it came, and what became of it.

    The row's status decides what is still to do; the queue only says when.
    """

    class Status(models.TextChoices):
        PENDING = "pending"
        WAITING = "waiting", "Waits for its message"
        DONE = "done"
        UNSUPPORTED = "unsupported"
        REJECTED = "rejected"
        DISCARDED = "discarded"  # a person has read why it was rejected, and lets it go

    # Outcome where somebody wrote and the network lets nobody but them see it, nor who it was.
    UNSEEN = "unseen"

    id = models.UUIDField(primary_key=True, default=new_event_id, editable=False)
    connection = models.ForeignKey(
        ChannelConnection, on_delete=models.CASCADE, related_name="events", db_index=False
    )
    key = models.CharField(max_length=64)  # sha256 of what the vendor repeats when it re-delivers
    kind = models.CharField(max_length=64)
    body = EncryptedBytesField()
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PENDING)
    outcome = models.CharField(
        max_length=32, blank=True
    )  # message, edit, echo, status, unrouted, …
    reason = models.TextField(blank=True)
    # Set while the item is for an account of the company's that is not connected (yet).
    stray_account_id = models.CharField(max_length=190, blank=True, default="")
    awaits = models.CharField(max_length=32, blank=True)  # external_key of the message it is about
    attempts = models.PositiveSmallIntegerField(default=0)
    received_at = models.DateTimeField(default=timezone.now)
    processed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]  # its ids grow with time
        constraints = [
            # Networks deliver a webhook more than once; the second copy must not count.
            models.UniqueConstraint(fields=["connection", "key"], name="inbound_event_once"),
        ]
        indexes = [
            models.Index(
                fields=["received_at"], condition=Q(status="pending"), name="pending_events"
            ),
            models.Index(
                fields=["stray_account_id"],
                condition=~Q(stray_account_id=""),
                name="stray_events",
            ),
            models.Index(
                fields=["connection", "awaits"],
                condition=Q(status="waiting"),
                name="waiting_events",
            ),
            models.Index(
                Coalesce("processed_at", "received_at").desc(),
                F("id").desc(),
                condition=Q(status="rejected"),
                name="dead_events",
            ),
            models.Index(
                Coalesce("processed_at", "received_at").desc(),
                F("id").desc(),
                condition=Q(status="unsupported"),
                name="unsupported_events",
            ),
            models.Index(
                fields=["connection"],
                condition=Q(status="unsupported", outcome="unseen"),
                name="unseen_events",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.outcome or self.status}"
