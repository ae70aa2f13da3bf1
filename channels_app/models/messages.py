"""One message of a conversation and how far it has come."""

import uuid

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone

from channels_app.models.connections import ChannelConnection
from channels_app.models.conversations import Conversation
from tenants.fields import EncryptedJSONField, EncryptedTextField


class Message(models.Model):
    """One thing said, or one note beside it."""

    class Direction(models.TextChoices):
        IN = "in", "Inbound"
        OUT = "out", "Outbound"
        NOTE = "note", "Note"

    class Author(models.TextChoices):
        CONTACT = "contact"
        AI = "ai", "AI"
        HUMAN = "human"
        SYSTEM = "system"
        ECHO = "echo", "Sent from the network's own app"

    class State(models.TextChoices):
        RECEIVED = "received"
        QUEUED = "queued"
        SENDING = "sending"
        ACCEPTED = "accepted"
        SENT = "sent"
        DELIVERED = "delivered"
        READ = "read"
        UNKNOWN = "unknown", "Unknown whether sent"
        FAILED = "failed"

    connection = models.ForeignKey(
        ChannelConnection, on_delete=models.PROTECT, related_name="messages", db_index=False
    )
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    direction = models.CharField(max_length=8, choices=Direction.choices)
    author = models.CharField(max_length=8, choices=Author.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="messages",
    )
    external_id = EncryptedTextField(blank=True, default="")  # WhatsApp's ids contain the phone
    external_key = models.CharField(max_length=32, blank=True, default="")  # id_index of it
    # Ours, sent along where the network hands it back: finds a message whose answer was lost.
    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sender_name = EncryptedTextField(blank=True, default="")  # of one of many, in a group
    text = EncryptedTextField(blank=True, default="")
    attachments = EncryptedJSONField(default=list)  # [{kind, url, name, mime, size, ref}]
    reactions = EncryptedJSONField(default=dict)  # who -> emoji
    details = EncryptedJSONField(default=dict, blank=True)  # what else the network said: subject, …
    earlier_texts = EncryptedJSONField(default=list)  # [{text, until}], oldest first
    state = models.CharField(max_length=16, choices=State.choices)
    error_code = models.CharField(max_length=64, blank=True)
    error_text = models.CharField(max_length=500, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    run_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    provider_time = models.DateTimeField(default=timezone.now)
    received_at = models.DateTimeField(default=timezone.now)  # in our hands: webhook or composer
    processed_at = models.DateTimeField(default=timezone.now)
    state_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    reply_to_external = EncryptedTextField(blank=True, default="")
    # Of ours: the public message this one answers, and whether it does so in private.
    answers = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="answered_by"
    )
    is_private = models.BooleanField(default=False)
    template = EncryptedJSONField(
        null=True, blank=True
    )  # {name, language, components} if it is one
    # Failed, and a person has let it go: no dead letter any more.
    discarded_at = models.DateTimeField(null=True, blank=True, editable=False)
    hidden_at = models.DateTimeField(null=True, blank=True)  # a public one, out of sight
    sequence = models.BigIntegerField(default=0)  # the network's order within one second

    # Of this very instance: whether its network has just taken it, for the first time.
    has_just_left = False

    class Meta:
        # As the conversation went: by the network's clock, not by when we got round to it.
        ordering = ["provider_time", "sequence", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "external_key"],
                condition=~Q(external_key=""),
                name="one_row_per_network_message",
            ),
            # Networks allow a single private answer to a public comment.
            models.UniqueConstraint(
                fields=["answers"],
                condition=Q(is_private=True) & ~Q(state="failed"),
                name="one_private_answer_per_comment",
            ),
        ]
        indexes = [
            models.Index(
                fields=["conversation", "provider_time", "sequence", "id"],
                name="messages_of_thread",
            ),
            # The constraint's own index knows none without a name; who asks by a value that is
            # not known when the query is planned cannot use it.
            models.Index(fields=["connection", "external_key"], name="messages_by_name"),
            models.Index(
                fields=["state", "next_attempt_at"],
                condition=Q(state__in=["queued", "sending", "unknown"]),
                name="messages_to_deliver",
            ),
            models.Index(
                fields=["conversation", "id"],
                condition=Q(state__in=["queued", "sending"]),
                name="messages_in_line",
            ),
            models.Index(
                fields=["-state_at", "-id"],
                condition=Q(state="failed", discarded_at=None) & ~Q(error_code="taken_over"),
                name="dead_messages",
            ),
            # For figures of whole days; a few bytes a thousand rows.
            BrinIndex(fields=["provider_time"], name="messages_by_day", pages_per_range=16),
        ]

    def __str__(self) -> str:
        return self.text[:60] or f"{self.direction} {self.pk}"

    @property
    def is_inbound(self) -> bool:
        return self.direction == self.Direction.IN
