"""Test events on their way through our own doors."""

from django.db import models

from channels_app.models.checkups import Checkup
from channels_app.models.connections import ChannelConnection


class Canary(models.Model):
    """A test event, written down before it is sent: what is not written down here is no test.

    ``mark`` is drawn anew each time and known to nobody outside; an item that holds it, under
    the key it was to be stored under, is ours and is never taken for somebody's words, however
    late it is read. A look for news at a network that is asked (``is_poll``) has neither.
    """

    class State(models.TextChoices):
        SENT = "sent"
        THROUGH = "through"
        LOST = "lost"

    connection = models.ForeignKey(
        ChannelConnection, on_delete=models.CASCADE, related_name="canaries", db_index=False
    )
    # Empty once the look it belonged to is forgotten; the event may still lie in a queue.
    checkup = models.OneToOneField(
        Checkup, null=True, blank=True, on_delete=models.SET_NULL, related_name="canary"
    )
    is_poll = models.BooleanField(default=False)
    key = models.CharField(max_length=64, blank=True)
    mark = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.SENT)
    # What went wrong on its way, as ``findings.Finding`` writes it.
    finding = models.JSONField(default=dict, blank=True)
    # Whether the network could be asked in the look it belongs to.
    network_answered = models.BooleanField(default=False)
    sent_at = models.DateTimeField(auto_now_add=True)
    # Durable, though nobody read it yet; of a look for news: that it was rung for. Empty while
    # nobody has seen what came of sending it.
    kept_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-sent_at", "-pk"]
        indexes = [models.Index(fields=["connection", "key"], name="canary_by_key")]

    def __str__(self) -> str:
        return f"{self.connection} {self.sent_at:%Y-%m-%d %H:%M}: {self.state}"

    @property
    def milliseconds(self) -> int | None:
        """From our door until it was read."""
        if self.read_at is None:
            return None
        return max(0, round((self.read_at - self.sent_at).total_seconds() * 1000))
