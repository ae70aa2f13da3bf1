"""Deliveries that were given up, among the dead letters."""

from collections.abc import Sequence
from typing import Any

from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy, gettext_noop

from tenants.deadletters.boxes import Letter, Payload, Replayed, register
from tenants.deadletters.rows import RowsBox
from tenants.outgoing.events import label_of
from tenants.outgoing.models import Delivery
from tenants.outgoing.services import discard_dead, replay_dead

# Reasons of the rows, for the translators; pages show them by ``told``.
REASONS = {
    "no_answer": gettext_noop("Nobody answered at the address."),
    "forbidden_address": gettext_noop("The address leads into a network that is not public."),
    "410": gettext_noop("The address says that it is gone."),
}


def reason_of(code: str) -> str:
    """Why it was not taken, as a sentence in English; pages show it by ``told``."""
    return REASONS.get(code) or f"HTTP {code}"


@register
class EventBox(RowsBox):
    kind = "event"
    order = 45
    label = gettext_lazy("Event that no webhook took")
    sees = "outgoing.view_delivery"
    replays = "outgoing.change_delivery"
    discards = "outgoing.delete_delivery"
    reason, platform, at = "error_code", "about", "settled_at"

    def dead(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = Delivery.objects.dead().annotate(about=F("event__kind"))
        return rows

    def listed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.select_related("endpoint", "event").defer(
            "event__data", "endpoint__url", "endpoint__secret", "endpoint__former_secret"
        )

    def letter(self, row: Any) -> Letter:
        return Letter(
            kind=self.kind,
            id=str(row.pk),
            reason=row.error_code,
            text=reason_of(row.error_code),
            at=row.settled_at,
            first_at=row.event.created_at,
            attempts=row.attempts,
            platform=row.event.kind,
            source=row.endpoint.name,
            about=label_of(row.event.kind),
            url=reverse("outgoing:delivery", args=[row.pk]),
        )

    def payload(self, letter_id: str) -> Payload:
        row = Delivery.objects.select_related("event").get(pk=letter_id)
        return Payload(row.event.body().decode(), "json")

    def replay(self, ids: Sequence[str], *, sure: bool = False) -> Replayed:
        """Under the id it has: a receiver that took it after all knows it by that."""
        return Replayed(done=replay_dead(deliveries=self._rows(ids)))

    def discard(self, ids: Sequence[str]) -> int:
        return discard_dead(deliveries=self._rows(ids))

    def _rows(self, ids: Sequence[str]) -> Any:
        return Delivery.objects.filter(pk__in=[int(each) for each in ids if self.reads(each)])
