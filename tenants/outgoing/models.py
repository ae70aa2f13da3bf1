"""Addresses of a company's own, what they are told, and how telling them went."""

import uuid
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from tenants import context
from tenants.fields import (
    EncryptedBytesField,
    EncryptedJSONField,
    EncryptedTextField,
)
from tenants.outgoing.events import envelope
from tenants.outgoing.signing import new_secret


class Endpoint(models.Model):
    """Where events go. Its address and its secrets are encrypted: both open something."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        DISABLED = "disabled", _("Switched off")

    class Cause(models.TextChoices):
        """Why we switched it off."""

        FAILING = "failing", _("It failed for days")
        GONE = "gone", _("It said that it is gone")

    name = models.CharField(max_length=100)
    url = EncryptedTextField()
    events = models.JSONField(default=list)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    cause = models.CharField(max_length=8, choices=Cause.choices, blank=True, default="")
    secret = EncryptedTextField(default=new_secret)
    # While the secret is being changed, deliveries are signed with both.
    former_secret = EncryptedTextField(blank=True, default="")
    former_until = models.DateTimeField(null=True, blank=True)
    # Since when nothing was taken, and how many tries in a row failed.
    failing_since = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=64, blank=True, default="")
    last_success_at = models.DateTimeField(null=True, blank=True)
    rest_until = models.DateTimeField(null=True, blank=True)  # it is in trouble: nothing before
    told_at = models.DateTimeField(null=True, blank=True)  # the admins, that it was switched off
    created_by = models.CharField(max_length=120, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_sending(self) -> bool:
        return self.state == self.State.ACTIVE

    @property
    def is_changing_secret(self) -> bool:
        return self.former_until is not None and self.former_until > timezone.now()

    def keys(self) -> list[str]:
        """What deliveries are signed with now, the newest first."""
        former = [self.former_secret] if self.is_changing_secret and self.former_secret else []
        return [self.secret, *former]


class Event(models.Model):
    """Something happened that somebody wants to be told of. Its key is its sequence number."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True)
    kind = models.CharField(max_length=32)
    version = models.PositiveSmallIntegerField(default=1)
    data = EncryptedBytesField()  # JSON, as it is sent
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"

    @property
    def public_id(self) -> str:
        return f"evt_{self.uid.hex}"

    def body(self) -> bytes:
        return envelope(
            name=self.kind,
            version=self.version,
            event_id=self.public_id,
            sequence=self.pk,
            at=self.created_at,
            company=context.schema(),
            data=bytes(self.data),
        )


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def dead(self) -> "DeliveryQuerySet":
        """Given up, and not let go."""
        return self.filter(state=Delivery.State.DEAD, discarded_at=None)

    def due(self) -> "DeliveryQuerySet":
        return self.filter(state=Delivery.State.WAITING, next_attempt_at__lte=timezone.now())


class Delivery(models.Model):
    """One event on its way to one address. ``uid`` is what receivers know it by, for good."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENDING = "sending", _("Under way")
        DELIVERED = "delivered", _("Delivered")
        DEAD = "dead", _("Given up")

    uid = models.UUIDField(default=uuid.uuid4, unique=True)
    endpoint = models.ForeignKey(
        Endpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)  # since it was (re)played
    next_attempt_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)  # delivered, or given up
    status = models.PositiveSmallIntegerField(null=True, blank=True)  # of the last answer
    error_code = models.CharField(max_length=64, blank=True, default="")
    discarded_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[Any] = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event"], name="delivery_once"),
        ]
        indexes = [
            models.Index(
                "endpoint",
                "next_attempt_at",
                "id",
                condition=Q(state__in=["waiting", "sending"]),
                name="deliveries_under_way",
            ),
            models.Index(
                F("settled_at").desc(),
                F("id").desc(),
                condition=Q(state="dead", discarded_at=None),
                name="dead_deliveries",
            ),
            models.Index(F("endpoint"), F("id").desc(), name="deliveries_of_endpoint"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return f"msg_{self.uid.hex}"


class Attempt(models.Model):
    """One try: what we said and what we heard, without secrets."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField(default=timezone.now)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    milliseconds = models.PositiveIntegerField(default=0)
    error_code = models.CharField(max_length=64, blank=True, default="")
    error_text = EncryptedTextField(blank=True, default="")
    request_headers = models.JSONField(default=dict)
    answer_headers = EncryptedJSONField(default=dict)
    answer_body = EncryptedTextField(blank=True, default="")

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.status or self.error_code}"
