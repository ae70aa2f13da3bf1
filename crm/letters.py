"""Leads that did not get into a CRM, and events that a webhook did not take."""

import json
from collections.abc import Sequence
from typing import Any

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.models import SyncRecord
from crm.services import discard_dead, retry_dead_ones, told_of
from tenants.deadletters.boxes import (
    Behind,
    Letter,
    LetterBox,
    Payload,
    Replayed,
    Tally,
    Wanted,
    behind,
    register,
)

WEBHOOK = "webhook"


@register
class CrmBox(LetterBox):
    kind = "crm"
    order = 30
    label = gettext_lazy("Was to go to the CRM")
    sees = "crm.view_syncrecord"
    replays = "crm.change_syncrecord"
    discards = "crm.delete_syncrecord"

    def letters(
        self, wanted: Wanted, *, start: Behind | None = None, limit: int = 50
    ) -> list[Letter]:
        rows = self._dead(wanted).filter(behind(start, at="next_attempt_at", pk="pk"))
        rows = rows.select_related("connection", "lead").defer("error_text", "connection__config")
        return [self._letter(row) for row in rows.order_by("-next_attempt_at", "-pk")[:limit]]

    def tally(self, wanted: Wanted) -> list[Tally]:
        counted = (
            self._dead(wanted)
            .values("error_code", "connection__kind")
            .annotate(count=Count("pk"))
            .order_by()
        )
        return [
            Tally(self.kind, row["error_code"], row["connection__kind"], row["count"])
            for row in counted
        ]

    def find(self, letter_id: str) -> Letter | None:
        if not self.reads(letter_id):
            return None
        rows = self._dead(Wanted()).select_related("connection", "lead")
        row = rows.filter(pk=letter_id).first()
        return self._letter(row) if row else None

    def payload(self, letter_id: str) -> Payload:
        row = SyncRecord.objects.select_related("connection").get(pk=letter_id)
        tries = row.tries.all()[:10]
        content = {
            "error": row.error_text,
            "properties": told_of(record=row),
            "tries": [
                {
                    "at": each.at.isoformat(),
                    "status": each.status,
                    "error": each.error_code,
                    "request": each.request_id,
                    "delivery": each.delivery_id,
                }
                for each in tries
            ],
        }
        return Payload(json.dumps(content, ensure_ascii=False, default=str), "json")

    def ids(self, wanted: Wanted, *, after: str, limit: int) -> list[str]:
        rows = self._dead(wanted)
        if after:
            rows = rows.filter(pk__gt=int(after))
        return [str(pk) for pk in rows.order_by("pk").values_list("pk", flat=True)[:limit]]

    def replay(self, ids: Sequence[str], *, sure: bool = False) -> Replayed:
        """An upsert under the same key: a CRM that has it already is not told twice."""
        return Replayed(done=retry_dead_ones(records=self._chosen(ids)))

    def discard(self, ids: Sequence[str]) -> int:
        return discard_dead(records=self._chosen(ids))

    def _chosen(self, ids: Sequence[str]) -> QuerySet[SyncRecord]:
        return self._dead(Wanted()).filter(pk__in=[each for each in ids if self.reads(each)])

    def _of_this_kind(self) -> QuerySet[SyncRecord]:
        return SyncRecord.objects.exclude(connection__kind=WEBHOOK)

    def _dead(self, wanted: Wanted) -> QuerySet[SyncRecord]:
        rows = self._of_this_kind().filter(state=SyncRecord.State.DEAD, discarded_at=None)
        if wanted.reason:
            rows = rows.filter(error_code=wanted.reason)
        if wanted.platform:
            rows = rows.filter(connection__kind=wanted.platform)
        if wanted.since:
            rows = rows.filter(next_attempt_at__gte=wanted.since)
        if wanted.until:
            rows = rows.filter(next_attempt_at__lte=wanted.until)
        return rows

    def _letter(self, row: Any) -> Letter:
        return Letter(
            kind=self.kind,
            id=str(row.pk),
            reason=row.error_code,
            text=_("Refused with %(code)s.") % {"code": row.error_code or "?"},
            at=row.next_attempt_at,
            first_at=row.last_synced_at or row.lead.updated_at,
            attempts=row.attempts,
            platform=row.connection.kind,
            source=row.connection.name,
            about=_("Lead %(number)d") % {"number": row.lead_id},
            url=reverse("leads:lead", args=[row.lead_id]),
        )


@register
class WebhookBox(CrmBox):
    kind = "webhook"
    order = 40
    label = gettext_lazy("Was to go to your webhook")

    def _of_this_kind(self) -> QuerySet[SyncRecord]:
        return SyncRecord.objects.filter(connection__kind=WEBHOOK)
