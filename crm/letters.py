"""Leads that did not get into a CRM, events that a webhook did not take, and what came back from
outside and could not be read."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Coalesce, Left
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels_app.letters.inbound import REASON, as_text
from crm.models import HookEvent, SyncRecord
from crm.services import (
    discard_dead,
    discard_dead_ones,
    replay_dead_ones,
    retry_dead_ones,
    told_of,
)
from tenants.deadletters.boxes import Letter, Payload, Replayed, register
from tenants.deadletters.rows import RowsBox

WEBHOOK = "webhook"


@register
class CrmBox(RowsBox):
    kind = "crm"
    order = 30
    label = gettext_lazy("Was to go to the CRM")
    sees = "crm.view_syncrecord"
    replays = "crm.change_syncrecord"
    discards = "crm.delete_syncrecord"
    reason, platform, at = "error_code", "connection__kind", "next_attempt_at"

    def dead(self) -> QuerySet[Any]:
        return self._of_this_kind().filter(state=SyncRecord.State.DEAD, discarded_at=None)

    def listed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.select_related("connection", "lead").defer("error_text", "connection__config")

    def letter(self, row: Any) -> Letter:
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

    def replay(self, ids: Sequence[str], *, sure: bool = False) -> Replayed:
        """An upsert under the same key: a CRM that has it already is not told twice."""
        return Replayed(done=retry_dead_ones(records=self.chosen(ids)))

    def discard(self, ids: Sequence[str]) -> int:
        return discard_dead(records=self.chosen(ids))

    def _of_this_kind(self) -> QuerySet[SyncRecord]:
        return SyncRecord.objects.exclude(connection__kind=WEBHOOK)


@register
class WebhookBox(CrmBox):
    kind = "webhook"
    order = 40
    label = gettext_lazy("Was to go to your webhook")

    def _of_this_kind(self) -> QuerySet[SyncRecord]:
        return SyncRecord.objects.filter(connection__kind=WEBHOOK)


@register
class HookBox(RowsBox):
    kind = "hook"
    order = 50
    label = gettext_lazy("Came back from CRM, calendar or telephony")
    sees = "crm.view_hookevent"
    replays = "crm.change_hookevent"
    discards = "crm.delete_hookevent"
    reason, platform = "short_reason", "hook__kind"
    at, key = "died_at", UUID  # "-died_at, -pk" is the index dead_hook_events

    def dead(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = HookEvent.objects.filter(state=HookEvent.State.REJECTED)
        return rows.annotate(
            short_reason=Left("reason", REASON), died_at=Coalesce("processed_at", "received_at")
        )

    def listed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.select_related("hook").defer("body", "hook__config")

    def letter(self, row: Any) -> Letter:
        return Letter(
            kind=self.kind,
            id=str(row.pk),
            reason=row.reason[:REASON],
            text=row.reason,
            at=row.died_at,
            first_at=row.received_at,
            attempts=max(row.attempts, 1 if row.processed_at else 0),
            platform=row.hook.kind,
            source=row.hook.name,
            about=row.kind,
            url=reverse("crm:state"),
        )

    def reads(self, letter_id: str) -> bool:
        try:
            UUID(letter_id)
        except ValueError:
            return False
        return True

    def payload(self, letter_id: str) -> Payload:
        return as_text(HookEvent.objects.only("body").get(pk=letter_id).body)

    def replay(self, ids: Sequence[str], *, sure: bool = False) -> Replayed:
        return Replayed(done=replay_dead_ones(events=self._rows(ids)))

    def discard(self, ids: Sequence[str]) -> int:
        return discard_dead_ones(events=self._rows(ids))

    def _rows(self, ids: Sequence[str]) -> QuerySet[HookEvent]:
        known = [UUID(each) for each in ids if self.reads(each)]
        return HookEvent.objects.filter(pk__in=known, state=HookEvent.State.REJECTED)
