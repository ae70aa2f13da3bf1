"""A reply of the AI that is not sent yet: it waits for a person, or for its time."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from agents.models.runs import Run
from channels_app.models import Conversation
from tenants.fields import EncryptedTextField


class ReplyDraftQuerySet(models.QuerySet["ReplyDraft"]):
    def open(self) -> "ReplyDraftQuerySet":
        return self.filter(state__in=ReplyDraft.OPEN)

    def overtaken(self) -> "ReplyDraftQuerySet":
        """Open ones whose conversation has moved on: a newer word, or a person's hand."""
        still = Q(turn_version=F("conversation__turn_version"))
        return self.open().exclude(still & Q(conversation__controller="ai"))


class ReplyDraft(models.Model):
    """What the AI would say, and what became of it. A conversation has at most one open draft.

    ``turn_version`` is the turn it answers: once the conversation has moved on it cannot be sent,
    by nobody. Only the state's own change, made once, decides between two people.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waits for approval"
        SCHEDULED = "scheduled", "Is about to be sent"
        SENT = "sent"
        REJECTED = "rejected"
        STALE = "stale", "Overtaken"
        EXPIRED = "expired"

    OPEN = (State.WAITING, State.SCHEDULED)

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="drafts")
    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="reply_draft")
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    turn_version = models.PositiveIntegerField()
    text = EncryptedTextField()  # the AI's words
    edited_text = EncryptedTextField(blank=True, default="")  # a person's, where they changed them
    sources = models.JSONField(default=list, blank=True)
    reasons = models.JSONField(default=list, blank=True)  # codes: why it was not sent at once
    level = models.CharField(max_length=8, blank=True, default="")
    language = models.CharField(max_length=8, blank=True, default="")
    send_at = models.DateTimeField(null=True, blank=True)  # of a scheduled one
    expires_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    rejection = models.CharField(max_length=300, blank=True, default="")
    message_id = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ReplyDraftQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["conversation"],
                condition=Q(state__in=("waiting", "scheduled")),
                name="one_open_draft_per_conversation",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=Q(state__in=("waiting", "scheduled")),
                name="open_drafts_by_expiry",
            ),
        ]

    def __str__(self) -> str:
        return f"Draft {self.pk} ({self.state})"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def is_overtaken(self) -> bool:
        """Whether the conversation has moved on, though nobody has written it down yet."""
        there = self.conversation
        return self.is_open and not (there.is_with_ai and there.turn_version == self.turn_version)

    @property
    def words(self) -> str:
        return self.edited_text or self.text
