"""Playing recorded webhooks against a running server, as the network would send them."""

import http.client
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from channels_app.models import ChannelConnection, InboundEvent
from channels_app.providers.values import UNREADABLE, RawItem
from channels_app.services.connections import webhook_url
from channels_app.wire import key_of
from tenants.models import UnroutedEvent
from tenants.plugins.errors import PayloadRejected

PAUSE = 0.05
TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one item of a webhook."""

    kind: str
    status: int  # HTTP
    outcome: str
    reason: str = ""
    event: str = ""


def play(
    *, connections: list[ChannelConnection], body: bytes, url: str = "", patience: float = 10
) -> Iterator[Fate]:
    """Send a body, signed, to the address of the connection it is for (else to the first).

    Waits for the workers, up to ``patience`` seconds an item.
    """
    items = _items(connections[0], body)
    accounts = {item.account_id for item in items}
    connection = next((c for c in connections if c.account_id in accounts), connections[0])
    status = post(connection=connection, body=body, url=url)
    for item in items:
        if status != 200:
            yield Fate(item.kind, status, "refused")
        else:
            yield _fate(connection.platform, item, status, patience)


def post(*, connection: ChannelConnection, body: bytes, url: str = "") -> int:
    """Post a signed body to the connection's own address; return the HTTP status.

    Not through ``tenants.plugins.http``: the server is our own and usually on this machine.
    """
    own = urlsplit(webhook_url(connection))
    base = urlsplit(url) if url else own
    kind = http.client.HTTPSConnection if base.scheme == "https" else http.client.HTTPConnection
    line = kind(base.hostname or "localhost", base.port, timeout=TIMEOUT)
    headers = {"Content-Type": "application/json", **connection.provider().signed(body)}
    try:
        line.request("POST", own.path, body, headers)
        return line.getresponse().status
    finally:
        line.close()


def _items(connection: ChannelConnection, body: bytes) -> list[RawItem]:
    try:
        found = list(connection.provider().split(body))
    except PayloadRejected:
        return [RawItem("", key_of(UNREADABLE, body.hex()), UNREADABLE, body)]
    return list({item.key: item for item in found}.values())


def _fate(platform: str, item: RawItem, status: int, patience: float) -> Fate:
    deadline = time.monotonic() + patience
    event = None
    while time.monotonic() < deadline:
        event = InboundEvent.objects.filter(key=item.key, connection__platform=platform).last()
        if event is not None and event.outcome:
            return Fate(item.kind, status, event.outcome, event.reason, str(event.pk))
        if event is None and _is_unrouted(platform, item):
            return Fate(item.kind, status, "unrouted", "Nobody has connected this account.")
        time.sleep(PAUSE)
    if event is None:
        return Fate(item.kind, status, "missing", "It was not kept.")
    return Fate(item.kind, status, event.status, "No worker has read it yet.", str(event.pk))


def _is_unrouted(platform: str, item: RawItem) -> bool:
    return UnroutedEvent.objects.filter(platform=platform, key=item.key).exists()
