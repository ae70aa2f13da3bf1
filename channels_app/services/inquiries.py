"""What somebody asked elsewhere and a program brings us, as if a form of the company's had."""

from collections.abc import Mapping

from channels_app import wire
from channels_app.models import ChannelConnection, InboundEvent, Message, id_index
from channels_app.providers.values import InboundMessage
from channels_app.services.connections import connect, fresh_config
from channels_app.services.inbound import ingest
from channels_app.services.intake import store
from tenants import context

PLATFORM = "form"


def take_inquiry(*, fields: Mapping[str, str], own_id: str = "", actor: str) -> Message | None:
    """The message it became; None where nothing can be read in it.

    It stands before anything is done with it, so it is not lost. The same ``own_id`` again, or
    without one the same fields, is the same message.
    """
    door = _door(actor)
    provider = door.provider()
    posted = {**fields, "_id": own_id} if own_id else dict(fields)
    [item] = provider.split(wire.dumps(posted))
    store(connection_id=door.pk, items=[item])
    event = InboundEvent.objects.get(connection=door, key=item.key)
    ingest(event_id=event.pk)  # harmless where it is finished, or a worker has it
    said = [one for one in provider.read(item.kind, event.body) if isinstance(one, InboundMessage)]
    keys = [id_index(one.external_id) for one in said]
    whole = Message.objects.select_related("conversation__connection", "conversation__contact")
    return whole.filter(connection=door, external_key__in=keys).first()


def _door(actor: str) -> ChannelConnection:
    """The form that programs fill in; connected with the first of them."""
    account = f"api-{context.schema()}"
    known = ChannelConnection.objects.filter(platform=PLATFORM, account_id=account).first()
    if known is not None and known.is_active:
        return known
    return connect(
        platform=PLATFORM,
        account_id=account,
        name="API",
        config=fresh_config(platform=PLATFORM, given={}),
        actor=actor,
    )
