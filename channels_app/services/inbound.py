"""From a stored event to rows: each event once, each kind with its own meaning."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from channels_app.models import ChannelConnection, InboundEvent, Message
from channels_app.providers.values import (
    AccountNews,
    Inbound,
    InboundControl,
    InboundDelete,
    InboundEcho,
    InboundEdit,
    InboundHidden,
    InboundMessage,
    InboundOptOut,
    InboundPerson,
    InboundReaction,
    InboundStatus,
    InboundWatermark,
    Noted,
    TemplateNews,
    ToBeFetched,
    Unsupported,
)
from channels_app.services.canaries import OUTCOME as CANARY
from channels_app.services.canaries import lose_unread, take_canary
from channels_app.services.changes import (
    delete,
    edit,
    react,
    take_hidden,
    take_opt_out,
    take_status,
    take_watermark,
)
from channels_app.services.finding import NotYetKnown
from channels_app.services.news import take_account_news, take_control, take_note, take_person
from channels_app.services.receiving import receive, take_echo
from channels_app.services.ringing import ring_now
from channels_app.services.rows import FINISHED_EVENT
from channels_app.services.templates import take_template_news
from channels_app.services.winding import house
from tenants.plugins.errors import PayloadRejected, ProviderError
from tenants.prepared import Blank, Prepared

Status = InboundEvent.Status
UNSUPPORTED = "unsupported"
UNSEEN = InboundEvent.UNSEEN
SEEN_EVERY = timedelta(minutes=1)
ASKED_FOR = timedelta(days=1)


def ingest(*, event_id: str | UUID) -> str:
    """Read one stored event and do what it says; return its outcome, or "" if it is not ours.

    Safe to call any number of times and from several workers at once: the row's status
    decides, and the row is locked while somebody works on it.
    """
    house()  # remembered from here on; within the transaction the profile would be read anew
    try:
        return _ingest(event_id)
    except ToBeFetched:
        _fetch(event_id)
        return _ingest(event_id)


def _ingest(event_id: str | UUID) -> str:
    event = None
    finished = False
    try:
        with transaction.atomic():
            event = _pick(event_id)
            if event is not None:
                _process(event)
                _close(event)
        finished = True
    finally:
        if not finished:  # whatever went wrong, the row remembers that it was tried
            InboundEvent.objects.filter(pk=event_id).update(attempts=F("attempts") + 1)
    if event is None:
        return ""
    if event.status == Status.WAITING:
        _look_again(event)
    if event.outcome == CANARY:
        return event.outcome
    if event.kind in event.connection.provider().acknowledged:
        ring_now("acknowledge_event", str(event.pk))
    return event.outcome


def _pick(event_id: str | UUID) -> InboundEvent | None:
    """The event, locked; None if it is finished or in somebody else's hands."""
    return _UNFINISHED.first(pk=event_id)


_UNFINISHED = Prepared(
    lambda: (
        InboundEvent.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("connection")
        .order_by()
        .filter(pk=Blank("pk"), status__in=[Status.PENDING, Status.WAITING])
    )
)


def _fetch(event_id: str | UUID) -> None:
    """Bring what the webhook only announced; the row holds it from then on."""
    event = InboundEvent.objects.select_related("connection").get(pk=event_id)
    try:
        item = event.connection.provider().fetch(event.kind, event.body)
    except ProviderError as error:
        if error.retryable:
            _count_no_failure(event)
            raise
        event.status, event.outcome, event.reason = Status.REJECTED, "rejected", str(error)
        _close(event)
        return
    event.kind, event.body = item.kind, item.body
    event.save(update_fields=["kind", "body"])


def _count_no_failure(event: InboundEvent) -> None:
    """The network is away, which says nothing about the item: for a day it is asked again."""
    young = InboundEvent.objects.filter(pk=event.pk, received_at__gt=timezone.now() - ASKED_FOR)
    young.filter(attempts__gt=0).update(attempts=F("attempts") - 1)


def _close(event: InboundEvent) -> None:
    event.processed_at = timezone.now()
    FINISHED_EVENT.row(event)
    if event.outcome != CANARY:  # nobody outside gave it
        _note_sign_of_life(event.connection, event.processed_at)


def _process(event: InboundEvent) -> None:
    try:
        found = event.connection.provider().read(event.kind, event.body)
        canary = take_canary(event, found)
        outcomes = [canary] if canary else _apply_each(event, found)
    except PayloadRejected as error:
        lose_unread(event, error)
        event.status, event.outcome, event.reason = Status.REJECTED, "rejected", str(error)
        event.awaits = ""
    except NotYetKnown as missing:
        event.status, event.outcome, event.awaits = Status.WAITING, missing.outcome, missing.key
        event.reason = "Its message is not known yet."
    else:
        event.outcome, event.reason = next(iter(outcomes), (UNSUPPORTED, "Nothing in it."))
        event.awaits = ""
        unsupported = event.outcome in {UNSUPPORTED, UNSEEN}
        event.status = Status.UNSUPPORTED if unsupported else Status.DONE


def _look_again(event: InboundEvent) -> None:
    """Its message may have been stored while we found that it was missing.

    Whoever commits last sees the other: we look after our commit, the sender after its own.
    """
    known = Message.objects.filter(connection_id=event.connection_id, external_key=event.awaits)
    if known.exists():
        ring_now("ingest_event", str(event.pk))


def _apply_each(event: InboundEvent, found: list[Inbound]) -> list[tuple[str, str]]:
    """Do what each value says; outcomes and reasons.

    One whose message is not known yet does not keep its siblings from being done: the event is
    read once more when it comes, and what is done already is done once.
    """
    outcomes, missing = [], None
    for each in found:
        try:
            outcomes.append(DEEDS[type(each)](event, each))
        except NotYetKnown as unknown:
            missing = missing or unknown
    if missing is not None:
        raise missing
    return outcomes


def _note_sign_of_life(connection: ChannelConnection, now: datetime) -> None:
    seen = connection.last_inbound_at
    if seen is None or now - seen > SEEN_EVERY:
        ChannelConnection.objects.filter(pk=connection.pk).update(last_inbound_at=now)


def _unsupported(event: InboundEvent, inbound: Unsupported) -> tuple[str, str]:
    """What somebody said all the same has its place in their conversation, and waits there."""
    if inbound.said is not None:
        receive(event, inbound.said)
    return UNSEEN if inbound.is_unseen else UNSUPPORTED, inbound.reason


DEEDS: dict[type, Callable[[InboundEvent, Any], tuple[str, str]]] = {
    InboundMessage: receive,
    InboundEcho: take_echo,
    InboundStatus: take_status,
    InboundOptOut: take_opt_out,
    InboundHidden: take_hidden,
    InboundControl: take_control,
    InboundPerson: take_person,
    AccountNews: take_account_news,
    TemplateNews: take_template_news,
    Noted: take_note,
    InboundWatermark: take_watermark,
    InboundEdit: edit,
    InboundDelete: delete,
    InboundReaction: react,
    Unsupported: _unsupported,
}
