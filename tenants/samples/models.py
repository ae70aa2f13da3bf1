"""How far the loading or the removing of sample data has come."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SampleSet(models.Model):
    """One row while there is sample data, or some of it; ``done`` of ``total`` steps are committed.

    The row is the job: whoever takes it up after a crash goes on behind the last step.
    """

    ONLY = 1  # the key of the one row

    class State(models.TextChoices):
        LOADING = "loading", _("Loading")
        READY = "ready", _("Loaded")
        REMOVING = "removing", _("Removing")

    state = models.CharField(max_length=8, choices=State.choices, default=State.LOADING)
    done = models.PositiveSmallIntegerField(default=0)
    total = models.PositiveSmallIntegerField(default=0)
    asked_by = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"Sample data: {self.state}"

    @property
    def is_under_way(self) -> bool:
        return self.state != self.State.READY

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 0
