"""What models have cost, as far as it must be known before the next call."""

from django.db import models


class SpendingDay(models.Model):
    """One UTC day's model calls in US dollars: those that ended, and those under way at the most
    they can cost.

    Kept for companies with a hard cap only. What is shown and charged is ``UsageDay``; this row
    is what a call asks leave of, and it is never less.
    """

    day = models.DateField(primary_key=True)
    amount = models.DecimalField(max_digits=14, decimal_places=6, default=0)

    class Meta:
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"{self.day}: {self.amount}"
