"""What a company promises those who write, whether it was kept, and who sits at its desk."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from channels_app.models.connections import ChannelConnection
from channels_app.models.conversations import Conversation

A_YEAR = 365 * 24 * 60
_MINUTES = [MinValueValidator(1), MaxValueValidator(A_YEAR)]


class Target(models.TextChoices):
    """What may be promised, by when."""

    FIRST = "first", _("First response")
    NEXT = "next", _("Next response")
    RESOLUTION = "resolve", _("Resolution")


class Promise(models.Model):
    """Within how many minutes somebody is answered, and their matter dealt with: on one channel,
    or on all that have none of their own. An empty one is not promised."""

    name = models.CharField(_("Name"), max_length=60)
    connection = models.OneToOneField(
        ChannelConnection,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="promise",
        verbose_name=_("Channel"),
    )
    first_minutes = models.PositiveIntegerField(
        _("First response within (minutes)"), null=True, blank=True, validators=_MINUTES
    )
    next_minutes = models.PositiveIntegerField(
        _("Next responses within (minutes)"), null=True, blank=True, validators=_MINUTES
    )
    resolve_minutes = models.PositiveIntegerField(
        _("Resolution within (minutes)"), null=True, blank=True, validators=_MINUTES
    )
    in_hours = models.BooleanField(_("Only opening hours count"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=Q(connection=None), name="one_promise_for_the_rest"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Breach(models.Model):
    """A promise that was not kept: written once, whatever happens to its timer later.

    ``since`` is when what had to be answered or dealt with began.
    """

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="breaches", db_index=False
    )
    target = models.CharField(max_length=8, choices=Target.choices)
    since = models.DateTimeField()
    due_at = models.DateTimeField()
    assignee = models.ForeignKey(  # whose it was then
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "breaches"
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "target", "since"], name="one_breach_per_promise"
            ),
        ]
        indexes = [models.Index(fields=["due_at"], name="breaches_by_time")]

    def __str__(self) -> str:
        return f"{self.get_target_display()} of conversation {self.conversation_id}"


class Seat(models.Model):
    """How somebody takes part in what is given out. Who has no row is there and takes turns."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="seat"
    )
    takes_turns = models.BooleanField(default=True)
    capacity = models.PositiveSmallIntegerField(  # none: as the company has it
        null=True, blank=True, validators=[MinValueValidator(0), MaxValueValidator(1_000)]
    )
    away_since = models.DateTimeField(null=True, blank=True)
    given_at = models.DateTimeField(null=True, blank=True, editable=False)  # their last turn

    def __str__(self) -> str:
        return f"Seat of {self.user_id}"

    @property
    def is_away(self) -> bool:
        return self.away_since is not None
