"""The channel doctor: looks at a connection, names what is wrong, and tells people once.

Each connection is looked at once a night, at a minute of its own, and whenever somebody asks. What
it finds is kept as rows; a cause is e-mailed to the admins when it first shows, not every night.
"""

import logging
import time
from datetime import datetime, timedelta
from zlib import crc32
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation

from channels_app.findings import Finding, Severity, by_weight, finding, of_json
from channels_app.models import Canary, ChannelConnection, Checkup, OpenFinding
from channels_app.providers.access import Probed
from channels_app.services.canaries import (
    findings_of,
    forget_old_canaries,
    is_half_sent,
    is_under_way,
    lose,
    patience,
    release_canary,
    send_again,
    why_not_read,
)
from channels_app.services.consequences import set_health
from channels_app.services.ringing import ring
from channels_app.services.signing_in import forget_old_attempts
from channels_app.services.subscriptions import subscribe
from channels_app.services.symptoms import of_the_ends, of_the_scopes, symptoms_of
from channels_app.services.telling import tell_of_findings
from channels_app.services.tokens import renew, renew_soon
from tenants import context
from tenants.broker import workers_seen
from tenants.live import publish
from tenants.plugins.errors import (
    AccountStopped,
    CredentialsRejected,
    PayloadRejected,
    ProviderError,
)

logger = logging.getLogger(__name__)

KEPT = 30  # checkups of a connection
STUCK = timedelta(minutes=5)  # longer than any checkup can take
NIGHT = range(6)  # the company's own hours
SLOT_MINUTES = 10
RESTED = timedelta(hours=18)  # since the last look
OVERDUE = timedelta(hours=36)  # then at any hour: the beat slept through a night
MENDABLE = frozenset({"not_subscribed", "fields", "webhook_url", "webhook_invalid"})
Health = ChannelConnection.Health
UNTAKEN = timedelta(seconds=15)  # a look that waits longer for a worker is late
GLANCE = 0.25  # seconds
# Then a test event would end where every real one does.
UNROUTED = frozenset({"no_secret", "not_verified", "no_website"})
NOBODY_WORKS = frozenset({"canary_no_worker", "canary_no_queue"})
# Troubles of our own machine: they pass, and nobody shall be alarmed a whole day by them.
PASSING = NOBODY_WORKS | {"canary_queue", "canary_stuck", "canary_door", "canary_not_kept"}
SOON = timedelta(minutes=9)
# What only the company can mend by connecting anew.
RECONNECT = frozenset({"credentials", "token_ended", "scope", "wrong_account", "no_role"})


def ask_for_checkup(*, connection: ChannelConnection, asked_by: str = "") -> Checkup:
    """Have a connection looked at; one that is being looked at already is not looked at twice."""
    with transaction.atomic():
        locked = ChannelConnection.objects.select_for_update().get(pk=connection.pk)
        running = locked.checkups.filter(
            verdict=Checkup.Verdict.RUNNING, started_at__gt=timezone.now() - STUCK
        ).first()
        if running is not None:
            return running
        checkup = Checkup.objects.create(connection=locked, asked_by=asked_by)
        ring("examine_connection", checkup.pk)
        publish("channel_checkup", connection=locked.pk, checkup=checkup.pk, verdict="running")
    return checkup


def ring_due_checkups() -> int:
    """Ask for the look at every connection whose minute of the night has come."""
    forget_old_attempts()  # somebody's half-way sign-in keeps its secrets no longer than it must
    company = context.current_company()
    now = timezone.now()
    slot = _slot_of(timezone.localtime(now, _zone(company.time_zone)))
    rung = 0
    connections = ChannelConnection.objects.filter(is_active=True, is_sandbox=False)
    passing = set(
        OpenFinding.objects.filter(code__in=PASSING).values_list("connection_id", flat=True)
    )
    for connection in connections.only("pk", "checked_at", "created_at"):
        is_mended = connection.pk in passing and _has_rested(connection, now, SOON)
        if is_mended or _is_due(connection, now, slot, company.schema_name):
            ask_for_checkup(connection=connection)
            rung += 1
    return rung


def examine(*, checkup_id: int) -> Checkup:
    """Look once; whoever comes second finds it done."""
    checkup = Checkup.objects.select_related("connection").get(pk=checkup_id)
    if checkup.verdict != Checkup.Verdict.RUNNING:
        return checkup
    canary = Canary.objects.select_related("connection").filter(checkup=checkup).first()
    if canary is not None:
        send_again(canary)
        return _finish(checkup, canary)
    connection = checkup.connection
    found, answered = _look(connection)
    if answered and _kinds(found) & MENDABLE:
        subscribe(connection=connection)  # what we may set right, we do
        found, answered = _look(connection)
    if not _kinds(found) & UNROUTED:
        canary = release_canary(checkup=checkup, found=found, network_answered=answered)
    if canary is None:
        return _conclude(checkup, by_weight(found), answered)
    ring("examine_connection", checkup.pk, delay=settings.CANARY_SECONDS)  # should it not come
    return _finish(checkup, canary)


def _finish(checkup: Checkup, canary: Canary) -> Checkup:
    """Conclude once the canary is through or lost; before that, whoever reads it rings again."""
    canary.refresh_from_db()
    if canary.state == Canary.State.SENT:
        if timezone.now() < canary.sent_at + patience() or is_under_way(canary):
            return checkup
        if is_half_sent(canary) and workers_seen():  # one of them has to send it again
            ring("examine_connection", checkup.pk)
            return checkup
        lose(canary, why_not_read(canary))
        canary.refresh_from_db()
    checkup.refresh_from_db(fields=["findings"])
    found = [each for each in map(of_json, checkup.findings) if each is not None]
    found += findings_of(canary)
    return _conclude(checkup, by_weight(found), canary.network_answered)


def examine_now(
    *, connection: ChannelConnection, asked_by: str = "", with_canary: bool = True
) -> Checkup:
    """The same at once, for whoever waits for it; with a canary, workers have to run."""
    checkup = Checkup.objects.create(connection=connection, asked_by=asked_by)
    if not with_canary:
        found, answered = _look(connection)
        return _conclude(checkup, by_weight(found), answered)
    while examine(checkup_id=checkup.pk).verdict == Checkup.Verdict.RUNNING:
        context.release()
        time.sleep(GLANCE)
    checkup.refresh_from_db()
    return checkup


def settle_overdue(*, connection: ChannelConnection | None = None) -> list[int]:
    """Conclude looks that no worker took up or ended; the connections whose they were.

    Called by the sweeper, by the page that waits, and by the clock where there are no workers.
    """
    late = timezone.now() - patience() - UNTAKEN
    running = Checkup.objects.filter(verdict=Checkup.Verdict.RUNNING, started_at__lt=late)
    if connection is not None:
        running = running.filter(connection=connection)
    settled = []
    for checkup in running.select_related("connection", "canary"):
        canary = getattr(checkup, "canary", None)
        why = why_not_read(canary)
        if canary is not None:
            if _finish(checkup, canary).verdict == Checkup.Verdict.RUNNING:
                continue
        elif why.code in NOBODY_WORKS:
            _conclude(checkup, [why], answered=False)
        else:
            continue  # somebody may still be at it
        settled.append(checkup.connection_id)
    return settled


def examine_without_workers() -> int:
    """What the night's looks would find where no worker runs, told at once; to how many people."""
    ring_due_checkups()
    return sum(tell_of_findings(connection_id=each) for each in settle_overdue())


def _kinds(found: list[Finding]) -> set[str]:
    return {each.code.partition(":")[0] for each in found}


# -- looking


def _look(connection: ChannelConnection) -> tuple[list[Finding], bool]:
    """All that is wrong; and whether the network could be asked."""
    connection.refresh_from_db()
    if not connection.is_active:
        return [], False
    if connection.is_sandbox:  # no network knows it
        return symptoms_of(connection), True
    try:
        probed = _probe(connection)
    except CredentialsRejected as error:
        return [finding("credentials", said=error), *symptoms_of(connection)], True
    except AccountStopped as error:
        return [finding("account_status", status=error), *symptoms_of(connection)], True
    except (ProviderError, PayloadRejected) as error:
        logger.info("connection %s could not be examined: %s", connection.pk, error)
        return [finding("no_answer", Severity.INFO, said=error), *symptoms_of(connection)], False
    _learn(connection, probed)
    granted = probed.scopes if probed.scopes is not None else tuple(connection.scopes)
    return [
        *probed.findings,
        *of_the_scopes(connection, granted),
        *of_the_ends(connection, data_access=probed.data_access_ends_at),
        *symptoms_of(connection),
    ], True


def _probe(connection: ChannelConnection) -> Probed:
    """Ask; where our access only ended early, renew it and ask again."""
    try:
        return connection.provider().probe()
    except CredentialsRejected:
        if not renew_soon(connection=connection) or not renew(connection_id=connection.pk):
            raise
        connection.refresh_from_db()
        return connection.provider().probe()


def _learn(connection: ChannelConnection, probed: Probed) -> None:
    """What the network says counts for more than what we remembered."""
    changed = []
    if probed.scopes is not None and list(probed.scopes) != connection.scopes:
        connection.scopes = list(probed.scopes)
        changed.append("scopes")
    end = probed.token_ends_at
    if end is not None and connection.renew_due_at is None and end != connection.token_expires_at:
        connection.token_expires_at = end
        changed.append("token_expires_at")
    if changed:
        connection.save(update_fields=changed)


# -- concluding


@transaction.atomic
def _conclude(checkup: Checkup, found: list[Finding], answered: bool) -> Checkup:
    checkup = (
        Checkup.objects.select_for_update(of=("self",))
        .select_related("connection")
        .get(pk=checkup.pk)
    )
    if checkup.verdict != Checkup.Verdict.RUNNING:
        return checkup  # somebody else was faster
    connection = checkup.connection
    now = timezone.now()
    checkup.findings = [each.as_json() for each in found]
    checkup.verdict = _verdict(found, answered)
    checkup.finished_at = now
    checkup.save(update_fields=["findings", "verdict", "finished_at"])
    ChannelConnection.objects.filter(pk=connection.pk).update(checked_at=now)
    gone = _keep_open(checkup, found, now, answered)
    _draw_health(connection, found, gone, answered)
    _forget_old(connection)
    publish(
        "channel_checkup",
        connection=connection.pk,
        checkup=checkup.pk,
        verdict=str(checkup.verdict),
    )
    ring("tell_of_findings", connection.pk)
    return checkup


def _verdict(found: list[Finding], answered: bool) -> Checkup.Verdict:
    severities = {each.severity for each in found}
    if Severity.BAD in severities:
        return Checkup.Verdict.BAD
    if Severity.WARNING in severities:
        return Checkup.Verdict.WARNING
    return Checkup.Verdict.GOOD if answered else Checkup.Verdict.UNKNOWN


def _keep_open(checkup: Checkup, found: list[Finding], now: datetime, answered: bool) -> set[str]:
    """Open what is new, close what is gone; the bad ones that closed are returned."""
    connection = checkup.connection
    serious = [each for each in found if each.severity is not Severity.INFO]
    with translation.override(None):
        for each in serious:
            OpenFinding.objects.update_or_create(
                connection=connection,
                code=each.code,
                defaults={
                    "severity": str(each.severity),
                    "text": each.text[:300],
                    "fix": each.fix[:300],
                    "link": each.link,
                    "params": dict(each.params),
                    "last_seen_at": now,
                },
            )
    over = OpenFinding.objects.filter(connection=connection).exclude(
        code__in=[each.code for each in serious]
    )
    if not answered:
        # What the network would have said, we do not know. Our own door was seen to be open.
        if not Canary.objects.filter(checkup=checkup, state=Canary.State.THROUGH).exists():
            return set()
        over = over.filter(code__startswith="canary_")
    gone = set(over.filter(severity=str(Severity.BAD)).values_list("code", flat=True))
    over.delete()
    return gone


def _draw_health(
    connection: ChannelConnection, found: list[Finding], gone: set[str], answered: bool
) -> None:
    """The mark beside the channel. What another part of us put there stays, unless it is shown
    to be over: access that works is no reason to reconnect."""
    connection.refresh_from_db(fields=["health", "health_text"])
    if connection.health == Health.STOPPED:
        return
    bad = [each for each in found if each.severity is Severity.BAD]
    if bad:
        kinds = {each.code.partition(":")[0] for each in bad}
        health = Health.RECONNECT if kinds & RECONNECT else Health.TROUBLE
        with translation.override(None):
            set_health(connection=connection, health=health, text=bad[0].text)
    elif answered and (gone or connection.health == Health.RECONNECT):
        set_health(connection=connection, health=Health.OK, text="")


def _forget_old(connection: ChannelConnection) -> None:
    kept = list(connection.checkups.values_list("pk", flat=True)[:KEPT])
    connection.checkups.exclude(pk__in=kept).delete()
    forget_old_canaries()


# -- the night


def _is_due(connection: ChannelConnection, now: datetime, slot: int, schema: str) -> bool:
    last = connection.checked_at or connection.created_at
    if last < now - OVERDUE:
        return True
    return last < now - RESTED and slot == _own_slot(connection.pk, schema)


def _has_rested(connection: ChannelConnection, now: datetime, pause: timedelta) -> bool:
    return (connection.checked_at or connection.created_at) < now - pause


def _own_slot(connection_id: int, schema: str) -> int:
    """Which tenth minute of the night is this connection's, the same every night."""
    slots = len(NIGHT) * 60 // SLOT_MINUTES
    return crc32(f"{schema}:{connection_id}".encode()) % slots


def _slot_of(local: datetime) -> int:
    """The tenth minute of the night that it is; -1 by day."""
    if local.hour not in NIGHT:
        return -1
    return (local.hour * 60 + local.minute) // SLOT_MINUTES


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
