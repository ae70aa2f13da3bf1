"""A draft tried on what customers asked before, turn by turn."""

from typing import Any

from django.db import models
from django.db.models import Q

from agents.models.runs import Run
from agents.models.versions import AgentVersion
from tenants.fields import EncryptedJSONField


class Replay(models.Model):
    """One trial of one content of a version. Its turns are the sample; the rows are the state."""

    class Status(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped"  # by a person, or because its money was spent
        FAILED = "failed", "Failed"

    class Verdict(models.TextChoices):
        PASSED = "passed", "Passed"
        REGRESSED = "regressed", "Worse than before"
        UNKNOWN = "unknown", "Cannot be told"

    OPEN = (Status.QUEUED, Status.RUNNING)

    version = models.ForeignKey(AgentVersion, on_delete=models.CASCADE, related_name="replays")
    fingerprint = models.CharField(max_length=64)  # of the content it tried
    status = models.CharField(max_length=8, choices=Status, default=Status.QUEUED)
    verdict = models.CharField(max_length=12, choices=Verdict, blank=True, default="")
    reasons = models.JSONField(default=list, blank=True)
    summary = models.JSONField(default=dict, blank=True)
    from_history = models.BooleanField(default=True)  # else questions made from the documents
    estimate = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    allowance = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    cost = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    tokens = models.PositiveIntegerField(default=0)
    claim = models.PositiveSmallIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True, blank=True)
    actor = models.CharField(max_length=120, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["version"],
                condition=Q(status__in=("queued", "running")),
                name="one_open_replay_per_version",
            ),
        ]
        indexes = [
            models.Index(
                fields=["claimed_until"],
                condition=Q(status__in=("queued", "running")),
                name="open_replays",
            ),
        ]

    def __str__(self) -> str:
        return f"Replay {self.pk} ({self.status})"

    @property
    def models(self) -> list[dict[str, Any]]:
        """Who answered it, by task; nothing while it runs."""
        return list(self.summary.get("models", []))

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN


class ReplayTurn(models.Model):
    """One question of the sample: what was said then, what the draft would say, and the marks.

    ``asked`` and the two answers are the customer's and ours: encrypted, and gone with the run.
    """

    class Kind(models.TextChoices):
        PAST = "past", "Asked before"
        SAMPLE = "sample", "From your documents"
        PROBE = "probe", "Trap"

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        FAILED = "failed"

    replay = models.ForeignKey(
        Replay, on_delete=models.CASCADE, related_name="turns", db_index=False
    )
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.PAST)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    stratum = models.CharField(max_length=80, blank=True, default="")
    asked = EncryptedJSONField(default=dict)
    before = EncryptedJSONField(default=dict)
    after = EncryptedJSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    findings = models.JSONField(default=list, blank=True)
    is_failing = models.BooleanField(default=False)
    cost = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    milliseconds = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["replay", "position"]
        constraints = [
            models.UniqueConstraint(fields=["replay", "position"], name="replay_turn_once"),
        ]

    def __str__(self) -> str:
        return f"Turn {self.position}: {self.state}"
