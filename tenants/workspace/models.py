"""How a company wants to be represented, and what it has used."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.fields import EncryptedBytesField
from tenants.hours import Unreadable, read_other_days, read_week
from tenants.moments import NoticedQuerySet
from tenants.prepared import Prepared

UNREADABLE = _("%(line)s is not readable; write times like 09:00-18:00.")
MONEY: Any = {"max_digits": 10, "decimal_places": 2, "validators": [MinValueValidator(0)]}


class Profile(models.Model):
    """One row a company: how we speak for it. ``current()`` makes it on first use."""

    tone = models.CharField(max_length=200, default="Friendly, clear and brief.")
    languages = models.JSONField(default=list, blank=True)  # ISO 639-1, the first is the default
    about = models.TextField(blank=True)
    refusal = models.JSONField(default=dict, blank=True)  # language -> exact sentence
    # What the AI says when a person takes over; how, by language, where the company wrote it.
    says_handover = models.BooleanField(default=True)
    handover = models.JSONField(default=dict, blank=True)
    confidence_gate = models.FloatField(default=0.7)
    quiet_seconds = models.FloatField(default=1.5)  # how long a burst of messages is gathered
    # When a customer counts as left alone: by everybody, and by the person they were handed to.
    silence_minutes = models.PositiveSmallIntegerField(
        default=10, validators=[MinValueValidator(1), MaxValueValidator(10_080)]
    )
    person_minutes = models.PositiveSmallIntegerField(
        default=60, validators=[MinValueValidator(1), MaxValueValidator(10_080)]
    )
    # Nobody gets marketing messages between these, on the company's clock.
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_to = models.TimeField(null=True, blank=True)
    # When people are there, as ``tenants.hours`` reads it: each day's spans by its name, and days
    # that are otherwise, one a line. Nothing at all: day and night.
    opening_hours = models.JSONField(default=dict, blank=True)
    other_days = models.TextField(blank=True, default="")
    # Whoever waits for a person while nobody is there is told so, and when somebody will be.
    says_away = models.BooleanField(default=False)
    away = models.JSONField(default=dict, blank=True)  # language -> sentence
    # Conversations that need a person are given out in turn: to those who are at their desk, or to
    # everybody who has not said to be away, and to nobody more than so many open ones.
    gives_out = models.BooleanField(default=False)
    gives_to_present = models.BooleanField(default=True)
    capacity = models.PositiveSmallIntegerField(
        default=10, validators=[MinValueValidator(1), MaxValueValidator(1_000)]
    )
    # What waits with somebody who is away, or may not come in any more, is given to others.
    takes_from_absent = models.BooleanField(default=False)
    # How many promises of an answer in time the company has made; since when they, or the hours
    # they are counted in, are as they are; and when every timer was last set by them.
    promises = models.PositiveIntegerField(default=0, editable=False)
    due_soon_minutes = models.PositiveSmallIntegerField(
        default=15, validators=[MinValueValidator(1), MaxValueValidator(1_440)]
    )
    promised_at = models.DateTimeField(null=True, blank=True, editable=False)
    timers_set_at = models.DateTimeField(null=True, blank=True, editable=False)
    ai_enabled = models.BooleanField(default=True)
    # What the AI may use while it answers, by name; nothing costs nothing.
    tools = models.JSONField(default=list, blank=True)
    # Whether two contacts for whom two networks vouch with one number or address become one by
    # themselves; else somebody is asked.
    joins_proven = models.BooleanField(default=True)
    # Changed with every change of the company's own intents, and of its style examples: what
    # processes remember of them is remembered under it. 0: there are none.
    own_intents = models.PositiveBigIntegerField(default=0, editable=False)
    style_examples = models.PositiveBigIntegerField(default=0, editable=False)
    # Whether contacts are told that an AI answers them, in which words by language, and again
    # after how long a pause.
    discloses_ai = models.BooleanField(default=False)
    disclosure = models.JSONField(default=dict, blank=True)  # language -> sentence
    disclosure_hours = models.PositiveSmallIntegerField(
        default=24, validators=[MinValueValidator(1), MaxValueValidator(8_760)]
    )
    # The key of the table that says what the AI may do by itself; none: the built-in one.
    autonomy_policy = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    # How models are asked. Vendors read placeholders instead of names, numbers and addresses;
    # questions that were answered before are answered from memory; looking up and drafting may
    # begin before it is known what the message means, which is faster and costs more.
    hides_personal = models.BooleanField(default=True)
    remembers_answers = models.BooleanField(default=True)
    thinks_ahead = models.BooleanField(default=False)
    # Plain questions that a source surely answers are answered in its words, without a model.
    answers_plainly = models.BooleanField(default=False, db_default=False)
    model_routes = models.JSONField(default=dict, blank=True)  # task -> provider/model, in order
    # US dollars for models, by UTC day and month. From the soft cap on we save, at the hard cap
    # no vendor is asked any more; none: no cap.
    daily_soft_cap = models.DecimalField(null=True, blank=True, **MONEY)
    daily_hard_cap = models.DecimalField(null=True, blank=True, **MONEY)
    monthly_soft_cap = models.DecimalField(null=True, blank=True, **MONEY)
    monthly_hard_cap = models.DecimalField(null=True, blank=True, **MONEY)
    # What the plan says to this month's use, as ``tenants.billing.standing`` writes it:
    # {"caps": {meter: where it stops}, "month": "2026-11", "levels": {meter: 80 or 100}}.
    allowance = models.JSONField(default=dict, blank=True, editable=False)
    retention_days = models.PositiveIntegerField(default=90)
    # How many answers people wrote stand ready; where there is none, nobody looks for one.
    curated_answers = models.PositiveIntegerField(default=0, editable=False)
    # Changes with what the agents app has live; processes remember that under this word.
    agent_revision = models.CharField(max_length=32, blank=True, default="")
    updated_at = models.DateTimeField(auto_now=True)

    objects = NoticedQuerySet["Profile"].as_manager()

    def __str__(self) -> str:
        return "Company profile"

    def clean(self) -> None:
        if (self.quiet_from is None) != (self.quiet_to is None):
            raise ValidationError({"quiet_to": _("Give both times, or neither.")})
        self._check_hours()
        for span in ("daily", "monthly"):
            soft, hard = getattr(self, f"{span}_soft_cap"), getattr(self, f"{span}_hard_cap")
            if soft is not None and hard is not None and soft > hard:
                raise ValidationError(
                    {f"{span}_soft_cap": _("Saving begins below the hard cap, not above it.")}
                )

    def _check_hours(self) -> None:
        for name, read in (("opening_hours", read_week), ("other_days", read_other_days)):
            try:
                read(getattr(self, name))
            except Unreadable as error:
                raise ValidationError({name: UNREADABLE % {"line": error}}) from error

    @classmethod
    def current(cls) -> "Profile":
        return _PROFILE.first() or cls.objects.get_or_create(pk=1)[0]


_PROFILE = Prepared(lambda: Profile.objects.filter(pk=1))


class UsageDay(models.Model):
    """What was used on one day, by kind: tokens, model cost, what was saved.

    Days are UTC's, but for ``model_cost``: that is what is charged, by the company's own days.
    """

    day = models.DateField()
    kind = models.CharField(max_length=40)
    amount = models.DecimalField(max_digits=20, decimal_places=6, default=0)

    class Meta:
        ordering = ["-day", "kind"]
        constraints = [models.UniqueConstraint(fields=["day", "kind"], name="usage_once_a_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.kind}: {self.amount}"


class KeptAnswer(models.Model):
    """A POST that carried an Idempotency-Key: what was asked, and how it was answered.

    ``status`` is empty while it runs; the answer may hold what is shown once, so it is encrypted.
    """

    actor = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)  # of path and key
    asked = models.CharField(max_length=64)  # of what was sent with it
    started_at = models.DateTimeField(db_index=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    content_type = models.CharField(max_length=100, blank=True)
    body = EncryptedBytesField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["actor", "digest"], name="one_answer_a_key"),
        ]

    def __str__(self) -> str:
        return f"{self.actor}: {self.status or 'running'}"
