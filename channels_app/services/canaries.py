"""The canary: a test event that takes every real one's way in, as far as being read.

It is written down before it is sent, signed as its network signs, brought to our public door over
HTTP, kept, rung for, fetched by a worker and read; there it is recognised and goes no further.
Where news are fetched, a look for news that succeeds is the canary.
"""

import logging
import secrets
from datetime import datetime, timedelta
from typing import Any

import redis
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from channels_app.findings import Finding, Severity, finding, of_json
from channels_app.models import Canary, ChannelConnection, Checkup, InboundEvent
from channels_app.providers.values import Inbound, Unsupported
from channels_app.services.knocking import OWN_DOORS, Door, door_of, knock
from channels_app.services.ringing import ring, ring_now
from tenants import context
from tenants.broker import workers_seen
from tenants.plugins.errors import PayloadRejected, ProviderError
from tenants.redis import client

logger = logging.getLogger(__name__)

PREFIX = "leadwire-canary-"
SIGN = PREFIX.encode()
OUTCOME = "canary"
SLOW = timedelta(seconds=15)
KEPT = timedelta(days=90)  # longer than any event waits for being read
RECENT = timedelta(days=1)
State = Canary.State


def patience() -> timedelta:
    """How long a canary may take; none where canaries are switched off."""
    return timedelta(seconds=settings.CANARY_SECONDS)


# -- on its way


def release_canary(
    *, checkup: Checkup, found: list[Finding], network_answered: bool
) -> Canary | None:
    """Write a canary down and send it; None where there is none to be sent.

    What the look has found so far is kept with the checkup: somebody else concludes it.
    """
    connection = checkup.connection
    if not patience() or not connection.is_active:
        return None
    if connection.provider().poll_every():
        canary, is_new = _write_down(checkup, found, network_answered, is_poll=True)
        if is_new:
            _look_for_news(canary)
        return canary
    door = door_of(connection)
    if door is None:
        if connection.platform in OWN_DOORS:
            found.append(finding("canary_unvouched", Severity.INFO))
        return None  # elsewhere, to be without a secret is a finding of its own
    mark = PREFIX + secrets.token_hex(16)
    body = connection.provider().canary(mark)
    if body is None:
        found.append(finding("canary_unsigned", Severity.INFO))
        return None
    [item] = connection.provider().split(body)
    canary, is_new = _write_down(checkup, found, network_answered, mark=mark, key=item.key)
    if is_new:
        _bring(canary, door, body)
    return canary


@transaction.atomic
def _write_down(
    checkup: Checkup, found: list[Finding], network_answered: bool, **about: Any
) -> tuple[Canary, bool]:
    """The checkup's one canary; and whether it is for us to send it."""
    Checkup.objects.select_for_update().get(pk=checkup.pk)
    checkup.findings = [each.as_json() for each in found]
    checkup.save(update_fields=["findings"])
    return Canary.objects.get_or_create(
        checkup=checkup,
        defaults={
            "connection": checkup.connection,
            "network_answered": network_answered,
            **about,
        },
    )


def send_again(canary: Canary) -> None:
    """Whoever had written it down was killed before they had seen what came of it.

    Sent twice it is one event: its key comes of its mark.
    """
    if not is_half_sent(canary):
        return
    if canary.is_poll:
        _look_for_news(canary)
        return
    connection = canary.connection
    door, body = door_of(connection), connection.provider().canary(canary.mark)
    if door is None or body is None:  # the connection was changed meanwhile
        _lose_quietly(canary)
        return
    [item] = connection.provider().split(body)
    canary.key, canary.sent_at = item.key, timezone.now()
    canary.save(update_fields=["key", "sent_at"])
    _bring(canary, door, body)


def is_half_sent(canary: Canary) -> bool:
    """Written down, and nobody knows whether it was brought: that says nothing of the channel."""
    return canary.state == State.SENT and canary.kept_at is None


def is_under_way(canary: Canary) -> bool:
    """Whether somebody looks for news right now: the end of that look is the canary's."""
    until = canary.connection.poll_claimed_until
    return canary.is_poll and until is not None and until > timezone.now()


def _look_for_news(canary: Canary) -> None:
    """At once, unless the network has asked us to wait, or somebody is looking already."""
    connection = canary.connection
    if connection.poll_failures:
        lose(canary, finding("canary_poll", Severity.WARNING, count=connection.poll_failures))
        return
    now = timezone.now()
    nobody_looks = Q(poll_claimed_until=None) | Q(poll_claimed_until__lte=now)
    waiting = ChannelConnection.objects.filter(nobody_looks, pk=connection.pk, poll_due_at__gt=now)
    waiting.update(poll_due_at=now)
    ring_now("poll_connection", connection.pk)
    Canary.objects.filter(pk=canary.pk).update(kept_at=now)


def _bring(canary: Canary, door: Door, body: bytes) -> None:
    url = door.url_shown
    status, failure = 0, None
    try:
        status = knock(canary.connection, door, body)
    except ProviderError as error:  # it may have been taken all the same
        failure = error
    event = InboundEvent.objects.filter(connection=canary.connection_id, key=canary.key).first()
    if event is not None:
        Canary.objects.filter(pk=canary.pk).update(kept_at=event.received_at)
    elif failure is not None:
        is_called = _was_called(canary.connection)
        severity = Severity.WARNING if is_called else Severity.BAD
        lose(canary, finding("canary_door", severity, url=url, said=failure))
    elif status in {401, 403}:
        lose(canary, finding("canary_refused", status=status, url=url))
    elif status in {404, 405, 410}:
        lose(canary, finding("canary_unknown", status=status, url=url))
    elif status < 300:
        lose(canary, finding("canary_astray", url=url))
    else:
        lose(canary, finding("canary_not_kept", status=status, url=url))


def _was_called(connection: ChannelConnection) -> bool:
    """Whether anybody outside reached us lately: then it is only from here that we cannot."""
    last = connection.last_inbound_at
    return last is not None and last > timezone.now() - RECENT


# -- arrived


def take_canary(event: InboundEvent, found: list[Inbound]) -> tuple[str, str] | None:
    """Outcome and reason where the event is a canary that was written down; None for any other.

    Costs nothing unless the event holds our sign, and that alone makes it no canary.
    """
    if SIGN not in event.body:
        return None
    rows = Canary.objects.filter(connection=event.connection_id, key=event.key)
    canary = next((row for row in rows if row.mark and row.mark.encode() in event.body), None)
    if canary is None:
        return None
    if canary.state == State.SENT:
        if not found or isinstance(found[0], Unsupported):
            lose(canary, finding("canary_unread", said=_why(found)))
        else:
            _arrive(canary, timezone.now())
    return OUTCOME, "A test event of the channel doctor's."


def _why(found: list[Inbound]) -> str:
    return found[0].reason if found and isinstance(found[0], Unsupported) else "nothing in it"


def lose_unread(event: InboundEvent, error: PayloadRejected) -> None:
    """An event could not be read; should it be a canary, its checkup ends with that."""
    if SIGN not in event.body:
        return
    for canary in Canary.objects.filter(connection=event.connection_id, key=event.key):
        lose(canary, finding("canary_unread", said=error))


def note_poll(*, connection: ChannelConnection, error: ProviderError | None = None) -> None:
    """A look for news has ended; the canary that waited for one is through, or lost."""
    for canary in Canary.objects.filter(connection=connection, is_poll=True, state=State.SENT):
        if error is None:
            _arrive(canary, timezone.now())
        else:
            lose(canary, finding("canary_poll_failed", Severity.WARNING, said=error))


def _arrive(canary: Canary, now: datetime) -> None:
    if Canary.objects.filter(pk=canary.pk, state=State.SENT).update(
        state=State.THROUGH, read_at=now
    ):
        _ring_for(canary)


def lose(canary: Canary, why: Finding) -> None:
    """It will not come through any more, and that is the reason."""
    if Canary.objects.filter(pk=canary.pk, state=State.SENT).update(
        state=State.LOST, finding=why.as_json()
    ):
        _ring_for(canary)


def _lose_quietly(canary: Canary) -> None:
    """It cannot be sent any more, and nothing is wrong with that."""
    Canary.objects.filter(pk=canary.pk, state=State.SENT).update(state=State.LOST, finding={})


def _ring_for(canary: Canary) -> None:
    if canary.checkup_id is not None:
        ring("examine_connection", canary.checkup_id)


# -- what it shows


def findings_of(canary: Canary) -> list[Finding]:
    """What the canary's way says about the connection; nothing where all is well."""
    if canary.state == State.LOST:
        lost = of_json(canary.finding)
        return [lost] if lost is not None else []
    if canary.read_at is None:
        return [why_not_read(canary)]
    took = canary.read_at - canary.sent_at
    if took > SLOW:
        return [finding("canary_slow", Severity.WARNING, seconds=round(took.total_seconds()))]
    return []


def why_not_read(canary: Canary | None) -> Finding:
    """Kept and not read in time: no queue, no worker, a full queue, or an event nobody finishes."""
    waiting = _waiting()
    if waiting is None:
        return finding("canary_no_queue")
    if not workers_seen():
        return finding("canary_no_worker")
    if waiting:
        return finding("canary_queue", count=waiting)
    return finding("canary_stuck", count=_attempts_at(canary))


def _waiting() -> int | None:
    """How much of this company's waits to be read; None where the queue does not answer."""
    try:
        return int(client().llen(f"leadwire:ingest.lane.{context.schema()}"))
    except redis.RedisError:
        return None


def _attempts_at(canary: Canary | None) -> int:
    if canary is None or not canary.key:
        return 0
    event = InboundEvent.objects.filter(connection=canary.connection_id, key=canary.key)
    return event.values_list("attempts", flat=True).first() or 0


def forget_old_canaries() -> None:
    """Those whose looks are forgotten and whose events can wait nowhere any more.

    An event that was never read may be tried again from the dead letters: it stays known for
    what it is, or it would be taken for somebody's.
    """
    unread = InboundEvent.objects.filter(connection=OuterRef("connection"), key=OuterRef("key"))
    old = Canary.objects.filter(checkup__isnull=True, sent_at__lt=timezone.now() - KEPT)
    old.exclude(Exists(unread.exclude(status=InboundEvent.Status.DONE))).delete()
