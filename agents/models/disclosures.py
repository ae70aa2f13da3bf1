"""Who was told that an AI answers, when and in which words."""

from django.db import models

from channels_app.models import Conversation


class AiDisclosure(models.Model):
    """One telling. Written in the transaction that queues the message which carries it.

    To whom: the conversation's contact, also after two contacts became one.
    """

    class Occasion(models.TextChoices):
        FIRST = "first", "First answer"
        LAPSE = "lapse", "After a long pause"
        RETURN = "return", "Back from a person"

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="ai_disclosures", db_index=False
    )
    message_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    occasion = models.CharField(max_length=8, choices=Occasion)
    language = models.CharField(max_length=8)
    words = models.CharField(max_length=300)  # the company's sentence: nothing personal
    platform = models.CharField(max_length=32)
    is_public = models.BooleanField(default=False)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "AI disclosure"
        indexes = [models.Index(fields=["conversation", "-id"], name="last_told_in_conversation")]

    def __str__(self) -> str:
        return f"Told on {self.at:%Y-%m-%d}"
