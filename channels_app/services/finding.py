"""Finding the message an event is about, and telling the floors above of it."""

from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from channels_app import announcements
from channels_app.models import ChannelConnection, Message, id_index
from channels_app.signals import message_received

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SKEW = timedelta(minutes=5)  # a network's clock may run ahead of ours by this much
RECENT = timedelta(days=7)  # a mail server gives up after five


class NotYetKnown(Exception):
    """The event is about a message that we do not have (yet)."""

    def __init__(self, outcome: str, external_id: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome
        self.key = id_index(external_id)


def message_by(
    connection: ChannelConnection, external_id: str, reference: str = ""
) -> Message | None:
    """A message by the network's id, else by the reference we sent along; locked."""
    rows = Message.objects.select_for_update().filter(connection=connection)
    found = rows.filter(external_key=id_index(external_id)).first() if external_id else None
    if found is None and reference:
        try:
            ours = UUID(reference)
        except ValueError:
            return None  # somebody else's tracking words
        found = rows.filter(reference=ours).first()
    return found


def last_message_to(connection: ChannelConnection, recipient: str) -> Message | None:
    """The latest thing we sent to somebody over this connection, locked; for networks that
    say who was not reached but not by what."""
    if not recipient:
        return None
    return (
        Message.objects.select_for_update(of=("self",))
        .filter(
            connection=connection,
            conversation__thread_index=id_index(recipient),
            direction=Message.Direction.OUT,
            sent_at__gte=timezone.now() - RECENT,
        )
        .order_by("-pk")
        .first()
    )


def lost_message_to(connection: ChannelConnection, recipient: str) -> Message | None:
    """The one message to somebody of which we do not know whether it arrived, locked. Where
    there are two, nobody can say which is meant."""
    if not recipient:
        return None
    rows = Message.objects.select_for_update(of=("self",)).filter(
        connection=connection,
        conversation__thread_index=id_index(recipient),
        direction=Message.Direction.OUT,
        state=Message.State.UNKNOWN,
        external_key="",
    )
    found = list(rows.order_by("pk")[:2])
    return found[0] if len(found) == 1 else None


def ring_bell(message: Message, change: str) -> None:
    announcements.heard(message, change)
    transaction.on_commit(
        partial(message_received.send, sender=Message, message=message, change=change)
    )


def believable(claimed: datetime | None, received_at: datetime) -> datetime:
    """The network's time, unless it has none or lies in the future or before there were networks:
    in somebody's time zone the year 1 begins in the year 0, which no page can show."""
    if claimed is None or not EPOCH <= claimed <= received_at + SKEW:
        return received_at
    return claimed
