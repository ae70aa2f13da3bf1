"""What was counted, and how far each source was looked at."""

from django.db import models


class Figure(models.Model):
    """One count of one day, in the company's time zone, of one channel and one person.

    ``total`` adds up what was measured (seconds, a sentiment, money), so that ``total / n`` is
    the mean; ``buckets`` is its histogram where a median is asked for: see ``histogram``.
    """

    day = models.DateField()
    kind = models.CharField(max_length=40)
    channel = models.CharField(max_length=32, blank=True, default="")  # a network; "" where none
    agent = models.CharField(max_length=40, blank=True, default="")  # ai, user:<id>; "" where none
    n = models.BigIntegerField(default=0)
    total = models.FloatField(default=0)
    buckets = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["day", "kind", "channel", "agent"]
        constraints = [
            models.UniqueConstraint(
                fields=["day", "kind", "channel", "agent"], name="one_figure_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.kind} {self.channel} {self.agent}: {self.n}"


class Watermark(models.Model):
    """How far a source was looked at for days that something came late to."""

    source = models.CharField(max_length=40, primary_key=True)
    mark = models.BigIntegerField(default=0)
    zone = models.CharField(max_length=64, blank=True, default="")  # another one: all days anew
    counted_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.source}: {self.mark}"
