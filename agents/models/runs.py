"""What the agent thought, step by step, and what it cost."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from channels_app.models import Conversation, Message
from tenants.fields import EncryptedJSONField, EncryptedTextField


class RunQuerySet(models.QuerySet["Run"]):
    def open(self) -> "RunQuerySet":
        return self.filter(status__in=Run.OPEN)


class Run(models.Model):
    """One thought about one conversation: from the first unanswered message to what we did.

    A conversation has at most one open run. ``turn_version`` is the conversation's version the
    run reasoned about; a send is refused once the conversation has moved on. ``claim`` numbers
    the workers that took the run up, so that one believed dead cannot finish it.
    """

    class Status(models.TextChoices):
        GATHERING = "gathering"
        THINKING = "thinking"
        DONE = "done"
        SUPERSEDED = "superseded"
        FAILED = "failed"

    class Outcome(models.TextChoices):
        SENT = "sent"
        DRAFTED = "drafted"
        HANDED_OVER = "handed_over"
        SILENT = "silent"

    OPEN = (Status.GATHERING, Status.THINKING)

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="runs")
    first_message = models.ForeignKey(
        Message, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    last_message = models.ForeignKey(
        Message, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    # Set while the run is thinking and a newer message came in: it needs a run of its own.
    newer_message = models.ForeignKey(
        Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    turn_version = models.PositiveIntegerField()
    status = models.CharField(max_length=12, choices=Status, default=Status.GATHERING)
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True, default="")
    outcome_reason = models.CharField(max_length=60, blank=True, default="")
    claim = models.PositiveSmallIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField()

    intent = models.CharField(max_length=12, blank=True, default="")
    own_intent = models.CharField(max_length=40, blank=True, default="")  # one of the company's
    confidence = models.FloatField(null=True, blank=True)
    sentiment = models.FloatField(null=True, blank=True)
    language = models.CharField(max_length=8, blank=True, default="")
    draft = EncryptedTextField(blank=True, default="")
    sources = models.JSONField(default=list, blank=True)
    ruling = models.JSONField(default=dict, blank=True)  # what the autonomy policy said
    warnings = models.JSONField(default=list, blank=True)
    cost = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    # Which text of prompts and settings it went by (0: the built-in), and on which trial's side.
    agent_version = models.PositiveIntegerField(default=0)
    experiment = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["conversation"],
                condition=Q(status__in=("gathering", "thinking")),
                name="one_open_run_per_conversation",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(status__in=("gathering", "thinking")),
                name="open_runs_by_due_at",
            ),
            models.Index(
                fields=["experiment", "agent_version"],
                condition=Q(experiment__isnull=False),
                name="runs_of_an_experiment",
            ),
            BrinIndex(fields=["created_at"], name="runs_by_day", pages_per_range=16),
        ]

    def __str__(self) -> str:
        return f"Run {self.pk} ({self.status})"

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN


class RunStep(models.Model):
    """One step of a run. The row decides: a step that stands here is not done again."""

    class Name(models.TextChoices):
        CLASSIFY = "classify"
        EXTRACT = "extract"
        SCORE = "score"
        RETRIEVE = "retrieve"
        REPLY = "reply"
        VALIDATE = "validate"

    class State(models.TextChoices):
        OK = "ok"
        WARNING = "warning"
        SKIPPED = "skipped"
        FAILED = "failed"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="steps", db_index=False)
    name = models.CharField(max_length=12, choices=Name)
    state = models.CharField(max_length=8, choices=State, default=State.OK)
    detail = EncryptedJSONField(default=dict, blank=True)
    warning = models.CharField(max_length=300, blank=True, default="")
    milliseconds = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["run", "name"], name="each_step_once_per_run"),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.state}"


class ModelCall(models.Model):
    """One question to one model, answered or not; ``run`` is empty for the chat API."""

    class Status(models.TextChoices):
        OK = "ok"
        INVALID = "invalid"  # answered, but not in the shape we asked for
        FAILED = "failed"

    run = models.ForeignKey(
        Run, on_delete=models.CASCADE, null=True, blank=True, related_name="model_calls"
    )
    task = models.CharField(max_length=20)
    provider = models.CharField(max_length=32)
    model = models.CharField(max_length=120)
    status = models.CharField(max_length=8, choices=Status, default=Status.OK)
    error = models.CharField(max_length=300, blank=True, default="")
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    # Of the input, what the vendor read from its prompt cache.
    cached_tokens = models.PositiveIntegerField(default=0, db_default=0)
    cost = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    milliseconds = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        indexes = [BrinIndex(fields=["created_at"], name="model_calls_by_day")]

    def __str__(self) -> str:
        return f"{self.task} by {self.provider}/{self.model}: {self.status}"


class ChatTurn(models.Model):
    """One question and answer of the chat API; a session's turns are its memory."""

    session_id = models.CharField(max_length=64)
    asked_by = models.CharField(max_length=64, blank=True, default="")  # whose session it is
    question = EncryptedTextField()
    answer = EncryptedTextField()
    language = models.CharField(max_length=8, blank=True, default="")
    confidence = models.FloatField(default=0)
    refused = models.BooleanField(default=False)
    sources = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["session_id", "-id"], name="turns_of_a_session")]

    def __str__(self) -> str:
        return f"Turn {self.pk} of {self.session_id}"
