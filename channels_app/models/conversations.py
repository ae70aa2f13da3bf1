"""A conversation: one contact, one connection, one thread, one hand on the wheel."""

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from channels_app.capabilities import Capabilities, capabilities_of
from channels_app.models.connections import ChannelConnection
from channels_app.models.people import Contact
from tenants.fields import EncryptedTextField

HAS_DRAFT = Q(status="open", controller="ai", draft_turn=F("turn_version"))


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def with_people(self) -> "ConversationQuerySet":
        """What a list or a header shows, without a query per row."""
        return self.select_related("connection", "contact", "assignee")

    def open(self) -> "ConversationQuerySet":
        return self.filter(status=Conversation.Status.OPEN)

    def with_draft(self) -> "ConversationQuerySet":
        """Where a reply of the AI waits for a person's word."""
        return self.filter(HAS_DRAFT)

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
        ChannelConnection, on_delete=models.PROTECT, related_name="conversations", db_index=False
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
    # The turn for which a reply waits to be approved: true while the conversation is at that turn.
    draft_turn = models.PositiveIntegerField(null=True, blank=True)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="conversations",
    )
    escalation_reason = models.CharField(max_length=300, blank=True)
    # Why nothing (more) has to be said: a colleague's words, or the machine's (spam, closing).
    closing_reason = models.CharField(max_length=300, blank=True, default="")
    language = models.CharField(max_length=16, blank=True)
    unread_count = models.PositiveIntegerField(default=0)
    last_message_at = models.DateTimeField(null=True, blank=True)
    last_inbound_at = models.DateTimeField(null=True, blank=True)  # provider's time: opens windows
    waiting_since = models.DateTimeField(null=True, blank=True)  # first unanswered inbound
    snoozed_until = models.DateTimeField(null=True, blank=True)  # none: until they write again
    # Another app has the thread at the network (a hand-over protocol): we listen and are silent.
    is_led_elsewhere = models.BooleanField(default=False)
    # Set when the network said that the person blocked us or left; cleared when they write again.
    unreachable_at = models.DateTimeField(null=True, blank=True)
    preview = EncryptedTextField(blank=True, default="")
    # What was promised, by when (``channels_app.clocks``): the state of the timers, the nearest of
    # their ends and what it is for, and when somebody has to look whether it was kept. Empty
    # where nothing is promised, and while the timers stand still.
    clock = models.JSONField(default=dict, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    due_for = models.CharField(max_length=8, blank=True, default="")
    alarm_at = models.DateTimeField(null=True, blank=True)
    # They were told that nobody is there until then.
    away_until = models.DateTimeField(null=True, blank=True)
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
                fields=["draft_turn"],
                condition=Q(draft_turn__isnull=False),
                name="conversations_drafted",
            ),
            models.Index(
                fields=["waiting_since"],
                condition=Q(waiting_since__isnull=False),
                name="conversations_waiting",
            ),
            models.Index(
                fields=["-last_message_at"],
                condition=Q(status="open", controller="human") & ~Q(escalation_reason=""),
                name="conversations_escalated",
            ),
            models.Index(
                fields=["snoozed_until"],
                condition=Q(status="snoozed"),
                name="conversations_snoozed",
            ),
            models.Index(
                fields=["due_at"],
                condition=Q(status="open", due_at__isnull=False),
                name="conversations_due",
            ),
            models.Index(
                fields=["alarm_at"],
                condition=Q(alarm_at__isnull=False),
                name="conversations_alarmed",
            ),
            models.Index(
                fields=["last_inbound_at"],
                condition=Q(status="open", controller="human", assignee__isnull=True),
                name="conversations_to_give_out",
            ),
            BrinIndex(fields=["created_at"], name="conversations_by_day"),
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
    def has_draft(self) -> bool:
        """Whether a reply of the AI to this turn waits for a person's word."""
        return self.is_with_ai and self.draft_turn == self.turn_version

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

    @property
    def people_close_at(self) -> datetime | None:
        """The same for what a person writes; some networks give people longer."""
        window = self.capabilities.human_window or self.capabilities.window
        if window is None or self.last_inbound_at is None:
            return None
        return self.last_inbound_at + window
