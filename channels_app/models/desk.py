"""What people lay beside conversations to work with them: labels, views, canned words, drafts."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from channels_app.models.conversations import Conversation
from channels_app.models.messages import Message
from tenants.fields import EncryptedTextField


class Label(models.Model):
    """A word that colleagues sort conversations by. Its colour follows from its name."""

    name = models.CharField(_("Name"), max_length=40)
    conversations = models.ManyToManyField(Conversation, related_name="labels", blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="one_label_per_name")]

    def __str__(self) -> str:
        return self.name


class InboxView(models.Model):
    """A list that somebody keeps: a tab narrowed down. Without an owner it is everybody's."""

    class Whose(models.TextChoices):
        ANYBODY = "", _("Anybody's")
        MINE = "me", _("Mine")
        NOBODY = "nobody", _("Nobody's")

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="inbox_views",
    )
    name = models.CharField(_("Name"), max_length=60)
    status = models.CharField(
        max_length=16, choices=Conversation.Status.choices, default=Conversation.Status.OPEN
    )
    whose = models.CharField(max_length=8, choices=Whose.choices, blank=True, default="")
    platform = models.CharField(max_length=32, blank=True, default="")
    label = models.ForeignKey(
        Label, null=True, blank=True, on_delete=models.CASCADE, related_name="views"
    )
    is_waiting = models.BooleanField(default=False)  # only where the contact waits for an answer
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class CannedReply(models.Model):
    """What is written often, found by a short word after a slash. ``{name}`` and the like are
    filled in where it is used (``channels_app.blanks``)."""

    shortcut = models.SlugField(_("Short word"), max_length=40, allow_unicode=True)
    text = models.TextField(_("Text"), max_length=4_000)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["shortcut"]
        verbose_name_plural = "canned replies"
        constraints = [models.UniqueConstraint(Lower("shortcut"), name="one_canned_reply_per_word")]

    def __str__(self) -> str:
        return f"/{self.shortcut}"


class WrittenDraft(models.Model):
    """What a colleague has begun to write in a conversation, on whatever machine they go on."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="written_drafts", db_index=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="written_drafts"
    )
    is_note = models.BooleanField(default=False)
    text = EncryptedTextField(default="")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "user"], name="one_written_draft_a_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.conversation_id}"


class Mention(models.Model):
    """A note that names a colleague; ``seen_at`` is when they opened the conversation."""

    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="mentions", db_index=False
    )
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="mentions"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mentions", db_index=False
    )
    seen_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["message", "user"], name="mentioned_once_a_note"),
        ]
        indexes = [
            models.Index(fields=["user", "conversation"], name="mentions_of_person"),
            models.Index(
                fields=["user"], condition=Q(seen_at__isnull=True), name="mentions_unseen"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in message {self.message_id}"


class ConversationWords(models.Model):
    """The words of a conversation, as keyed fingerprints: found by who types one of them, read by
    nobody. Written behind the messages' backs; ``upto`` is the newest message that was read."""

    conversation = models.OneToOneField(
        Conversation, primary_key=True, on_delete=models.CASCADE, related_name="words"
    )
    words = ArrayField(models.BigIntegerField(), default=list)
    upto = models.BigIntegerField(default=0, db_index=True)

    class Meta:
        verbose_name_plural = "conversations' words"
        indexes = [GinIndex(fields=["words"], name="conversations_by_words")]

    def __str__(self) -> str:
        return f"Conversation {self.conversation_id} up to {self.upto}"


class DeskHabits(models.Model):
    """How one person likes to work in the inbox, on whatever machine."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="habits"
    )
    shortcuts = models.BooleanField(default=True)
    # How long a reply can be taken back before it leaves.
    undo_seconds = models.PositiveSmallIntegerField(default=5)

    class Meta:
        verbose_name_plural = "desk habits"

    def __str__(self) -> str:
        return f"Habits of {self.user_id}"
