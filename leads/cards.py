"""What leads show on the dashboard and beside a conversation."""

from django.urls import reverse
from django.utils.translation import gettext as _

from channels_app.models import Conversation
from leads.models import Lead
from leads.services import what_would_make_it_hot
from tenants.cards import Panel, Tile, offer

SEE = "leads.view_lead"


@offer("dashboard.tiles", order=5, permission=SEE)
def hot_tile() -> list[Tile]:
    hot = Lead.objects.hot()
    return [
        Tile(
            _("Hot leads"),
            str(hot.count()),
            _("%(count)d without an owner") % {"count": hot.unassigned().count()},
            f"{reverse('leads:board')}?tier=hot",
            "hot",
        )
    ]


@offer("dashboard.panels", order=10, permission=SEE)
def hottest() -> Panel | None:
    leads = list(Lead.objects.open().with_people().order_by("-score", "-pk")[:5])
    return Panel("leads/hottest_panel.html", {"leads": leads}) if leads else None


@offer("conversation", order=20, permission=SEE)
def lead_panel(conversation: Conversation) -> Panel:
    lead = (
        Lead.objects.filter(contact=conversation.contact_id)
        .select_related("contact", "owner")
        .prefetch_related("contributions")
        .first()
    )
    if lead is None:
        return Panel("leads/conversation_panel.html", {"lead": None})
    return Panel(
        "leads/conversation_panel.html",
        {
            "lead": lead,
            "reasons": sorted(lead.contributions.all(), key=lambda row: -row.points),
            "hints": what_would_make_it_hot(lead),
        },
    )
