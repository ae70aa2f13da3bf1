"""Bringing leads in that were there before a CRM was: page by page, resumed after a crash."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from channels_app.services import is_real
from crm.models import Backfill, CrmConnection, SyncRecord
from crm.services.ringing import ring
from leads.models import Lead
from leads.pipeline import STAGES
from tenants.audit.services import record

PAGE = 500
# So many wait at most, so that people's own changes do not stand behind a hundred thousand.
MOST_WAITING = 2_000
SOON = 5.0  # seconds until it is looked whether there is room again
State = SyncRecord.State
FILTERS = {"tiers", "stages", "changed_after"}


@transaction.atomic
def start_backfill(
    *,
    connection: CrmConnection,
    only: Mapping[str, Any] | None = None,
    again: bool = False,
    actor: str = "system",
) -> Backfill:
    """Line up every lead, or those of some tiers or stages; one order at a time, which is kept
    where there is one already."""
    chosen = checked_filter(only or {})
    CrmConnection.objects.select_for_update().get(pk=connection.pk)
    running = Backfill.objects.filter(connection=connection, state=Backfill.State.RUNNING).first()
    if running is not None:
        return running
    order = Backfill.objects.create(
        connection=connection,
        only=chosen,
        again=again,
        total=_wanted(connection, chosen, again=again).count(),
        ordered_by=actor,
    )
    if actor != "system":
        subject, details = f"crm_connection:{connection.pk}", {"total": order.total}
        record(action="crm.backfilled", subject=subject, actor=actor, details=details)
    _line_up(order)
    return order


@transaction.atomic
def line_up_next(*, backfill_id: int) -> Backfill | None:
    """The next page; safe to call by anybody at any time."""
    rows = Backfill.objects.select_for_update(of=("self",), skip_locked=True)
    order = rows.filter(pk=backfill_id, state=Backfill.State.RUNNING).first()
    if order is not None:
        _line_up(order)
    return order


def _line_up(order: Backfill) -> None:
    waiting = SyncRecord.objects.filter(connection=order.connection_id, state=State.DIRTY)
    if waiting.count() >= MOST_WAITING:
        ring("line_up_next", order.pk, delay=SOON)
        return
    leads = _wanted(order.connection, order.only, again=order.again).filter(pk__gt=order.cursor)
    page = list(leads.order_by("pk").values_list("pk", "version")[:PAGE])
    SyncRecord.objects.bulk_create(
        [
            SyncRecord(connection=order.connection, lead_id=lead_id, wanted_version=version)
            for lead_id, version in page
        ],
        ignore_conflicts=True,
    )
    there = SyncRecord.objects.filter(
        connection=order.connection, lead__in=[lead_id for lead_id, _version in page]
    )
    there.filter(state__in=[State.CLEAN, State.DEAD]).update(
        state=State.DIRTY, attempts=0, next_attempt_at=timezone.now()
    )
    order.lined_up += len(page)
    if page:
        order.cursor = page[-1][0]
    if len(page) < PAGE:
        order.state, order.finished_at = Backfill.State.DONE, timezone.now()
    else:
        ring("line_up_next", order.pk, delay=SOON)
    order.save(update_fields=["lined_up", "cursor", "state", "finished_at"])
    ring("push_due", order.connection_id)


@transaction.atomic
def cancel_backfill(*, connection: CrmConnection, actor: str) -> Backfill | None:
    """Stop it. What the CRM has stays there; what it never heard of is not told."""
    rows = Backfill.objects.select_for_update(of=("self",))
    order = rows.filter(connection=connection, state=Backfill.State.RUNNING).first()
    if order is None:
        order = rows.filter(connection=connection, state=Backfill.State.DONE).first()
        if order is None or order.arrived() >= order.lined_up:
            return None  # nothing is on its way any more
    order.state, order.finished_at = Backfill.State.CANCELED, timezone.now()
    order.save(update_fields=["state", "finished_at"])
    SyncRecord.objects.filter(
        connection=connection,
        lead_id__lte=order.cursor,
        state=State.DIRTY,
        external_id="",
        synced_version=0,
        attempts=0,
    ).delete()
    subject, details = f"crm_connection:{connection.pk}", {"arrived": order.arrived()}
    record(action="crm.backfill_canceled", subject=subject, actor=actor, details=details)
    return order


def ring_backfills() -> int:
    """For the sweeper: orders whose ring was lost."""
    running = Backfill.objects.filter(
        state=Backfill.State.RUNNING, connection__in=CrmConnection.objects.usable()
    )
    for pk in running.values_list("pk", flat=True):
        ring("line_up_next", pk)
    return len(running)


def checked_filter(only: Mapping[str, Any]) -> dict[str, Any]:
    """The filter as it is kept; raises ValidationError."""
    chosen = {name: value for name, value in only.items() if value}
    known = {"tiers": set(Lead.Tier.values), "stages": set(STAGES)}
    for name, allowed in known.items():
        given = chosen.get(name) or []
        if not isinstance(given, list) or not set(given) <= allowed:
            text = _("Choose of: %(values)s.") % {"values": ", ".join(sorted(allowed))}
            raise ValidationError({name: text})
    if chosen.keys() - FILTERS:
        raise ValidationError({"only": _("Unknown filter.")})
    if "changed_after" in chosen and parse_datetime(str(chosen["changed_after"])) is None:
        raise ValidationError({"changed_after": _("This is no date and time.")})
    return chosen


def _wanted(connection: CrmConnection, only: Mapping[str, Any], *, again: bool) -> QuerySet[Lead]:
    leads = Lead.objects.filter(is_real(OuterRef("contact")), version__gt=0)
    if not again:
        there = SyncRecord.objects.filter(connection=connection).exclude(state=State.DEAD)
        leads = leads.exclude(pk__in=there.values("lead"))
    if tiers := only.get("tiers"):
        leads = leads.filter(tier__in=tiers)
    if stages := only.get("stages"):
        named = Q(stage__in=stages)
        for stage in stages:
            named |= Q(stage__startswith=f"{stage}-")
        leads = leads.filter(named)
    if after := only.get("changed_after"):
        leads = leads.filter(updated_at__gte=parse_datetime(str(after)))
    return leads
