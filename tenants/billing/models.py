"""Bills as they were closed, the company's own limits, and what somebody was told."""

from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from tenants.meters import STOPPABLE, meter_choices
from tenants.models import QUANTITY

MONEY: Any = {"max_digits": 18, "decimal_places": 3}


class Bill(models.Model):
    """A closed month. The database refuses to change it: see the migration."""

    month = models.DateField(unique=True)  # its first day
    number = models.CharField(max_length=80, unique=True)
    plan = models.CharField(max_length=60)
    currency = models.CharField(max_length=3)
    subtotal = models.DecimalField(**MONEY)
    tax_label = models.CharField(max_length=40, blank=True, default="")
    tax_percent = models.DecimalField(max_digits=6, decimal_places=3, default=Decimal(0))
    tax = models.DecimalField(**MONEY)
    total = models.DecimalField(**MONEY)
    closed_at = models.DateTimeField()

    class Meta:
        ordering = ["-month"]
        constraints = [
            models.CheckConstraint(
                condition=Q(total=F("subtotal") + F("tax")), name="bill_adds_up"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class BillLine(models.Model):
    """What one thing came to; all of them together are the bill's subtotal."""

    bill = models.ForeignKey(Bill, on_delete=models.CASCADE, related_name="lines", db_index=False)
    position = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=32)  # a meter, or ``plan``
    used = models.DecimalField(**QUANTITY)
    included = models.DecimalField(**QUANTITY)
    over = models.DecimalField(**QUANTITY)
    per = models.DecimalField(**QUANTITY)
    unit_price = models.DecimalField(max_digits=14, decimal_places=6)
    amount = models.DecimalField(**MONEY)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["bill", "position"], name="one_line_a_position"),
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.amount}"


class OwnLimit(models.Model):
    """Where the company itself wants the AI to stop; the plan may stop it earlier."""

    meter = models.CharField(max_length=32, unique=True, choices=meter_choices)
    amount = models.DecimalField(**QUANTITY, validators=[MinValueValidator(0)])

    class Meta:
        ordering = ["meter"]
        constraints = [
            models.CheckConstraint(condition=Q(meter__in=STOPPABLE), name="own_limit_can_stop"),
        ]

    def __str__(self) -> str:
        return f"{self.meter}: {self.amount}"


class CapNotice(models.Model):
    """That so much of a limit was used in a month: told once, by mail too."""

    month = models.DateField()
    meter = models.CharField(max_length=32, choices=meter_choices)
    level = models.PositiveSmallIntegerField()  # per cent
    limit = models.DecimalField(**QUANTITY, default=Decimal(0))
    at = models.DateTimeField(auto_now_add=True)
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-month", "meter", "level"]
        constraints = [
            models.UniqueConstraint(fields=["month", "meter", "level"], name="told_once_a_month"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.meter} {self.level} %"
