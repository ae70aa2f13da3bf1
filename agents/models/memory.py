"""What is kept so that models need not be asked, or read, so much."""

from django.db import models
from pgvector.django import VectorField

from channels_app.models import Conversation
from tenants.fields import EncryptedJSONField, EncryptedTextField

DIMENSIONS = 512


class RememberedAnswer(models.Model):
    """An answer that may be given again to whoever asks the same.

    ``space`` is everything it rests on besides the words: settings, version of the prompts,
    language. Answers to personal questions are never kept.
    """

    space = models.CharField(max_length=64)
    knowledge_version = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)  # of the question's plain words
    question = EncryptedTextField()
    embedding = VectorField(dimensions=DIMENSIONS)
    intent = models.CharField(max_length=40)
    confidence = models.FloatField()
    reply = EncryptedJSONField(default=dict)
    sources = models.JSONField(default=list)
    # What it took to write; each use saves that much.
    tokens = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    uses = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["space", "digest"], name="one_answer_a_question"),
        ]

    def __str__(self) -> str:
        return f"Remembered answer {self.pk}"


class ConversationSummary(models.Model):
    """What was said before the turns that a prompt has room for; rolls on with them."""

    conversation = models.OneToOneField(
        Conversation, on_delete=models.CASCADE, related_name="summary"
    )
    text = EncryptedTextField(blank=True, default="")
    until_message = models.PositiveBigIntegerField(default=0)  # the last one that is in it
    by_model = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"Summary of conversation {self.conversation_id}"
