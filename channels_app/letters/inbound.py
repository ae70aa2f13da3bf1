"""Webhook items that could not be read."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet
from django.db.models.functions import Coalesce, Left
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels_app.models import InboundEvent
from channels_app.services.events import discard_rejected, replay_rejected
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

REASON = 300  # characters of a reason that letters are gathered by
SHOWN = 200_000  # bytes of a body that a page shows


@register
class InboundBox(LetterBox):
    kind = "inbound"
    order = 10
    label = gettext_lazy("Came in")
    sees = "channels_app.view_inboundevent"
    replays = "channels_app.change_inboundevent"
    discards = "channels_app.delete_inboundevent"

    def reads(self, letter_id: str) -> bool:
        try:
            UUID(letter_id)
        except ValueError:
            return False
        return True

    def letters(
        self, wanted: Wanted, *, start: Behind | None = None, limit: int = 50
    ) -> list[Letter]:
        rows = _dead(wanted).filter(behind(start, at="died_at", pk="pk", value=UUID))
        rows = rows.select_related("connection").defer("body")
        return [_letter(row) for row in rows.order_by("-died_at", "-pk")[:limit]]

    def tally(self, wanted: Wanted) -> list[Tally]:
        counted = (
            _dead(wanted)
            .values("short_reason", "connection__platform")
            .annotate(count=Count("pk"))
            .order_by()
        )
        return [
            Tally(self.kind, row["short_reason"], row["connection__platform"], row["count"])
            for row in counted
        ]

    def find(self, letter_id: str) -> Letter | None:
        if not self.reads(letter_id):
            return None
        row = _dead(Wanted()).select_related("connection").filter(pk=letter_id).first()
        return _letter(row) if row else None

    def payload(self, letter_id: str) -> Payload:
        body = InboundEvent.objects.only("body").get(pk=letter_id).body
        return as_text(body)

    def ids(self, wanted: Wanted, *, after: str, limit: int) -> list[str]:
        rows = _dead(wanted)
        if after:
            rows = rows.filter(pk__gt=after)
        return [str(pk) for pk in rows.order_by("pk").values_list("pk", flat=True)[:limit]]

    def replay(self, ids: Sequence[str], *, sure: bool = False) -> Replayed:
        outcome = Replayed()
        known = [each for each in ids if self.reads(each)]
        outcome.done, strays = replay_rejected(ids=known)
        for stray in strays:
            outcome.refuse(
                str(stray), "not_connected", _("The account it is for is not connected.")
            )
        return outcome

    def discard(self, ids: Sequence[str]) -> int:
        return discard_rejected(ids=[each for each in ids if self.reads(each)])


def as_text(body: bytes) -> Payload:
    """Bytes of a webhook for people: JSON where it is, else what can be read of it."""
    text = body[:SHOWN].decode("utf-8", "replace").replace("\0", "\N{SYMBOL FOR NULL}")
    return Payload(text, "json" if text[:1] in {"{", "["} else "text")


def _dead(wanted: Wanted) -> QuerySet[Any]:
    # "-died_at, -pk" is the index dead_events.
    rows: QuerySet[Any] = InboundEvent.objects.filter(status=InboundEvent.Status.REJECTED)
    rows = rows.annotate(
        short_reason=Left("reason", REASON), died_at=Coalesce("processed_at", "received_at")
    )
    if wanted.reason:
        rows = rows.filter(short_reason=wanted.reason)
    if wanted.platform:
        rows = rows.filter(connection__platform=wanted.platform)
    if wanted.since:
        rows = rows.filter(died_at__gte=wanted.since)
    if wanted.until:
        rows = rows.filter(died_at__lte=wanted.until)
    return rows


def _letter(row: Any) -> Letter:
    stray = bool(row.stray_account_id)
    return Letter(
        kind=InboundBox.kind,
        id=str(row.pk),
        reason=row.reason[:REASON],
        text=row.reason,
        at=row.died_at,
        first_at=row.received_at,
        attempts=max(row.attempts, 1 if row.processed_at else 0),  # those that fell over, else one
        platform=row.connection.platform,
        source=row.connection.name,
        about=row.kind,
        url=reverse("channels_app:channel", args=[row.connection_id]),
        doubt=_("Connect its account first; it is then taken in.") if stray else "",
    )
