"""What both sides have in each field of a lead, and where a person has to say who is right."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from crm.ledger import Entry
from crm.models.syncing import SyncRecord
from crm.providers.base import Part
from tenants.fields import EncryptedJSONField, EncryptedTextField


class FieldLedger(models.Model):
    """The fields of one lead at one CRM, and the ids of what stands beside its record there.

    One row a record, for its fields are written together with every push.
    """

    record = models.OneToOneField(SyncRecord, on_delete=models.CASCADE, related_name="ledger")
    entries = EncryptedJSONField(default=dict)  # the CRM's name of a field -> ``Entry``
    parts = models.JSONField(default=dict, blank=True)  # company, deal, note -> [id, digest]
    updated_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"Fields of {self.record_id}"

    def entry(self, name: str) -> Entry | None:
        kept = self.entries.get(name)
        return Entry.of(kept) if kept else None

    def known_parts(self) -> dict[str, Part]:
        return {name: Part(*kept) for name, kept in self.parts.items()}


class FieldConflict(models.Model):
    """A field that both sides have changed since they last agreed, and that waits for a person.

    ::

        open ──a person says, or both are the same again──▶ ours · theirs · settled
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        OURS = "ours", "Ours was right"
        THEIRS = "theirs", "Theirs was right"
        SETTLED = "settled", "Settled by itself"

    record = models.ForeignKey(SyncRecord, on_delete=models.CASCADE, related_name="conflicts")
    field = models.CharField(max_length=128)  # as the CRM calls it
    source = models.CharField(max_length=128)  # as we call it
    ours = EncryptedTextField(default="")
    theirs = EncryptedTextField(default="")
    ours_at = models.DateTimeField(null=True, blank=True)
    theirs_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    decided_by = models.CharField(max_length=120, blank=True, default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["record", "field"],
                condition=Q(state="open"),
                name="one_open_conflict_per_field",
            ),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="conflicts_by_state")]

    def __str__(self) -> str:
        return f"{self.field}: {self.get_state_display()}"
