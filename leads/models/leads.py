"""People who may buy, what we know of them, and every reason behind their score."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone

from channels_app.models import Contact, Message
from leads import pipeline, scoring, weights
from leads.models.tags import Tag
from tenants.fields import EncryptedJSONField, EncryptedTextField

# Won and lost, and the company's own stages that count as one of them.
CLOSED = Q(stage__in=pipeline.CLOSED) | Q(stage__startswith="won-") | Q(stage__startswith="lost-")


class LeadQuerySet(models.QuerySet["Lead"]):
    def open(self) -> "LeadQuerySet":
        return self.exclude(CLOSED)

    def hot(self) -> "LeadQuerySet":
        return self.open().filter(tier=Lead.Tier.HOT)

    def unassigned(self) -> "LeadQuerySet":
        return self.filter(owner=None)

    def with_people(self) -> "LeadQuerySet":
        """What a list or a card shows, without a query per row."""
        return self.select_related("contact", "owner")

    def with_reasons(self) -> "LeadQuerySet":
        """The reasons behind facts and score as well."""
        return self.with_people().prefetch_related("contributions", "evidence")


LeadManager = models.Manager.from_queryset(LeadQuerySet)


class StandingLeads(LeadManager):
    """Without the leads that were merged into another one, which nobody is to work on."""

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(absorbed_by=None)


class Lead(models.Model):
    """A contact who may buy.

    ``facts`` and ``score`` are derived from the lead's evidence and contributions and are
    written by ``leads.services`` alone; a trigger keeps the score equal to the sum of its
    contributions. ``version`` grows with every change, so that nobody downstream misses one.
    """

    class Stage(models.TextChoices):
        NEW = "new", "New"
        CONTACTED = "contacted", "Contacted"
        QUALIFIED = "qualified", "Qualified"
        PROPOSAL = "proposal", "Proposal"
        WON = "won", "Won"
        LOST = "lost", "Lost"

    class Tier(models.TextChoices):
        HOT = "hot", "Hot"
        WARM = "warm", "Warm"
        COLD = "cold", "Cold"

    contact = models.OneToOneField(Contact, on_delete=models.CASCADE, related_name="lead")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="leads",
        db_index=False,
    )
    # One of the six, or a stage of the company's own: see leads/pipeline.py.
    stage = models.CharField(max_length=pipeline.LONGEST_KEY, default=Stage.NEW)
    tags = models.ManyToManyField(Tag, blank=True, related_name="leads")
    tier = models.CharField(max_length=8, choices=Tier.choices, default=Tier.COLD)
    score = models.PositiveSmallIntegerField(default=0)
    facts = EncryptedJSONField(default=dict)  # name -> value; the words behind it: evidence
    email_index = models.CharField(max_length=32, blank=True, default="", db_index=True)
    phone_index = models.CharField(max_length=32, blank=True, default="", db_index=True)
    alike_index = models.CharField(max_length=32, blank=True, default="")  # name and company
    # With every other lead that says the same of itself; not since who they are has changed.
    is_compared = models.BooleanField(default=False)
    scored_by = models.PositiveSmallIntegerField(default=weights.BUILT_IN_NUMBER)  # rule set
    version = models.PositiveIntegerField(default=0)  # 0: no change has been recorded yet
    # Set while its contact is part of another, whose lead has its evidence.
    absorbed_by = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="absorbed"
    )
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now, db_index=True)

    objects = StandingLeads()
    everything = LeadManager()

    class Meta:
        ordering = ["-score", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(score__gte=0, score__lte=weights.HIGHEST), name="lead_score_0_to_100"
            ),
        ]
        indexes = [
            models.Index(fields=["-score", "-id"], name="leads_hottest"),
            models.Index(fields=["stage", "-score", "-id"], name="leads_by_stage"),
            models.Index(fields=["owner", "-score", "-id"], name="leads_by_owner"),
            models.Index(fields=["scored_by"], name="leads_by_rule_set"),
            BrinIndex(fields=["created_at"], name="leads_by_day"),
            models.Index(fields=["alike_index"], condition=~Q(alike_index=""), name="leads_alike"),
            models.Index(fields=["id"], condition=Q(is_compared=False), name="leads_to_compare"),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.phone or f"Lead {self.pk}"

    @property
    def is_hot(self) -> bool:
        return self.tier == self.Tier.HOT and not pipeline.is_closed(self.stage)

    # What they told us wins over what the network says of them.

    @property
    def name(self) -> str:
        return self.facts.get("name") or self.contact.name

    @property
    def email(self) -> str:
        return self.facts.get("email") or self.contact.email

    @property
    def phone(self) -> str:
        return self.facts.get("phone") or self.contact.phone

    @property
    def company(self) -> str:
        return str(self.facts.get("company", ""))


class Evidence(models.Model):
    """What was understood of one message, or what a person told us about the lead.

    The whole score is derived from these rows: where a message is edited or unsent its row
    goes, and with it every fact and point that rested on it.
    """

    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="evidence", db_index=False
    )
    # Old messages are removed after the company's retention time; what we learnt stays.
    message = models.ForeignKey(
        Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="evidence"
    )
    actor = models.CharField(max_length=120, default="ai")
    intent = models.CharField(max_length=16, blank=True, default="")
    sentiment = models.FloatField(null=True, blank=True)
    quote = EncryptedTextField(blank=True, default="")  # the words that show intent and mood
    facts = EncryptedJSONField(default=dict)  # name -> {"value", "quote"}
    said_at = models.DateTimeField(db_index=True)
    understood_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["said_at", "pk"]
        verbose_name_plural = "evidence"
        constraints = [
            models.UniqueConstraint(fields=["lead", "message"], name="evidence_once_per_message"),
        ]

    def as_said(self) -> scoring.Said:
        return scoring.Said(
            facts={
                name: scoring.Fact(fact["value"], fact["quote"])
                for name, fact in self.facts.items()
            },
            intent=self.intent,
            sentiment=self.sentiment,
            quote=self.quote,
            message=self.message_id,
        )


class Contribution(models.Model):
    """One reason for the score: points by a rule, and the words that earned them.

    The points of a lead's rows always add up to its score: see migration
    ``0002_score_is_the_sum``. A person's correction is a row too (rule ``manual``, the quote
    is their reason), and so is what keeps the sum between 0 and 100 (rule ``limit``).
    """

    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="contributions", db_index=False
    )
    rule = models.CharField(max_length=64)
    rule_version = models.PositiveSmallIntegerField(default=1)  # the rule set it last changed in
    points = models.SmallIntegerField()
    quote = EncryptedTextField(blank=True, default="")
    message = models.ForeignKey(
        Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="contributions"
    )
    actor = models.CharField(max_length=120, default="ai")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["lead", "rule"], name="one_contribution_per_rule"),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.points:+d}"

    @property
    def label(self) -> str:
        return scoring.label_of(self.rule)


class LeadChange(models.Model):
    """One change of one lead: what it was, what it became, by whom and why."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="changes")
    field = models.CharField(max_length=64)  # stage, tier, score, owner, or fact:<name>
    before = EncryptedTextField(blank=True, default="")
    after = EncryptedTextField(blank=True, default="")
    actor = models.CharField(max_length=120)  # ai, system, user:<id>, key:<prefix>
    reason = EncryptedTextField(blank=True, default="")
    message = models.ForeignKey(
        Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]
        indexes = [BrinIndex(fields=["at"], name="lead_changes_by_day")]

    def __str__(self) -> str:
        return f"{self.field}: {self.before or '–'} → {self.after or '–'}"
