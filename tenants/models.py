"""Who our customers are, and where the outside finds them. Public schema only."""

import secrets
from decimal import Decimal
from typing import Any, NoReturn

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django_tenants.models import DomainMixin, TenantMixin

from tenants import blueprint, crypto
from tenants.fields import EncryptedBytesField, EncryptedTextField
from tenants.meters import STOPPABLE, meter_choices

# A DNS label, which is also a harmless schema name.
SUBDOMAIN = RegexValidator(
    r"^[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?\Z",
    "Use 1 to 40 lower-case letters, digits and hyphens, starting with a letter.",
)
CURRENCY = RegexValidator(r"^[A-Z]{3}\Z", "Three capital letters, such as EUR.")
QUANTITY: Any = {"max_digits": 20, "decimal_places": 6}


def new_route_token() -> str:
    return secrets.token_urlsafe(24)


class Plan(models.Model):  # type: ignore[django-manager-missing]
    """What companies can have. What it holds and costs stands in its tariffs."""

    code = models.SlugField(unique=True)
    name = models.CharField(max_length=60)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Tariff(models.Model):
    """What a plan holds and costs, for months that begin on this day or later.

    Once a month has begun under it, it is not changed: a new price is a new tariff.
    """

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="tariffs", db_index=False)
    effective_from = models.DateField()
    currency = models.CharField(max_length=3, default="USD", validators=[CURRENCY])
    monthly_price = models.DecimalField(
        max_digits=12, decimal_places=3, default=Decimal(0), validators=[MinValueValidator(0)]
    )

    class Meta:
        ordering = ["plan", "-effective_from"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "effective_from"], name="one_tariff_a_day"),
            models.CheckConstraint(
                condition=Q(monthly_price__gte=0), name="tariff_price_is_no_gift"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan} from {self.effective_from}"


class TariffLine(models.Model):
    """What a tariff says of one meter; of a meter without a line nothing is charged."""

    tariff = models.ForeignKey(
        Tariff, on_delete=models.CASCADE, related_name="lines", db_index=False
    )
    meter = models.CharField(max_length=32, choices=meter_choices)
    included = models.DecimalField(
        **QUANTITY, default=Decimal(0), validators=[MinValueValidator(0)]
    )
    unit_price = models.DecimalField(
        max_digits=14, decimal_places=6, default=Decimal(0), validators=[MinValueValidator(0)]
    )
    per = models.DecimalField(
        **QUANTITY, default=Decimal(1), validators=[MinValueValidator(Decimal("0.000001"))]
    )
    # Where it stops; empty: what goes beyond is charged.
    hard_cap = models.DecimalField(
        **QUANTITY, null=True, blank=True, validators=[MinValueValidator(0)]
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["tariff", "meter"], name="one_line_a_meter"),
            models.CheckConstraint(
                condition=Q(included__gte=0, unit_price__gte=0, per__gt=0),
                name="tariff_line_makes_sense",
            ),
        ]

    def __str__(self) -> str:
        return self.meter

    def clean(self) -> None:
        if self.hard_cap is not None and self.meter not in STOPPABLE:
            raise ValidationError({"hard_cap": "Only what the AI does can be stopped."})


class Company(TenantMixin):
    """One customer of ours. Everything it owns lives in its own schema."""

    name = models.CharField(max_length=100)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="companies")
    time_zone = models.CharField(max_length=64, default="UTC")
    is_suspended = models.BooleanField(default=False)
    keyring = models.JSONField(default=crypto.new_keyring, editable=False)
    # Events that some address of theirs is to be told of. It stands here because whoever works
    # for a company has this row at hand: to know that nobody asked costs no statement.
    webhook_events = models.JSONField(default=list, editable=False)
    # Since its keys were destroyed; the rest of it is being cleared away.
    erasing_since = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    auto_create_schema = True
    auto_drop_schema = False

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "companies"

    def __str__(self) -> str:
        return self.name

    def create_schema(
        self, check_if_exists: bool = False, sync_schema: bool = True, verbosity: int = 1
    ) -> bool:
        """From the record of what the migrations say, which is many times faster than they are."""
        if super().create_schema(check_if_exists, sync_schema=False) is False:
            return False
        blueprint.build(self.schema_name)
        return True

    def __enter__(self) -> NoReturn:
        # The inherited one keeps its stack on the class, shared by all worker threads.
        raise TypeError("Use tenants.context.inside(company).")

    @property
    def subdomain(self) -> str:
        return self.schema_name


class Subscription(models.Model):
    """Another plan, or another tax, for months that begin on this day or later.

    Until the first of them a company has the plan with which it was opened.
    """

    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, related_name="subscriptions", db_index=False
    )
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="subscriptions")
    starts_on = models.DateField()
    tax_label = models.CharField(max_length=40, blank=True, default="")  # VAT, IVA, …
    tax_percent = models.DecimalField(
        max_digits=6, decimal_places=3, default=Decimal(0), validators=[MinValueValidator(0)]
    )

    class Meta:
        ordering = ["-starts_on"]
        constraints = [
            models.UniqueConstraint(fields=["company", "starts_on"], name="one_plan_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.plan} from {self.starts_on}"


class CompanyVitals(models.Model):
    """How a company is doing, as it was measured a few minutes ago: for the operator's overview,
    which must not open every company's schema to be drawn."""

    company = models.OneToOneField(
        Company, on_delete=models.CASCADE, primary_key=True, related_name="vitals"
    )
    measured_at = models.DateTimeField(auto_now=True)
    readings = models.JSONField(default=list)  # as tenants.operators.vitals.Reading
    worries = models.PositiveSmallIntegerField(default=0, db_index=True)

    class Meta:
        verbose_name_plural = "company vitals"

    def __str__(self) -> str:
        return f"{self.company_id}: {self.worries} worries"


class ErasedName(models.Model):
    """A subdomain that was an erased company's: nobody else gets what still knocks there."""

    digest = models.CharField(max_length=64, primary_key=True)
    erased_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.digest[:8]


class Blueprint(models.Model):
    """What the migrations say when a company's schema is made: see ``tenants.blueprint``."""

    fingerprint = models.CharField(max_length=64, unique=True)
    statements = models.TextField()
    recorded_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.fingerprint


class PlatformKeyring(models.Model):
    """The keys of what lies in ``public``: one row, made by the migrations."""

    keyring = models.JSONField(default=crypto.new_keyring, editable=False)

    def __str__(self) -> str:
        return "Platform keyring"


class AuditHead(models.Model):
    """Where each schema's audit log ends, so that a log cut short is noticed.

    Writers lock this row, one per schema: two entries can never follow the same one.
    """

    schema_name = models.CharField(max_length=63, unique=True)
    sequence = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.schema_name} #{self.sequence}"


class Domain(DomainMixin):
    """A host name that leads to a company's console."""

    def __str__(self) -> str:
        return self.domain


class WebhookRoute(models.Model):
    """Which company an account's webhooks belong to; unique over all companies.

    ``account_id`` is the vendor's id (page id, phone number id, bot id); ``token`` is the
    unguessable part of the connection's own webhook address.
    """

    platform = models.CharField(max_length=32)
    account_id = models.CharField(max_length=190)
    token = models.CharField(max_length=64, unique=True, default=new_route_token)
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="routes")
    connection_id = models.BigIntegerField()
    is_active = models.BooleanField(default=True)
    # Whether the account was shown to be the company's. Anybody can type an account's id: until
    # then webhooks at the address that all companies share do not reach them.
    is_verified = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["platform", "account_id"], name="one_company_per_platform_account"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.platform}/{self.account_id}"


class PlatformApp(models.Model):
    """Our own app at a vendor (Meta, X, …), shared by every company that connects through it."""

    platform = models.CharField(max_length=32, unique=True)
    app_id = models.CharField(max_length=190, blank=True)
    # What webhooks are signed with, and what a code is traded with unless the vendor keeps two.
    secret = EncryptedTextField(blank=True, default="")
    verify_token = EncryptedTextField(blank=True, default="")
    # OAuth 2, where it has a client of its own beside the app (X).
    client_id = models.CharField(max_length=190, blank=True)
    client_secret = EncryptedTextField(blank=True, default="")
    # Facebook Login for Business and Embedded Signup ask for what a configuration lists.
    configuration_id = models.CharField(max_length=190, blank=True)
    bearer_token = EncryptedTextField(blank=True, default="")

    def __str__(self) -> str:
        return self.platform


class UnroutedEvent(models.Model):
    """A verified webhook item for an account nobody connected; replayable once somebody does."""

    platform = models.CharField(max_length=32)
    account_id = models.CharField(max_length=190)
    key = models.CharField(max_length=64)
    kind = models.CharField(max_length=64)
    body = EncryptedBytesField()
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-received_at"]
        constraints = [
            models.UniqueConstraint(fields=["platform", "key"], name="unrouted_event_once"),
        ]
        indexes = [models.Index(fields=["platform", "account_id"])]
