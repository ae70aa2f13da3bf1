"""What a company's scores go by, in numbered sets of which one is in force."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from leads.models.leads import Lead
from leads.weights import BUILT_IN_NUMBER, Weights, from_json


class RuleSet(models.Model):
    """One set of weights, thresholds and own rules. Once in force it never changes.

    ``content`` is what ``Weights.as_json`` says. Number 1 is the built-in set and has no row; it
    is in force where no row is.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        DISCARDED = "discarded", "Discarded"

    class Preview(models.TextChoices):
        NONE = "", "None"
        RUNNING = "running", "Running"
        DONE = "done", "Done"

    number = models.PositiveSmallIntegerField(unique=True)
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    is_live = models.BooleanField(default=False)
    content = models.JSONField(default=dict)
    since = models.JSONField(default=dict)  # rule -> number of the set that last changed it
    note = models.CharField(max_length=300, blank=True, default="")
    author = models.CharField(max_length=120, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True, blank=True)

    # The preview: every open and closed lead, judged by this set, in the order of their ids.
    preview = models.CharField(max_length=8, choices=Preview, blank=True, default=Preview.NONE)
    previewed_to = models.BigIntegerField(default=0)  # the last lead that was judged
    previewed_leads = models.PositiveIntegerField(default=0)
    previewed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_live"], condition=Q(is_live=True), name="one_live_rule_set"
            ),
            models.CheckConstraint(
                condition=Q(is_live=False) | Q(state="published"),
                name="live_rule_set_is_published",
            ),
            models.CheckConstraint(
                condition=Q(number__gt=BUILT_IN_NUMBER), name="rule_sets_count_from_2"
            ),
        ]

    def __str__(self) -> str:
        return f"Scoring {self.number}"

    @property
    def weights(self) -> Weights:
        return from_json(self.content, number=self.number, since=self.since)

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    def clean(self) -> None:
        known = RuleSet.objects.filter(pk=self.pk).values("state", "content").first()
        if known and known["state"] == self.State.PUBLISHED and known["content"] != self.content:
            raise ValidationError("A rule set that was in force never changes.")


class ScoreMove(models.Model):
    """One lead whose score another rule set would change: the preview's row."""

    rule_set = models.ForeignKey(
        RuleSet, on_delete=models.CASCADE, related_name="moves", db_index=False
    )
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")
    score_before = models.PositiveSmallIntegerField()
    score_after = models.PositiveSmallIntegerField()
    tier_before = models.CharField(max_length=8, choices=Lead.Tier)
    tier_after = models.CharField(max_length=8, choices=Lead.Tier)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["rule_set", "lead"], name="one_move_a_lead"),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.score_before} → {self.score_after}"

    @property
    def changes_tier(self) -> bool:
        return self.tier_before != self.tier_after


TIER_CHANGES = ~Q(tier_before=F("tier_after"))
