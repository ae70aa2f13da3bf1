"""The append-only log of deeds. Each entry carries the hash of the one before it."""

import json
from hashlib import sha256
from typing import Any

from django.db import models


class AuditEntry(models.Model):
    """Who did what to which thing. ``details`` holds no personal data and no secrets.

    A trigger refuses UPDATE and DELETE; ``manage.py verify_audit`` walks the hashes.
    """

    sequence = models.PositiveBigIntegerField(unique=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=120)
    action = models.CharField(max_length=80, db_index=True)
    subject = models.CharField(max_length=120)
    details = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["-sequence"]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"#{self.sequence} {self.action} {self.subject}"

    def hashed_around(self) -> tuple[str, str]:
        """What ``computed_hash`` hashes, before and behind what only the end of the chain knows:
        the hash of the entry before this one, and its own number.

        For whoever writes it: the two are put in between by the statement that locks that end.
        """
        deed = {
            "action": self.action,
            "actor": self.actor,
            "at": self.at.isoformat(),
            "details": self.details,
        }
        before = json.dumps(deed, sort_keys=True, default=str)
        behind = json.dumps({"subject": self.subject})
        return f'{before[:-1]}, "previous": "', f", {behind[1:]}"

    def computed_hash(self) -> str:
        content: dict[str, Any] = {
            "sequence": self.sequence,
            "at": self.at.isoformat(),
            "actor": self.actor,
            "action": self.action,
            "subject": self.subject,
            "details": self.details,
            "previous": self.previous_hash,
        }
        return sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
