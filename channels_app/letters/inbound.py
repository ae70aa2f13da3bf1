"""Webhook items that could not be read, and those of which nothing is done."""

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Coalesce, Left
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels_app.models import InboundEvent
from channels_app.services.events import discard_events, replay_events
from tenants.deadletters.boxes import Letter, Payload, Replayed, register
from tenants.deadletters.rows import RowsBox

REASON = 300  # characters of a reason that letters are gathered by
SHOWN = 200_000  # bytes of a body that a page shows


@register
class InboundBox(RowsBox):
    kind = "inbound"
    order = 10
    label = gettext_lazy("Came in")
    sees = "channels_app.view_inboundevent"
    replays = "channels_app.change_inboundevent"
    discards = "channels_app.delete_inboundevent"
    reason, platform = "short_reason", "connection__platform"
    at, key = "died_at", UUID  # "-died_at, -pk" is the index dead_events
    status: ClassVar[str] = InboundEvent.Status.REJECTED

    def dead(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = InboundEvent.objects.filter(status=self.status)
        return rows.annotate(
            short_reason=Left("reason", REASON), died_at=Coalesce("processed_at", "received_at")
        )

    def listed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.select_related("connection").defer("body")

    def letter(self, row: Any) -> Letter:
        stray = bool(row.stray_account_id)
        return Letter(
            kind=self.kind,
            id=str(row.pk),
            reason=row.reason[:REASON],
            text=row.reason,
            at=row.died_at,
            first_at=row.received_at,
            # Those that fell over, else one.
            attempts=max(row.attempts, 1 if row.processed_at else 0),
            platform=row.connection.platform,
            source=row.connection.name,
            about=row.kind,
            url=reverse("channels_app:channel", args=[row.connection_id]),
            doubt=_("Connect its account first; it is then taken in.") if stray else "",
        )

    def reads(self, letter_id: str) -> bool:
        try:
            UUID(letter_id)
        except ValueError:
            return False
        return True

    def payload(self, letter_id: str) -> Payload:
        body = InboundEvent.objects.only("body").get(pk=letter_id).body
        return as_text(body)

    def replay(self, ids: Sequence[str], *, sure: bool = False) -> Replayed:
        outcome = Replayed()
        known = [each for each in ids if self.reads(each)]
        outcome.done, strays = replay_events(ids=known, status=self.status)
        for stray in strays:
            outcome.refuse(
                str(stray), "not_connected", _("The account it is for is not connected.")
            )
        return outcome

    def discard(self, ids: Sequence[str]) -> int:
        return discard_events(ids=[each for each in ids if self.reads(each)], status=self.status)


@register
class UnsupportedBox(InboundBox):
    """Understood as far as it goes, and nothing is done about it: no letter of those that died.

    A newer version of us may make something of it, so that each can be read again.
    """

    kind = "unsupported"
    order = 15
    label = gettext_lazy("Not supported")
    is_aside = True
    explained = gettext_lazy(
        "What networks sent and nothing is done about: likes, games, kinds we do not know."
        " What somebody wrote stands in their conversation too."
    )
    status = InboundEvent.Status.UNSUPPORTED


def as_text(body: bytes) -> Payload:
    """Bytes of a webhook for people: JSON where it is, else what can be read of it."""
    text = body[:SHOWN].decode("utf-8", "replace").replace("\0", "\N{SYMBOL FOR NULL}")
    return Payload(text, "json" if text[:1] in {"{", "["} else "text")
