"""Customers who wrote and whom nobody answered in time, whatever the cause."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from channels_app.models.connections import ChannelConnection
from channels_app.models.conversations import Conversation
from channels_app.models.events import InboundEvent
from channels_app.models.messages import Message


class IncidentQuerySet(models.QuerySet["Incident"]):
    def open(self) -> "IncidentQuerySet":
        return self.filter(resolved_at__isnull=True)

    def with_people(self) -> "IncidentQuerySet":
        """What a list shows, without a query per row."""
        return self.select_related("connection", "conversation__contact", "acknowledged_by")


class Incident(models.Model):
    """One silence: found by the clock, ended by whatever ended it.

    What came in and was never read has no conversation yet: such silences are one a channel, with
    the number of items. ``cause`` is a machine's word, as far as it is known.
    """

    class Kind(models.TextChoices):
        UNREAD = "unread", "Came in and was not read"
        UNANSWERED = "unanswered", "Nobody answered"
        UNDELIVERED = "undelivered", "The answer did not get through"
        WAITING = "waiting", "Waits for a person too long"

    class Resolution(models.TextChoices):
        ANSWERED = "answered", "Answered"
        READ = "read", "Read"
        DELIVERED = "delivered", "Delivered"
        HANDED_OVER = "handed_over", "Handed to a person"
        HANDED_BACK = "handed_back", "Handed back to the AI"
        DRAFTED = "drafted", "A draft waits for approval"
        CLOSED = "closed", "Closed with a reason"
        DISCARDED = "discarded", "Discarded"
        OVERTAKEN = "overtaken", "They wrote again"

    kind = models.CharField(max_length=16, choices=Kind.choices)
    connection = models.ForeignKey(
        ChannelConnection, on_delete=models.CASCADE, related_name="incidents"
    )
    conversation = models.ForeignKey(
        Conversation, null=True, blank=True, on_delete=models.CASCADE, related_name="incidents"
    )
    message = models.ForeignKey(  # ours that did not get through
        Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    event = models.ForeignKey(  # the first of those that were not read
        InboundEvent, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    count = models.PositiveIntegerField(default=1)
    cause = models.CharField(max_length=64, blank=True)
    detail = models.CharField(max_length=300, blank=True)  # no text of anybody's
    since = models.DateTimeField()  # when the silence began
    opened_at = models.DateTimeField(default=timezone.now)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolution = models.CharField(max_length=16, choices=Resolution.choices, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "conversation"],
                condition=Q(resolved_at=None, conversation__isnull=False),
                name="one_open_incident_per_conversation",
            ),
            models.UniqueConstraint(
                fields=["kind", "connection"],
                condition=Q(resolved_at=None, conversation=None),
                name="one_open_incident_per_connection",
            ),
        ]
        indexes = [
            models.Index(fields=["-id"], condition=Q(resolved_at=None), name="incidents_open"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.pk})"

    @property
    def is_open(self) -> bool:
        return self.resolved_at is None
