"""What the CRM shows beside a conversation, on a lead's page and on the dashboard."""

import secrets

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from channels_app.models import Conversation
from crm.models import (
    CrmConnection,
    PhoneCall,
    SyncAttempt,
    SyncRecord,
    TimelineEntry,
    crm_kinds,
)
from crm.services import CallRefused, first_silent, may_call, telephony
from leads.models import Lead
from tenants.cards import Banner, Panel, Step, Tile, offer
from tenants.histories import Before, Moment
from tenants.told import told

SEE = "crm.view_syncrecord"

# Words of the rows, for the translators; templates show them by ``told``.
WORDS = (
    gettext_noop("In step"),
    gettext_noop("Waiting"),
    gettext_noop("Under way"),
    gettext_noop("Will be tried again"),
    gettext_noop("Given up"),
    gettext_noop("Deleted there"),
    gettext_noop("Running"),
    gettext_noop("Done"),
    gettext_noop("Canceled"),
    gettext_noop("Ours was right"),
    gettext_noop("Theirs was right"),
    gettext_noop("Settled by itself"),
    gettext_noop("Working"),
    gettext_noop("In trouble"),
    gettext_noop("Reconnect"),
    gettext_noop("booked"),
    gettext_noop("canceled"),
    gettext_noop("scheduled"),
    gettext_noop("queued"),
    gettext_noop("ringing"),
    gettext_noop("in-progress"),
    gettext_noop("forwarding"),
    gettext_noop("ended"),
)
SHOWN = 20  # meetings and calls beside a lead
CALLS_SHOWN = 5


@offer("banner", order=15, permission="crm.change_crmconnection")
def crms_to_connect_again() -> Banner | None:
    """A CRM that lets us in no more: leads wait until somebody acts."""
    rows = CrmConnection.objects.active().filter(health=CrmConnection.Health.RECONNECT)
    worst = rows.first()
    if worst is None:
        return None
    text = _("%(crm)s has to be connected again: leads wait here until then.") % {"crm": worst.name}
    return Banner(text, reverse("crm:connection", args=[worst.pk]), _("See what to do"), "bad")


@offer("banner", order=16, permission="crm.change_incominghook")
def vendors_that_are_silent() -> Banner | None:
    """A calendar that tells us of no appointments: people would wait for calls nobody knows of."""
    silent = first_silent()
    if silent is None:
        return None
    name, why = silent
    text = _("%(vendor)s tells us nothing: %(why)s") % {"vendor": name, "why": told(why)}
    return Banner(text, reverse("crm:state"), _("See what to do"), "bad")


@offer("crms", order=10, permission="figures.view_figure")
def crms() -> dict[str, str]:
    return dict(crm_kinds())


@offer("conversation", order=30, permission=SEE)
def beside_conversation(conversation: Conversation) -> Panel | None:
    records = SyncRecord.objects.filter(lead__contact=conversation.contact_id)
    return _panel(list(records.select_related("connection")))


@offer("lead", order=10, permission=SEE)
def beside_lead(lead: Lead) -> Panel | None:
    return _panel(list(lead.sync_records.select_related("connection")))


@offer("lead", order=4, permission="crm.view_phonecall")
def calls_of_lead(lead: Lead) -> Panel | None:
    """Having them called, where telephony is connected; and how the last calls went."""
    calls = list(PhoneCall.objects.filter(lead=lead)[:CALLS_SHOWN])
    if not calls and telephony() is None:
        return None
    refusal = ""
    try:
        may_call(lead=lead)
    except CallRefused as refused:
        refusal = refused.text
    under_way = any(not call.is_over for call in calls)
    data = {"lead": lead, "calls": calls, "refusal": refusal, "is_under_way": under_way}
    return Panel("crm/call_panel.html", {**data, "key": secrets.token_hex(16)})


@offer("lead", order=5, permission="crm.view_timelineentry")
def timeline_of_lead(lead: Lead) -> Panel | None:
    return _timeline(TimelineEntry.objects.filter(lead=lead))


@offer("conversation", order=25, permission="crm.view_timelineentry")
def timeline_beside_conversation(conversation: Conversation) -> Panel | None:
    return _timeline(TimelineEntry.objects.filter(lead__contact=conversation.contact_id))


def _timeline(entries: QuerySet[TimelineEntry]) -> Panel | None:
    found = list(entries.select_related("hook")[:SHOWN])
    return Panel("crm/timeline_panel.html", {"entries": found}) if found else None


def _panel(records: list[SyncRecord]) -> Panel | None:
    return Panel("crm/records_panel.html", {"records": records}) if records else None


@offer("dashboard.tiles", order=50, permission=SEE)
def dead_tile() -> list[Tile]:
    dead = SyncRecord.objects.filter(state=SyncRecord.State.DEAD).count()
    if not dead:
        return []
    return [
        Tile(
            _("Not in the CRM"),
            str(dead),
            _("given up; see why and retry"),
            reverse("crm:state"),
            "alert",
        )
    ]


@offer("dashboard.steps", order=50, permission="crm.add_crmconnection")
def connect_step() -> list[Step]:
    return [
        Step(
            _("Connect your CRM"),
            _("Leads go there with their score and the reasons for it."),
            reverse("crm:state"),
            _("Connect"),
            CrmConnection.objects.exists(),
        )
    ]


@offer("lead.timeline", order=40, permission="crm.view_timelineentry")
def meetings_in_time(lead: Lead, before: Before, size: int) -> list[Moment]:
    """Meetings and calls, when they took or will take place."""
    rows = TimelineEntry.objects.filter(before.of("meeting", "happens_at"), lead=lead)
    return [
        Moment(
            at=row.happens_at,
            source="meeting",
            pk=row.pk,
            what=f"{row.get_kind_display()} · {told(row.status)}",
            text=row.title or row.text[:600],
            actor=str(row.hook),
            icon="clock",
        )
        for row in rows.select_related("hook").order_by("-happens_at", "-pk")[:size]
    ]


@offer("lead.timeline", order=50, permission=SEE)
def pushes_in_time(lead: Lead, before: Before, size: int) -> list[Moment]:
    """Each try to bring the lead into a CRM, and how it went."""
    rows = SyncAttempt.objects.filter(before.of("push", "at"), record__lead=lead)
    rows = rows.select_related("record__connection").order_by("-at", "-pk")
    return [
        Moment(
            at=row.at,
            source="push",
            pk=row.pk,
            what=_("Told to the CRM") if row.is_success else _("Not taken by the CRM"),
            text=str(row.record.connection),
            actor="system",
            why=row.error_code,
            icon="crm" if row.is_success else "alert",
        )
        for row in rows[:size]
    ]
