"""What the doctor found when it looked at a connection."""

from django.db import models

from channels_app.models.connections import ChannelConnection


class Checkup(models.Model):
    """One look at a connection: what works, what does not, what will not for long."""

    class Verdict(models.TextChoices):
        RUNNING = "running"
        GOOD = "good"
        WARNING = "warning"
        BAD = "bad"
        UNKNOWN = "unknown"  # the network could not be asked

    connection = models.ForeignKey(
        ChannelConnection, on_delete=models.CASCADE, related_name="checkups", db_index=False
    )
    verdict = models.CharField(max_length=16, choices=Verdict.choices, default=Verdict.RUNNING)
    # In the order of their weight, as ``providers.findings.Finding`` writes them.
    findings = models.JSONField(default=list, blank=True)
    asked_by = models.CharField(max_length=64, blank=True)  # user:7, or empty for the night
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-started_at", "-pk"]
        indexes = [models.Index(fields=["connection", "-started_at"])]

    def __str__(self) -> str:
        return f"{self.connection} {self.started_at:%Y-%m-%d %H:%M}: {self.verdict}"


class OpenFinding(models.Model):
    """Something wrong that was told to people once, until it is gone."""

    connection = models.ForeignKey(
        ChannelConnection, on_delete=models.CASCADE, related_name="open_findings", db_index=False
    )
    code = models.CharField(max_length=64)
    severity = models.CharField(max_length=16)
    text = models.CharField(max_length=300)
    fix = models.CharField(max_length=300, blank=True)
    link = models.CharField(max_length=300, blank=True)
    # Of the sentence, for whoever reads it in another language.
    params = models.JSONField(default=dict, blank=True)
    first_seen_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)  # by e-mail

    class Meta:
        ordering = ["first_seen_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "code"], name="finding_open_once_per_connection"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.connection}: {self.code}"
