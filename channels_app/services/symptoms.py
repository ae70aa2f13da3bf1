"""What our own rows say of a connection, before anybody is asked."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count
from django.utils import timezone
from django.utils.formats import date_format

from channels_app.findings import Finding, Severity, finding
from channels_app.models import ChannelConnection, InboundEvent
from channels_app.origins import origins
from channels_app.providers import CHANNELS
from channels_app.scopes import missing
from channels_app.services.intake import UNROUTED
from channels_app.services.knocking import OWN_DOORS, door_of
from channels_app.services.refusals import refusals
from channels_app.services.resending import dead_messages
from channels_app.services.routing import shared_secret
from tenants import context
from tenants.models import WebhookRoute

SOON = timedelta(days=7)
DAY = timedelta(days=1)
POLL_PATIENCE = timedelta(minutes=5)
HOPELESS_POLLS = 3
QUIET = timedelta(days=14)
NEW = timedelta(days=3)


def symptoms_of(connection: ChannelConnection) -> list[Finding]:
    """Everything that is wrong, or soon will be, as far as we can see by ourselves."""
    return [
        *_of_the_token(connection),
        *_of_the_secret(connection),
        *_of_the_refused(connection),
        *_of_the_polls(connection),
        *_of_the_last_day(connection),
        *_of_the_silence(connection),
    ]


def of_the_ends(
    connection: ChannelConnection, *, data_access: datetime | None = None
) -> Iterator[Finding]:
    """Access that ends within a week and that nothing of ours will renew."""
    now = timezone.now()
    end = connection.token_expires_at
    renews = connection.renew_due_at is not None and connection.renew_failures == 0
    if end is not None and end <= now:
        yield finding("token_ended", date=_day(end))
    elif end is not None and end <= now + SOON and not renews:
        yield finding("token_ends", Severity.WARNING, date=_day(end))
    if data_access is not None and now < data_access <= now + SOON:
        yield finding("data_access_ends", Severity.WARNING, date=_day(data_access))


def of_the_scopes(connection: ChannelConnection, granted: tuple[str, ...]) -> list[Finding]:
    """Each permission we need and do not hold, with what it breaks."""
    return [
        finding(
            f"scope:{scope.name}"[:64],
            Severity.BAD if scope.is_required else Severity.WARNING,
            scope=scope.name,
            breaks=scope.breaks,
        )
        for scope in missing(connection.platform, connection.signed_in_by, granted)
    ]


def _of_the_token(connection: ChannelConnection) -> Iterator[Finding]:
    yield from of_the_ends(connection)


def _of_the_secret(connection: ChannelConnection) -> Iterator[Finding]:
    provider = connection.provider()
    if connection.platform in OWN_DOORS:
        if door_of(connection) is None and not origins(provider.config.get("allowed_origins")):
            yield finding("no_website")
        return
    name = CHANNELS.get(connection.platform).secret_names.get("secret")
    has_own = bool(name and provider.config.get(name))
    if not name or has_own or provider.poll_every():
        return
    if not provider.has_shared_address or not shared_secret(connection.platform):
        yield finding("no_secret")
        return
    known = WebhookRoute.objects.filter(
        platform=connection.platform,
        company=context.current_company(),
        account_id=connection.account_id,
        is_verified=True,
    )
    if not known.exists():
        yield finding("not_verified")


def _of_the_refused(connection: ChannelConnection) -> Iterator[Finding]:
    """A wrong secret shows in what is refused; single ones may be anybody's, if others come."""
    count = refusals(connection_id=connection.pk)
    if not count:
        return
    last = connection.last_inbound_at
    comes = last is not None and last > timezone.now() - DAY
    yield finding("refused", Severity.WARNING if comes else Severity.BAD, count=count)


def _of_the_polls(connection: ChannelConnection) -> Iterator[Finding]:
    if not connection.provider().poll_every() or connection.poll_due_at is None:
        return
    late = timezone.now() - connection.poll_due_at
    if late > POLL_PATIENCE:
        minutes = int(late.total_seconds() // 60)
        yield finding("poll_late", Severity.WARNING, minutes=minutes)
    if connection.poll_failures >= HOPELESS_POLLS:
        yield finding("poll_failing", Severity.BAD, count=connection.poll_failures)


def _of_the_last_day(connection: ChannelConnection) -> Iterator[Finding]:
    since = timezone.now() - DAY
    failed = dead_messages().filter(connection=connection, state_at__gte=since)
    for code, row in (("sends_failed", _most(failed, "error_text")),):
        if row:
            yield finding(code, Severity.WARNING, count=row[0], said=row[1])
    rejected = InboundEvent.objects.filter(
        connection=connection, status=InboundEvent.Status.REJECTED, received_at__gte=since
    )
    # What is for an account that nobody connected can be read well.
    if row := _most(rejected.exclude(outcome=UNROUTED), "reason"):
        yield finding("items_rejected", Severity.WARNING, count=row[0], said=row[1])


def _most(rows: object, reason: str) -> tuple[int, str] | None:
    """How many there are, and what most of them say."""
    counted = list(
        rows.values_list(reason).annotate(number=Count("pk")).order_by("-number")  # type: ignore[attr-defined]
    )
    if not counted:
        return None
    return sum(number for _, number in counted), str(counted[0][0] or "–")


def _of_the_silence(connection: ChannelConnection) -> Iterator[Finding]:
    now = timezone.now()
    last = connection.last_inbound_at
    if last is None:
        if connection.created_at < now - NEW:
            yield finding("never", Severity.INFO)
    elif last < now - QUIET:
        yield finding("quiet", Severity.INFO, days=(now - last).days)


def _day(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "j M Y")
