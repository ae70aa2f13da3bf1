"""Where CRMs, calendars and telephony call us, and what they said, as it came."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from channels_app.models import new_event_id
from crm.hooks import HOOKS
from crm.hooks.base import HookProvider
from crm.models.syncing import CrmConnection
from tenants.fields import EncryptedBytesField, EncryptedJSONField


def hook_kinds() -> list[tuple[str, str]]:
    return HOOKS.choices()  # a callable: a new one needs no migration


class IncomingHook(models.Model):
    """One vendor's way back to us: an address that cannot be guessed, and a secret.

    ``account_id`` is the vendor's account where it is known to be the company's: what comes at
    the address that all companies share reaches this hook by it.
    """

    class Health(models.TextChoices):
        OK = "ok", _("Working")
        TROUBLE = "trouble", _("In trouble")
        RECONNECT = "reconnect", _("Reconnect")

    kind = models.CharField(max_length=32, choices=hook_kinds)
    name = models.CharField(max_length=100)
    config = EncryptedJSONField(default=dict)
    token = models.CharField(max_length=64, blank=True, default="")  # empty once it is closed
    account_id = models.CharField(max_length=190, blank=True, default="")
    crm = models.ForeignKey(
        CrmConnection, on_delete=models.SET_NULL, null=True, blank=True, related_name="hooks"
    )
    is_active = models.BooleanField(default=True)
    # Where the vendor's API lets us subscribe: its name of the subscription, and how that went.
    subscription = models.CharField(max_length=300, blank=True, default="", editable=False)
    # The settings that earlier subscriptions were made with, while those are to be taken back.
    former_configs = EncryptedJSONField(default=list, blank=True, editable=False)
    is_subscription_stale = models.BooleanField(default=False, editable=False)  # there are such
    subscribing_until = models.DateTimeField(null=True, blank=True, editable=False)  # one at a time
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    health = models.CharField(max_length=16, choices=Health.choices, default=Health.OK)
    health_text = models.CharField(max_length=300, blank=True, default="")
    # From when on people have to know of what is wrong; and when the admins were told.
    alarm_at = models.DateTimeField(null=True, blank=True, editable=False)
    told_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_event_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("incoming webhook")
        verbose_name_plural = _("incoming webhooks")

    def __str__(self) -> str:
        return self.name

    def provider(self) -> HookProvider:
        return HOOKS.get(self.kind)(self.config)

    @property
    def address(self) -> str:
        """What the vendor is told; empty once it is closed."""
        return f"{settings.PUBLIC_URL}/hooks/{self.kind}/{self.token}/" if self.token else ""


class HookEvent(models.Model):
    """One event of a webhook, byte for byte as it came, and what became of it.

    ::

        received ──read──▶ handled      something followed, or there was nothing left to do
           ▲  │            unsupported  genuine, and nothing we do anything with
           │  └──────────▶ rejected ──a person lets it go──▶ discarded
           └──a person has it read again─┘
    """

    class State(models.TextChoices):
        RECEIVED = "received", _("Received")
        HANDLED = "handled", _("Done")
        UNSUPPORTED = "unsupported", _("Not supported")
        REJECTED = "rejected", _("Not readable")
        DISCARDED = "discarded", _("Discarded")

    id = models.UUIDField(primary_key=True, default=new_event_id, editable=False)
    hook = models.ForeignKey(
        IncomingHook, on_delete=models.CASCADE, related_name="events", db_index=False
    )
    key = models.CharField(max_length=64)  # sha256 of what the vendor repeats when it re-delivers
    kind = models.CharField(max_length=64)
    body = EncryptedBytesField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.RECEIVED)
    outcome = models.CharField(max_length=32, blank=True, default="")  # meeting, nobody, older, …
    reason = models.TextField(blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    received_at = models.DateTimeField(default=timezone.now)
    processed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]  # its ids grow with time
        verbose_name = _("webhook event")
        verbose_name_plural = _("webhook events")
        constraints = [
            models.UniqueConstraint(fields=["hook", "key"], name="hook_event_once"),
        ]
        indexes = [
            models.Index(
                fields=["received_at"], condition=Q(state="received"), name="received_hook_events"
            ),
            models.Index(
                Coalesce("processed_at", "received_at").desc(),
                F("id").desc(),
                condition=Q(state="rejected"),
                name="dead_hook_events",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.outcome or self.state}"


class HookEventStep(models.Model):
    """What became of an event at one time; only ever added to."""

    event = models.ForeignKey(HookEvent, on_delete=models.CASCADE, related_name="steps")
    state = models.CharField(max_length=16, choices=HookEvent.State.choices)
    outcome = models.CharField(max_length=32, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    actor = models.CharField(max_length=120, default="system")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.state} {self.outcome}".strip()
