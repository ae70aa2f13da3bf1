"""Genuine items for an account of the company's whose channel does not take them (any more)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
from tenants.models import UnroutedEvent, WebhookRoute

REASON = "switched_off"


@register
class UnroutedBox(LetterBox):
    """They lie in public; the company sees those of accounts that it has shown to be its own."""

    kind = "unrouted"
    order = 60
    label = gettext_lazy("Came in for a channel that is off")
    sees = "channels_app.view_inboundevent"
    replays = "channels_app.change_inboundevent"
    discards = "channels_app.delete_inboundevent"

    def letters(
        self, wanted: Wanted, *, start: Behind | None = None, limit: int = 50
    ) -> list[Letter]:
        rows = _ours(wanted).filter(behind(start, at="received_at", pk="pk")).defer("body")
        return [_letter(row) for row in rows.order_by("-received_at", "-pk")[:limit]]

    def tally(self, wanted: Wanted) -> list[Tally]:
        counted = _ours(wanted).values("platform").annotate(count=Count("pk")).order_by()
        return [Tally(self.kind, REASON, row["platform"], row["count"]) for row in counted]

    def find(self, letter_id: str) -> Letter | None:
        if not self.reads(letter_id):
            return None
        row = _ours(Wanted()).defer("body").filter(pk=letter_id).first()
        return _letter(row) if row else None

    def payload(self, letter_id: str) -> Payload:
        is_ours = _ours(Wanted()).filter(pk=letter_id).exists()
        with _in_public():  # encrypted with public's key
            body = UnroutedEvent.objects.get(pk=letter_id).body if is_ours else b""
        return as_text(body)

    def ids(self, wanted: Wanted, *, after: str, limit: int) -> list[str]:
        rows = _ours(wanted)
        if after:
            rows = rows.filter(pk__gt=int(after))
        return [str(pk) for pk in rows.order_by("pk").values_list("pk", flat=True)[:limit]]

    def replay(self, ids: Sequence[str], *, sure: bool = False) -> Replayed:
        """What one account has waiting is taken in together, in its order."""
        outcome = Replayed()
        chosen = [each for each in ids if self.reads(each)]
        rows = dict(_ours(Wanted()).filter(pk__in=chosen).values_list("pk", "account_id"))
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
        chosen = [each for each in ids if self.reads(each)]
        pks = list(_ours(Wanted()).filter(pk__in=chosen).values_list("pk", flat=True))
        return UnroutedEvent.objects.filter(pk__in=pks).delete()[0]


def _ours(wanted: Wanted) -> QuerySet[UnroutedEvent]:
    vouched = WebhookRoute.objects.filter(
        company=context.current_company(),
        is_verified=True,
        platform=OuterRef("platform"),
        account_id=OuterRef("account_id"),
    )
    rows = UnroutedEvent.objects.filter(Exists(vouched))
    if wanted.reason and wanted.reason != REASON:
        return rows.none()
    if wanted.platform:
        rows = rows.filter(platform=wanted.platform)
    if wanted.since:
        rows = rows.filter(received_at__gte=wanted.since)
    if wanted.until:
        rows = rows.filter(received_at__lte=wanted.until)
    return rows


def _letter(row: Any) -> Letter:
    return Letter(
        kind=UnroutedBox.kind,
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


@contextmanager
def _in_public() -> Iterator[None]:
    company = context.current_company()
    context.leave()
    try:
        yield
    finally:
        context.enter_company(company)
