"""What the AI may do by itself: a company's table, one row a version."""

from django.db import models

from agents.guardrails import autonomy


class AutonomyPolicy(models.Model):
    """A version of the table, never changed. The profile names the one in force; where it names
    none, the built-in one is."""

    version = models.PositiveIntegerField(unique=True)
    rows = models.JSONField()  # [{channel, intent, low, medium, high}]
    delay_seconds = models.PositiveIntegerField(default=30)
    expires_hours = models.PositiveIntegerField(default=24)
    note = models.CharField(max_length=200, blank=True, default="")
    changed_by = models.CharField(max_length=80, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-version"]
        verbose_name_plural = "autonomy policies"

    def __str__(self) -> str:
        return f"Version {self.version}"

    @property
    def matrix(self) -> autonomy.Matrix:
        return autonomy.matrix_from(self.rows, delay=self.delay_seconds, expires=self.expires_hours)
