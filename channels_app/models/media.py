"""A file that belongs to a message: what it is, where it lies, how far it has come."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from channels_app.models.events import InboundEvent
from channels_app.models.messages import Message
from tenants.fields import EncryptedBytesField, EncryptedJSONField, EncryptedTextField


class MediaQuerySet(models.QuerySet["Media"]):
    def stored(self) -> "MediaQuerySet":
        return self.filter(state=Media.State.STORED)

    def loose(self) -> "MediaQuerySet":
        """Uploaded, and not (yet) part of any message."""
        return self.filter(message__isnull=True)


class Media(models.Model):
    """One file of a message, or one that was uploaded to be sent.

    ``source`` is what the network said of it, and by what it is fetched. The bytes lie in the
    storage at ``path``, locked with ``key``: a key of its own, which the company's key locks
    in turn. Whoever erases the row has therefore erased the file, in every copy of it.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Being fetched"
        STORED = "stored", "Here"
        REFUSED = "refused", "Not taken in"
        FAILED = "failed", "Could not be fetched"

    class Kind(models.TextChoices):
        IMAGE = "image", "Image"
        AUDIO = "audio", "Audio"
        VIDEO = "video", "Video"
        FILE = "file", "File"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.CASCADE, related_name="media"
    )
    position = models.PositiveSmallIntegerField(default=0)  # its place in message.attachments
    # What it is read from where it came inside the webhook itself, as in a letter.
    event = models.ForeignKey(
        InboundEvent, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    source = EncryptedJSONField(default=dict, blank=True)  # {kind, url, name, mime, size, ref}
    name = EncryptedTextField(blank=True, default="")  # harmless, and fit to be shown
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.FILE)
    mime = models.CharField(max_length=100, blank=True)  # what the bytes say, nobody else
    size = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    reason = models.CharField(max_length=32, blank=True)  # a key of media.reasons
    path = models.CharField(max_length=200, blank=True)
    key = EncryptedBytesField(default=bytes, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    stored_at = models.DateTimeField(null=True, blank=True)

    objects = MediaQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name_plural = "media"
        constraints = [
            models.UniqueConstraint(
                fields=["message", "position"],
                condition=Q(message__isnull=False),
                name="one_file_per_attachment",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=Q(state="pending"), name="media_to_fetch"
            ),
            models.Index(
                fields=["created_at"], condition=Q(message__isnull=True), name="media_unused"
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.kind} {self.pk}"

    @property
    def is_stored(self) -> bool:
        return self.state == self.State.STORED
