"""What people wrote instead of the AI, as a proposal to learn from."""

from django.db import models
from django.db.models import Q

from tenants.fields import EncryptedTextField


class Lesson(models.Model):
    """A question, the AI's answer and a person's, without personal data. Admins decide on it.

    As an example it shows the prompts how this company writes; as an answer it is given word for
    word to whoever asks the like.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed"
        EXAMPLE = "example", "Shows how we write"
        ANSWER = "answer", "Is given as an answer"
        DISMISSED = "dismissed"

    class Cause(models.TextChoices):
        EDITED = "edited", "A draft was edited"
        CORRECTED = "corrected", "A person wrote after the AI"

    origin = models.CharField(max_length=40, unique=True)  # draft:5, message:77
    cause = models.CharField(max_length=12, choices=Cause)
    state = models.CharField(max_length=12, choices=State, default=State.PROPOSED)
    question = EncryptedTextField()
    ai_answer = EncryptedTextField()
    answer = EncryptedTextField()
    language = models.CharField(max_length=8, blank=True, default="")
    intent = models.CharField(max_length=40, blank=True, default="")
    changed = models.FloatField(default=0)  # how much of the words is the person's, 0 to 1
    curated_id = models.BigIntegerField(null=True, blank=True)
    decided_by = models.CharField(max_length=80, blank=True, default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["-id"], condition=Q(state="proposed"), name="proposed_lessons"),
        ]

    def __str__(self) -> str:
        return f"Lesson {self.pk} ({self.state})"
