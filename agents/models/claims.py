"""Answers that are on their way while hardly any are left of what a plan allows."""

from django.db import models
from django.utils import timezone

from agents.models.runs import Run


class AnswerClaim(models.Model):
    """One run's leave to answer. It counts while the run is open; then its message does.

    Made only where a plan's hard cap is near, so that answers at the same time do not pass it.
    """

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"Run {self.run_id}"
