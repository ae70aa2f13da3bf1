"""Orders about many dead letters at once, and how far each has got."""

from django.db import models
from django.db.models import Q
from django.utils import timezone


class ReplayOrder(models.Model):
    """All letters of a kind, a reason, a platform or a time are to be tried again, or let go.

    The row is the progress: a slice of letters at a time, and after a crash the next slice. What
    dies anew meanwhile is younger than the order and not tried twice.
    """

    class State(models.TextChoices):
        RUNNING = "running", "Under way"
        DONE = "done", "Done"

    class Deed(models.TextChoices):
        REPLAY = "replay", "Try again"
        DISCARD = "discard", "Let go"

    deed = models.CharField(max_length=8, choices=Deed.choices, default=Deed.REPLAY)
    kind = models.CharField(max_length=32)
    reason = models.CharField(max_length=300, blank=True)
    platform = models.CharField(max_length=32, blank=True)
    since = models.DateTimeField(null=True, blank=True)
    until = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    after = models.CharField(max_length=64, blank=True, editable=False)  # id of the last one seen
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    refusals = models.JSONField(default=dict, blank=True)  # why -> how many
    ordered_by = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField(auto_now=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["touched_at"], condition=Q(state="running"), name="replay_orders_running"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reason or 'all'}: {self.seen} of {self.total}"

    @property
    def seen(self) -> int:
        return self.done + self.refused

    @property
    def percent(self) -> int:
        if self.state == self.State.DONE:
            return 100
        return min(99, self.seen * 100 // self.total) if self.total else 0
