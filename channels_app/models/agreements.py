"""What may be sent when nobody asked: templates a network approved, and who said stop."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from channels_app.models.connections import ChannelConnection
from channels_app.models.people import Contact


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
        ChannelConnection,
        on_delete=models.CASCADE,
        related_name="message_templates",
        db_index=False,
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
