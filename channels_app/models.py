"""Channel connections, what came in over them, and the conversations held."""

import os
import time
import uuid
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from channels_app.capabilities import Capabilities, capabilities_of
from channels_app.providers import CHANNELS
from channels_app.providers.base import ChannelProvider
from tenants import crypto
from tenants.fields import EncryptedBytesField, EncryptedJSONField, EncryptedTextField


def channel_kinds() -> list[tuple[str, str]]:
    return CHANNELS.choices()  # a callable: a new channel needs no migration


def id_index(external_id: str) -> str:
    """The blind index of a vendor's id.

    Hashed first: ids are case-sensitive, and a blind index on its own folds case.
    """
    return crypto.blind_index(sha256(external_id.encode("utf-8", "surrogatepass")).hexdigest())


def new_event_id() -> uuid.UUID:
    """A version 7 UUID (RFC 9562): random, yet in the order of arrival."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & (1 << 48) - 1) << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76
    return uuid.UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


class ChannelConnection(models.Model):
    """One account of the company at one network: a page, a phone number, a bot."""

    class Health(models.TextChoices):
        OK = "ok", "Working"
        RECONNECT = "reconnect", "Reconnect"
        TROUBLE = "trouble", "In trouble"
        STOPPED = "stopped", "Stopped by the network"

    platform = models.CharField(max_length=32, choices=channel_kinds)
    account_id = models.CharField(max_length=190)
    name = models.CharField(max_length=100)
    config = EncryptedJSONField(default=dict)
    is_active = models.BooleanField(default=True)
    # The unguessable part of its own webhook address; empty once it is disconnected.
    webhook_token = models.CharField(max_length=64, blank=True, editable=False)
    health = models.CharField(max_length=16, choices=Health.choices, default=Health.OK)
    health_text = models.CharField(max_length=300, blank=True)
    last_inbound_at = models.DateTimeField(null=True, blank=True)
    last_outbound_at = models.DateTimeField(null=True, blank=True)
    # Where the network has to be asked: behind which point, and when next.
    poll_cursor = EncryptedJSONField(default=dict, blank=True, editable=False)
    poll_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    poll_failures = models.PositiveSmallIntegerField(default=0, editable=False)
    # When our access ends; empty if it lasts.
    token_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    renew_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    renew_failures = models.PositiveSmallIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["platform", "account_id"], name="one_connection_per_account"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def provider(self) -> ChannelProvider:
        ours = {"account_id": self.account_id, "webhook_url": self.webhook_url}
        return CHANNELS.get(self.platform)({**self.config, **ours})

    @property
    def webhook_url(self) -> str:
        """Its own webhook address; empty once it is disconnected."""
        if not self.webhook_token:
            return ""
        return f"{settings.PUBLIC_URL}/webhooks/{self.platform}/{self.webhook_token}/"

    @property
    def capabilities(self) -> Capabilities:
        return capabilities_of(self.platform)

    @property
    def is_stopped(self) -> bool:
        """The network lets nothing out until somebody has mended the account there."""
        return self.health == self.Health.STOPPED


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

    id = models.UUIDField(primary_key=True, default=new_event_id, editable=False)
    connection = models.ForeignKey(
        ChannelConnection, on_delete=models.CASCADE, related_name="events"
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
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.outcome or self.status}"


class Contact(models.Model):
    """A person who wrote to the company, over however many networks."""

    name = EncryptedTextField(blank=True, default="")
    email = EncryptedTextField(blank=True, default="")
    phone = EncryptedTextField(blank=True, default="")  # E.164 where the network gives it
    email_index = models.CharField(max_length=32, blank=True, default="", db_index=True)
    phone_index = models.CharField(max_length=32, blank=True, default="", db_index=True)
    language = models.CharField(max_length=16, blank=True)  # BCP 47, as the network says
    is_blocked = models.BooleanField(default=False)  # the company wants nothing sent or answered
    has_opted_out = models.BooleanField(default=False)  # of something: the ledger says of what
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name or self.email or self.phone or f"Contact {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email_index = crypto.blind_index(self.email) if self.email else ""
        self.phone_index = crypto.blind_index(self.phone) if self.phone else ""
        changed = kwargs.get("update_fields")
        if changed is not None:
            indexes = {f"{name}_index" for name in ("email", "phone") if name in changed}
            kwargs["update_fields"] = {*changed, *indexes}
        super().save(*args, **kwargs)


class ContactIdentity(models.Model):
    """What one network account calls a contact. One contact may have several, also at one."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="identities")
    platform = models.CharField(max_length=32, choices=channel_kinds)
    account_id = models.CharField(max_length=190)
    external_id = EncryptedTextField()
    external_id_index = models.CharField(max_length=32)
    display = EncryptedTextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "contact identities"
        constraints = [
            models.UniqueConstraint(
                fields=["platform", "account_id", "external_id_index"],
                name="one_contact_per_identity",
            ),
        ]

    def __str__(self) -> str:
        return self.display or self.external_id


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def with_people(self) -> "ConversationQuerySet":
        """What a list or a header shows, without a query per row."""
        return self.select_related("connection", "contact", "assignee")

    def open(self) -> "ConversationQuerySet":
        return self.filter(status=Conversation.Status.OPEN)

    def waiting_for_human(self) -> "ConversationQuerySet":
        """Escalated or taken over, and the contact spoke last."""
        return self.open().filter(
            controller=Conversation.Controller.HUMAN, waiting_since__isnull=False
        )


class Conversation(models.Model):
    """Everything said in one thread of one connection, and who leads it now.

    ``turn_version`` grows with every human act and every new inbound word: what an AI run saw
    is still true only while the version is.
    """

    class Status(models.TextChoices):
        OPEN = "open"
        CLOSED = "closed"
        SNOOZED = "snoozed"

    class Controller(models.TextChoices):
        AI = "ai", "AI"
        HUMAN = "human", "Human"

    class Surface(models.TextChoices):
        DIRECT = "direct", "In private"
        COMMENTS = "comments", "In public"

    connection = models.ForeignKey(
        ChannelConnection, on_delete=models.PROTECT, related_name="conversations"
    )
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="conversations")
    surface = models.CharField(
        max_length=16, choices=Surface.choices, default=Surface.DIRECT
    )  # in private, or in public under a post
    external_thread = EncryptedTextField()  # where an answer is sent to
    thread_index = models.CharField(max_length=32)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.OPEN)
    controller = models.CharField(max_length=8, choices=Controller.choices, default=Controller.AI)
    turn_version = models.PositiveIntegerField(default=0)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="conversations",
    )
    escalation_reason = models.CharField(max_length=300, blank=True)
    language = models.CharField(max_length=16, blank=True)
    unread_count = models.PositiveIntegerField(default=0)
    last_message_at = models.DateTimeField(null=True, blank=True)
    last_inbound_at = models.DateTimeField(null=True, blank=True)  # provider's time: opens windows
    waiting_since = models.DateTimeField(null=True, blank=True)  # first unanswered inbound
    # Another app has the thread at the network (a hand-over protocol): we listen and are silent.
    is_led_elsewhere = models.BooleanField(default=False)
    # Set when the network said that the person blocked us or left; cleared when they write again.
    unreachable_at = models.DateTimeField(null=True, blank=True)
    preview = EncryptedTextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        ordering = ["-last_message_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "thread_index"], name="one_conversation_per_thread"
            ),
        ]
        indexes = [
            models.Index(fields=["status", "-last_message_at"], name="conversations_by_status"),
            models.Index(
                fields=["waiting_since"],
                condition=Q(waiting_since__isnull=False),
                name="conversations_waiting",
            ),
        ]

    def __str__(self) -> str:
        return str(self.contact)

    @property
    def is_with_ai(self) -> bool:
        return self.controller == self.Controller.AI

    @property
    def capabilities(self) -> Capabilities:
        """What the network can do and allows here; in public it is not what it is in private."""
        return capabilities_of(self.connection.platform, self.surface)

    @property
    def is_public(self) -> bool:
        return self.surface == self.Surface.COMMENTS

    @property
    def window_closes_at(self) -> datetime | None:
        """When free-form messages end; None where the platform has no window."""
        window = self.capabilities.window
        if window is None or self.last_inbound_at is None:
            return None
        return self.last_inbound_at + window


class MessageQuerySet(models.QuerySet["Message"]):
    def in_order(self) -> "MessageQuerySet":
        """As the conversation went: by the network's clock, not by when we got round to it."""
        return self.order_by("provider_time", "sequence", "pk")


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
        ChannelConnection, on_delete=models.PROTECT, related_name="messages"
    )
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages"
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
    hidden_at = models.DateTimeField(null=True, blank=True)  # a public one, out of sight
    sequence = models.BigIntegerField(default=0)  # the network's order within one second

    objects = MessageQuerySet.as_manager()

    class Meta:
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
        ]

    def __str__(self) -> str:
        return self.text[:60] or f"{self.direction} {self.pk}"

    @property
    def is_inbound(self) -> bool:
        return self.direction == self.Direction.IN


class OptOutQuerySet(models.QuerySet["OptOut"]):
    def in_force(self) -> "OptOutQuerySet":
        return self.filter(ended_at__isnull=True)


class OptOut(models.Model):
    """Somebody wants nothing of a kind sent to them any more. A row is ended, never removed."""

    class Purpose(models.TextChoices):
        ALL = "all", "Everything"
        MARKETING = "marketing", "Marketing"

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="opt_outs")
    connection = models.ForeignKey(  # empty: on every channel
        ChannelConnection,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="opt_outs",
    )
    purpose = models.CharField(max_length=16, choices=Purpose.choices, default=Purpose.ALL)
    source = models.CharField(max_length=32)  # network, contact, colleague
    reason = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = OptOutQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "connection", "purpose"],
                condition=Q(ended_at__isnull=True),
                nulls_distinct=False,
                name="one_opt_out_in_force",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact}: {self.get_purpose_display()}"


class MessageTemplateQuerySet(models.QuerySet["MessageTemplate"]):
    def usable(self) -> "MessageTemplateQuerySet":
        return self.filter(status=MessageTemplate.APPROVED)


class MessageTemplate(models.Model):
    """A message that the network has approved and lets us send outside the window.

    Status and category are the network's own words.
    """

    APPROVED = "APPROVED"
    MARKETING = "MARKETING"

    connection = models.ForeignKey(
        ChannelConnection, on_delete=models.CASCADE, related_name="message_templates"
    )
    name = models.CharField(max_length=512)
    language = models.CharField(max_length=16)
    external_id = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=32, blank=True)
    category = models.CharField(max_length=32, blank=True)
    components = models.JSONField(default=list, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = MessageTemplateQuerySet.as_manager()

    class Meta:
        ordering = ["name", "language"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "name", "language"], name="one_template_per_language"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"

    @property
    def is_usable(self) -> bool:
        return self.status == self.APPROVED
