"""Genuine items for an account of the company's whose channel does not take them (any more)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels_app.letters.inbound import as_text
from channels_app.models import ChannelConnection
from channels_app.providers import CHANNELS
from channels_app.services.intake import take_in_unrouted
from tenants import context
from tenants.deadletters.boxes import Letter, Payload, Replayed, Tally, Wanted, register
from tenants.deadletters.rows import RowsBox
from tenants.models import UnroutedEvent, WebhookRoute

REASON = "switched_off"


@register
class UnroutedBox(RowsBox):
    """They lie in public; the company sees those of accounts that it has shown to be its own."""

    kind = "unrouted"
    order = 60
    label = gettext_lazy("Came in for a channel that is off")
    sees = "channels_app.view_inboundevent"
    replays = "channels_app.change_inboundevent"
    discards = "channels_app.delete_inboundevent"
    reason, platform, at = "", "platform", "received_at"

    def dead(self) -> QuerySet[Any]:
        vouched = WebhookRoute.objects.filter(
            company=context.current_company(),
            is_verified=True,
            platform=OuterRef("platform"),
            account_id=OuterRef("account_id"),
        )
        # What a CRM brings for an account is taken in by itself: see crm.services.keeping.
        return UnroutedEvent.objects.filter(Exists(vouched), platform__in=list(CHANNELS))

    def listed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.defer("body")

    def letter(self, row: Any) -> Letter:
        return Letter(
            kind=self.kind,
            id=str(row.pk),
            reason=REASON,
            text=_("Its channel is switched off."),
            at=row.received_at,
            first_at=row.received_at,
            attempts=0,
            platform=row.platform,
            source=f"{CHANNELS.label(row.platform)} {row.account_id}",
            about=row.kind,
            url=reverse("channels_app:channels"),
            doubt=_("Switch its channel on first."),
        )

    def meant(self, wanted: Wanted) -> QuerySet[Any]:
        """They have one reason, which is in no column."""
        if wanted.reason not in {"", REASON}:
            return self.dead().none()
        return super().meant(replace(wanted, reason=""))

    def tally(self, wanted: Wanted) -> list[Tally]:
        counted = self.meant(wanted).values("platform").annotate(count=Count("pk")).order_by()
        return [Tally(self.kind, REASON, row["platform"], row["count"]) for row in counted]

    def payload(self, letter_id: str) -> Payload:
        is_ours = self.chosen([letter_id]).exists()
        with _in_public():  # encrypted with public's key
            body = UnroutedEvent.objects.get(pk=letter_id).body if is_ours else b""
        return as_text(body)

    def replay(self, ids: Sequence[str], *, sure: bool = False) -> Replayed:
        """What one account has waiting is taken in together, in its order."""
        outcome = Replayed()
        rows = dict(self.chosen(ids).values_list("pk", "account_id"))
        connections = ChannelConnection.objects.filter(
            account_id__in=set(rows.values()), is_active=True
        )
        for connection in connections:
            outcome.done += take_in_unrouted(connection=connection)
        left = UnroutedEvent.objects.filter(pk__in=rows).values_list("pk", flat=True)
        for pk in left:
            outcome.refuse(str(pk), REASON, _("Switch its channel on first."))
        return outcome

    def discard(self, ids: Sequence[str]) -> int:
        pks = list(self.chosen(ids).values_list("pk", flat=True))
        return UnroutedEvent.objects.filter(pk__in=pks).delete()[0]


@contextmanager
def _in_public() -> Iterator[None]:
    company = context.current_company()
    context.leave()
    try:
        yield
    finally:
        context.enter_company(company)
