"""What happens to leads by itself: rules that a person can read, and where each has acted."""

from django.db import models
from django.utils import timezone

from leads import pipeline
from leads.models.leads import Lead


class StageRule(models.Model):
    """When this is so, do that. Off until somebody has seen whom it would touch."""

    class When(models.TextChoices):
        HOT = "hot", "A lead is hot"
        WARM = "warm", "A lead is warm"
        QUIET = "quiet", "A contact has not written for some days"
        CLOSED = "closed", "A lead is won or lost"

    class Then(models.TextChoices):
        STAGE = "stage", "move it to a stage"
        TASK = "task", "add a task"
        FINISH = "finish", "close its open tasks"

    when = models.CharField(max_length=8, choices=When)
    days = models.PositiveSmallIntegerField(default=0)  # of silence, for QUIET
    from_stage = models.CharField(max_length=pipeline.LONGEST_KEY, blank=True, default="")
    then = models.CharField(max_length=8, choices=Then)
    to_stage = models.CharField(max_length=pipeline.LONGEST_KEY, blank=True, default="")
    title = models.CharField(max_length=200, blank=True, default="")  # of the task
    is_on = models.BooleanField(default=False)
    author = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.get_when_display()}: {self.get_then_display()}"

    @property
    def actor(self) -> str:
        return f"rule:{self.pk}"


class RuleDeed(models.Model):
    """That a rule has acted on a lead, so that it does not fight whoever decides otherwise."""

    rule = models.ForeignKey(
        StageRule, on_delete=models.CASCADE, related_name="deeds", db_index=False
    )
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="rule_deeds")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["rule", "lead"], name="one_deed_a_rule_and_lead"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} → {self.lead_id}"
