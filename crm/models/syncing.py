"""CRM connections, and how far each lead has got into each CRM."""

from collections.abc import Callable

from django.db import models
from django.db.models import Q
from django.utils import timezone

from crm.ledger import USUAL, Policy, Rule, rules_of
from crm.providers import CRMS
from crm.providers.base import CrmProvider, Field
from crm.sign_ins import SIGN_INS
from leads.models import Lead
from tenants.fields import EncryptedJSONField, EncryptedTextField


def crm_kinds() -> list[tuple[str, str]]:
    return CRMS.choices()  # a callable: a new CRM needs no migration


class CrmConnectionQuerySet(models.QuerySet["CrmConnection"]):
    def active(self) -> "CrmConnectionQuerySet":
        return self.filter(is_active=True)

    def usable(self) -> "CrmConnectionQuerySet":
        """Active, and with credentials that the CRM has not refused."""
        return self.active().exclude(health=CrmConnection.Health.RECONNECT)


class CrmConnection(models.Model):
    """One CRM account of the company."""

    class Health(models.TextChoices):
        OK = "ok", "Working"
        TROUBLE = "trouble", "In trouble"
        RECONNECT = "reconnect", "Reconnect"

    kind = models.CharField(max_length=32, choices=crm_kinds)
    name = models.CharField(max_length=100)
    config = EncryptedJSONField(default=dict)
    # Which of our fields goes into which of theirs, and who wins; empty: as the plug-in has it.
    mapping = models.JSONField(default=list, blank=True)
    is_active = models.BooleanField(default=True)
    health = models.CharField(max_length=16, choices=Health.choices, default=Health.OK)
    health_text = models.CharField(max_length=300, blank=True)
    # The sign-in by which we have our access, and whose account it is for; empty: by a key.
    signed_in_by = models.CharField(max_length=32, blank=True, default="")
    signed_in_at = models.DateTimeField(null=True, blank=True)
    account_id = models.CharField(max_length=64, blank=True, default="")
    scopes = models.JSONField(default=list, blank=True)
    # When our access ends by itself, where the CRM says so; who renews it holds it until then.
    token_expires_at = models.DateTimeField(null=True, blank=True)
    renewing_until = models.DateTimeField(null=True, blank=True)
    # When the admins were told that it has to be connected again.
    told_at = models.DateTimeField(null=True, blank=True)
    last_synced_at = models.DateTimeField(null=True, blank=True)
    # Up to when we have asked what people changed there; empty: never.
    pulled_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CrmConnectionQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = "CRM connection"

    def __str__(self) -> str:
        return self.name

    @property
    def is_signed_in(self) -> bool:
        """Whether a person's consent opens it to us, and not a key they entered."""
        return self.signed_in_by in SIGN_INS

    def provider(self, renew: Callable[[str], str] | None = None) -> CrmProvider:
        """The plug-in; ``renew`` is who makes access last, see ``crm.services.access``."""
        return CRMS.get(self.kind)(self.config, renew)

    def rules(self) -> tuple[Rule, ...]:
        """What of a lead goes into which field there, and who wins in it."""
        return rules_of(self.mapping, CRMS.get(self.kind).fields)

    def policy_of(self, source: str) -> Policy:
        """Who wins in what is heard of and not sent, such as the owner."""
        found = [rule.policy for rule in self.rules() if rule.field.source == source]
        return found[0] if found else USUAL.get(source, Policy.OURS)

    def sent_fields(self) -> tuple[Field, ...]:
        return tuple(rule.field for rule in self.rules() if rule.field.name)


class SyncRecordQuerySet(models.QuerySet["SyncRecord"]):
    def due(self) -> "SyncRecordQuerySet":
        return self.filter(
            state__in=(SyncRecord.State.DIRTY, SyncRecord.State.FAILED),
            next_attempt_at__lte=timezone.now(),
        )


class SyncRecord(models.Model):
    """How far one lead has got into one CRM.

    ::

        clean ──lead changed──▶ dirty ──claimed──▶ syncing ──taken──▶ clean (or dirty, if it
          ▲                      ▲  ▲                 │                changed meanwhile)
          │                      │  └─ worker died ───┤
          │     credentials refused, rate limit ──────┤
          └── retried when due ── failed ◀── trouble ─┤
                dead ◀── refused, or trouble too often┘    dead ──retry, or lead changed──▶ dirty
        any ──deleted in the CRM──▶ gone ──restored there, or a person wants it back──▶ dirty
    """

    class State(models.TextChoices):
        CLEAN = "clean", "In step"
        DIRTY = "dirty", "Waiting"
        SYNCING = "syncing", "Under way"
        FAILED = "failed", "Will be tried again"
        DEAD = "dead", "Given up"
        GONE = "gone", "Deleted there"

    connection = models.ForeignKey(
        CrmConnection, on_delete=models.CASCADE, related_name="records", db_index=False
    )
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="sync_records")
    state = models.CharField(max_length=8, choices=State.choices, default=State.DIRTY)
    wanted_version = models.PositiveIntegerField(default=0)  # lead.version the CRM should have
    synced_version = models.PositiveIntegerField(default=0)  # lead.version it has
    external_id = models.CharField(max_length=128, blank=True, default="")
    # What the CRM is told of a lead that became part of another: that one's key, so that people
    # there can merge or archive the two; ``none`` once it stands by itself again.
    merged_into = models.CharField(max_length=160, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)  # since it last got through
    next_attempt_at = models.DateTimeField(default=timezone.now)
    claim = models.UUIDField(null=True, blank=True)  # the push that holds the row
    claimed_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=64, blank=True, default="")
    error_text = EncryptedTextField(blank=True, default="")  # vendors quote e-mails in theirs
    last_synced_at = models.DateTimeField(null=True, blank=True)
    # Our field -> when it was last changed in the CRM, by its clock: older news change nothing.
    heard = models.JSONField(default=dict, blank=True)
    # Given up, and a person has let it go; the lead's next change gives it a new chance.
    discarded_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = SyncRecordQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "lead"], name="one_sync_record_per_lead"),
        ]
        indexes = [
            models.Index(
                fields=["connection", "next_attempt_at"],
                condition=Q(state__in=["dirty", "failed"]),
                name="sync_records_due",
            ),
            models.Index(
                fields=["claimed_at"], condition=Q(state="syncing"), name="sync_records_claimed"
            ),
            models.Index(fields=["state", "-id"], name="sync_records_by_state"),
            models.Index(
                fields=["external_id"], condition=~Q(external_id=""), name="sync_records_external"
            ),
            models.Index(
                fields=["-next_attempt_at", "-id"],
                condition=Q(state="dead", discarded_at=None),
                name="dead_sync_records",
            ),
        ]

    def __str__(self) -> str:
        return f"Lead {self.lead_id} at {self.connection_id}: {self.state}"

    @property
    def is_behind(self) -> bool:
        return self.wanted_version > self.synced_version


class SyncAttempt(models.Model):
    """One try to bring one lead into one CRM. Codes and ids only, no personal data."""

    record = models.ForeignKey(SyncRecord, on_delete=models.CASCADE, related_name="tries")
    version = models.PositiveIntegerField()
    delivery_id = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)  # HTTP; 0 where no answer came
    request_id = models.CharField(max_length=64, blank=True)  # the vendor's, for its support
    error_code = models.CharField(max_length=64, blank=True)
    milliseconds = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]

    @property
    def is_success(self) -> bool:
        return not self.error_code
