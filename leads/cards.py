"""What leads show on the dashboard and beside a conversation."""

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from channels_app.models import Conversation, Message
from leads.models import Lead, LeadChange
from leads.services import timeline, what_would_make_it_hot
from tenants.cards import Panel, Tile, offer
from tenants.histories import Before, Moment

SEE = "leads.view_lead"
SHOWN = 5  # of what is to be done and what has changed, beside a conversation

# Words of the rows, for the translators; templates show them by ``told``.
WORDS = (
    gettext_noop("New"),
    gettext_noop("Contacted"),
    gettext_noop("Qualified"),
    gettext_noop("Proposal"),
    gettext_noop("Won"),
    gettext_noop("Lost"),
    gettext_noop("Hot"),
    gettext_noop("Warm"),
    gettext_noop("Cold"),
    gettext_noop("Wants to buy"),
    gettext_noop("Budget"),
    gettext_noop("Interest"),
    gettext_noop("Timeline"),
    gettext_noop("Urgency"),
    gettext_noop("E-mail"),
    gettext_noop("Email"),
    gettext_noop("Phone"),
    gettext_noop("Company"),
    gettext_noop("Role"),
    gettext_noop("Mood"),
    gettext_noop("Name"),
    gettext_noop("Set by a person"),
    gettext_noop("Kept between 0 and 100"),
    gettext_noop("Draft"),
    gettext_noop("Running"),
    gettext_noop("Done"),
    gettext_noop("Discarded"),
    gettext_noop("Location"),
    gettext_noop("Stage"),
    gettext_noop("Owner"),
    gettext_noop("Score"),
    gettext_noop("Tier"),
    gettext_noop("Tag"),
    gettext_noop("Merge"),
    gettext_noop("A clear wish to buy"),
    gettext_noop("A budget with a figure"),
    gettext_noop("What exactly they need"),
    gettext_noop("When they need it"),
    gettext_noop("A date within weeks"),
    gettext_noop("An e-mail address"),
    gettext_noop("A phone number"),
    gettext_noop("The company they work for"),
    gettext_noop("Their role there"),
    gettext_noop("A friendly last message"),
    gettext_noop("Industry: fit"),
    gettext_noop("Company size: fit"),
    gettext_noop("Region: fit"),
    gettext_noop("Budget: fit"),
    gettext_noop("Role: fit"),
    gettext_noop("An industry you sell to"),
    gettext_noop("A company of the size you want"),
    gettext_noop("A region you serve"),
    gettext_noop("A budget as large as you want"),
    gettext_noop("A role that decides"),
)


@offer("dashboard.tiles", order=5, permission=SEE)
def hot_tile() -> list[Tile]:
    hot = Lead.objects.hot().aggregate(
        count=Count("pk"), unassigned=Count("pk", filter=Q(owner=None))
    )
    return [
        Tile(
            _("Hot leads"),
            str(hot["count"]),
            _("%(count)d without an owner") % {"count": hot["unassigned"]},
            f"{reverse('leads:board')}?tier=hot",
            "hot" if hot["count"] else "",
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
            "tasks": list(lead.tasks.filter(done_at=None).select_related("assignee")[:SHOWN]),
            "history": timeline.changes_of(lead, Before(), SHOWN),
            "back": reverse("channels_app:conversation", args=[conversation.pk]),
        },
    )


@offer("message", order=20, permission=SEE)
def what_it_changed(messages: list[Message]) -> dict[int, Panel]:
    """Under a message: how it moved the score, the tier or the stage."""
    rows = LeadChange.objects.filter(
        message__in=[message.pk for message in messages], field__in=["score", "tier", "stage"]
    )
    moved: dict[int, list[Moment]] = {}
    for row in rows.order_by("pk"):
        if row.before and row.message_id is not None:  # not what it was made with
            moved.setdefault(row.message_id, []).append(timeline.as_moment(row))
    return {pk: Panel("leads/message_panel.html", {"moves": found}) for pk, found in moved.items()}


@offer("lead.timeline", order=10, permission="channels_app.view_message")
def said(lead: Lead, before: Before, size: int) -> list[Moment]:
    return timeline.messages_of(lead, before, size)


@offer("lead.timeline", order=20, permission=SEE)
def changed(lead: Lead, before: Before, size: int) -> list[Moment]:
    return timeline.changes_of(lead, before, size)


@offer("lead.timeline", order=30, permission="leads.view_task")
def to_do(lead: Lead, before: Before, size: int) -> list[Moment]:
    return timeline.tasks_of_lead(lead, before, size)
