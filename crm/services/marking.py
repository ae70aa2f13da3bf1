"""Which records are behind, and when they are tried."""

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from channels_app.services import is_real
from crm.models import Backfill, CrmConnection, FieldLedger, SyncRecord
from crm.services.ringing import ring
from leads.models import Lead
from tenants.audit.services import record
from tenants.prepared import Blank, Prepared, PreparedInsert

State = SyncRecord.State

# A push holds a claim for well under a minute; after this its worker is taken for dead. Should
# it live after all, the CRM hears the same twice, under one key, and that is harmless.
CLAIM_LASTS = timedelta(seconds=60)
# The beat pushes every five minutes, and hot leads go at once: what waits longer was forgotten.
FORGOTTEN = timedelta(minutes=6)
FORGOTTEN_HOT = timedelta(seconds=30)
# How far back the sweeper looks for leads whose bell was lost; backfill sees all.
BELLS_KEPT = timedelta(days=1)
BELLS_TAKE = timedelta(seconds=5)  # a bell rung this moment is still on its way
SWEPT_AT_ONCE = 2_000


def mark_dirty(*, leads: Iterable[Lead]) -> list[int]:
    """Let every active CRM know of these leads' newest versions; returns the connections' ids.

    A burst of changes is one push: the record keeps but the newest version wanted. What failed
    keeps its waiting time; what was given up gets a new chance, for the lead is another now.
    """
    told: set[int] = set()
    for lead in leads:
        connections = [connection.pk for connection in _CONCERNED.all(lead=lead.pk)]
        _RECORDS.rows(
            [
                SyncRecord(connection_id=pk, lead=lead, wanted_version=lead.version)
                for pk in connections
            ]
        )
        told.update(connections)
    return sorted(told)


# Whoever has heard of the lead; and all, unless it became part of another, is erased, or was
# only tried out with.
_CONCERNED = Prepared(
    lambda: (
        CrmConnection.objects.active()
        .filter(
            Exists(SyncRecord.objects.filter(connection=OuterRef("pk"), lead=Blank("lead")))
            | Exists(Lead.objects.filter(is_real(OuterRef("contact")), pk=Blank("lead")))
        )
        .order_by("pk")
        .only("pk")
    )
)


@transaction.atomic
def retry_dead(*, records: QuerySet[SyncRecord], actor: str) -> int:
    """Give records that were given up, or that wait for their turn, another chance now."""
    count = retry_dead_ones(records=records)
    if count:
        record(action="crm.retried", subject="sync_records", actor=actor, details={"count": count})
    return count


@transaction.atomic
def retry_dead_ones(*, records: QuerySet[SyncRecord]) -> int:
    """The same for who keeps a record of it themselves."""
    chosen = SyncRecord.objects.filter(pk__in=records.values("pk"))
    # A person wants it back: it is made anew there, under another id.
    chosen.filter(state=State.GONE).update(external_id="", synced_version=0, heard={})
    stuck = chosen.filter(state__in=[State.DEAD, State.FAILED, State.GONE])
    connections = sorted(set(stuck.values_list("connection_id", flat=True)))
    count = stuck.update(
        state=State.DIRTY, attempts=0, next_attempt_at=timezone.now(), error_code="", error_text=""
    )
    for connection_id in connections:
        ring("push_due", connection_id)
    return count


@transaction.atomic
def resend(*, records: QuerySet[SyncRecord], actor: str) -> int:
    """Tell the CRM of these leads once more, all of them, whether or not it is behind."""
    count = resend_ones(records=records)
    if count:
        record(action="crm.resent", subject="sync_records", actor=actor, details={"count": count})
    return count


@transaction.atomic
def resend_ones(*, records: QuerySet[SyncRecord]) -> int:
    """The same for who keeps a record of it themselves."""
    chosen = SyncRecord.objects.filter(pk__in=records.values("pk"))
    retry_dead_ones(records=chosen)
    for ledger in FieldLedger.objects.select_for_update().filter(record__in=chosen):
        ledger.parts = {name: [known[0], ""] for name, known in ledger.parts.items()}
        ledger.save(update_fields=["parts"])
    chosen.filter(state=State.CLEAN).update(state=State.DIRTY, next_attempt_at=timezone.now())
    waiting = chosen.filter(state=State.DIRTY)
    for connection_id in sorted(set(waiting.values_list("connection_id", flat=True))):
        ring("push_due", connection_id)
    return waiting.count()


@transaction.atomic
def discard_dead(*, records: QuerySet[SyncRecord]) -> int:
    """Nobody wants these pushed any more; the lead's next change gives them a new chance."""
    dead = SyncRecord.objects.filter(pk__in=records.values("pk"), state=State.DEAD)
    return dead.update(discarded_at=timezone.now())


def sweep_records() -> dict[str, int]:
    """Free what dead workers held, catch up with bells that were lost, ring what was forgotten."""
    now = timezone.now()
    stale = SyncRecord.objects.filter(state=State.SYNCING, claimed_at__lt=now - CLAIM_LASTS)
    behind = set(stale.values_list("connection_id", flat=True))
    freed = stale.update(state=State.DIRTY, claim=None, claimed_at=None, next_attempt_at=now)
    unheard = _unheard()
    with transaction.atomic():  # one commit for all of them
        behind.update(mark_dirty(leads=unheard))
    forgotten = SyncRecord.objects.due().filter(
        Q(next_attempt_at__lt=now - FORGOTTEN)
        | Q(next_attempt_at__lt=now - FORGOTTEN_HOT, lead__tier=Lead.Tier.HOT)
    )
    behind.update(forgotten.values_list("connection_id", flat=True).distinct())
    ringing = CrmConnection.objects.usable().filter(pk__in=behind).values_list("pk", flat=True)
    for connection_id in ringing:
        ring("push_due", connection_id)
    return {"freed": freed, "unheard": len(unheard), "connections": len(ringing)}


def _unheard() -> list[Lead]:
    """Leads that changed lately and of which some CRM does not know the newest version."""
    now = timezone.now()
    lately = Lead.everything.filter(
        updated_at__range=(now - BELLS_KEPT, now - BELLS_TAKE), version__gt=0
    )
    found: dict[int, Lead] = {}
    for connection_id in CrmConnection.objects.active().values_list("pk", flat=True):
        told = SyncRecord.objects.filter(connection=connection_id)
        # A person has said no to those that were there before.
        refused = Backfill.objects.filter(
            connection=connection_id, state=Backfill.State.CANCELED
        ).aggregate(at=Max("finished_at"))["at"]
        missing = lately.filter(updated_at__gt=refused) if refused else lately
        missing = missing.filter(absorbed_by=None).exclude(pk__in=told.values("lead"))
        behind = lately.filter(
            sync_records__connection=connection_id, version__gt=F("sync_records__wanted_version")
        )
        for lead in [*missing[:SWEPT_AT_ONCE], *behind[:SWEPT_AT_ONCE]]:
            found[lead.pk] = lead
    return list(found.values())


# What rests is due now; what waits for its turn, or is under way, keeps its time.
_RESTS = """
    crm_syncrecord.state IN ('clean', 'dead')
    AND crm_syncrecord.wanted_version < EXCLUDED.wanted_version
"""
_RECORDS = PreparedInsert(
    SyncRecord,
    f"""
    ON CONFLICT (connection_id, lead_id) DO UPDATE SET
        wanted_version = greatest(crm_syncrecord.wanted_version, EXCLUDED.wanted_version),
        attempts = CASE WHEN {_RESTS} THEN 0 ELSE crm_syncrecord.attempts END,
        state = CASE WHEN {_RESTS} THEN EXCLUDED.state ELSE crm_syncrecord.state END,
        next_attempt_at = CASE WHEN {_RESTS} THEN EXCLUDED.next_attempt_at
                          ELSE crm_syncrecord.next_attempt_at END
    """,
)
