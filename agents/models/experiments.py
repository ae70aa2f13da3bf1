"""Two published versions side by side."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q


class Experiment(models.Model):
    """Some contacts are answered by ``variant``, all others by ``control``, the live version.

    Who belongs to whom is computed, not stored: see ``agents.assignment``.
    """

    class Status(models.TextChoices):
        RUNNING = "running", "Running"
        STOPPED = "stopped", "Stopped"
        PROMOTED = "promoted", "Promoted"
        GUARDED = "guarded", "Ended by the guard"

    control = models.PositiveIntegerField()
    variant = models.PositiveIntegerField()
    share = models.PositiveSmallIntegerField(
        default=20, validators=[MinValueValidator(1), MaxValueValidator(90)], help_text="percent"
    )
    status = models.CharField(max_length=12, choices=Status, default=Status.RUNNING)
    outcome = models.JSONField(default=dict, blank=True)  # its figures when it ended
    reason = models.CharField(max_length=300, blank=True, default="")
    actor = models.CharField(max_length=120, blank=True, default="")
    started_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["status"], condition=Q(status="running"), name="one_running_experiment"
            ),
        ]

    def __str__(self) -> str:
        return f"Experiment {self.pk}: {self.control} and {self.variant}"

    @property
    def is_running(self) -> bool:
        return self.status == self.Status.RUNNING
