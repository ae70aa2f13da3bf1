"""Bringing leads into a CRM that were there before it was connected."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from crm.models.syncing import CrmConnection, SyncRecord


class Backfill(models.Model):
    """One order to bring leads in, as far as it has got.

    Leads are lined up in the order of their ids, a page at a time, so that after a crash it goes
    on from ``cursor``; what is lined up goes out like any other change, within the CRM's limits.
    """

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        CANCELED = "canceled", "Canceled"

    connection = models.ForeignKey(
        CrmConnection, on_delete=models.CASCADE, related_name="backfills"
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    only = models.JSONField(default=dict, blank=True)  # tiers, stages, changed_after
    again = models.BooleanField(default=False)  # those that are in step, too
    total = models.PositiveIntegerField(default=0)  # as counted when it was ordered
    lined_up = models.PositiveIntegerField(default=0)
    cursor = models.PositiveBigIntegerField(default=0)  # the last lead that was looked at
    ordered_by = models.CharField(max_length=120, default="system")
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection"], condition=Q(state="running"), name="one_backfill_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.connection}: {self.lined_up} of {self.total}"

    @property
    def is_running(self) -> bool:
        return self.state == self.State.RUNNING

    def arrived(self) -> int:
        """How many of those lined up are not waiting any more: in step, or given up."""
        waiting = SyncRecord.objects.filter(
            connection=self.connection_id,
            lead_id__lte=self.cursor,
            state__in=[SyncRecord.State.DIRTY, SyncRecord.State.SYNCING, SyncRecord.State.FAILED],
        )
        return max(self.lined_up - waiting.count(), 0)

    def percent(self) -> int:
        return 100 if not self.total else min(100, self.arrived() * 100 // self.total)
