"""What the agent shows under its messages, beside a conversation and on the dashboard."""

from decimal import Decimal

from django.db.models import Count, Q, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from agents.models import AgentVersion, AiDisclosure, ChatTurn, ModelCall, ReplyDraft, Run
from agents.offline.difference import difference
from agents.services.going_live import is_live
from agents.services.unanswered import answers_of_people
from channels_app.models import ChannelConnection, Conversation, Message, channel_kinds
from tenants.cards import Panel, Step, Tile, offer

SEE = "agents.view_run"
LATE = (ReplyDraft.State.STALE, ReplyDraft.State.EXPIRED)

# Words of the rows, for the translators; templates show them by ``told``.
WORDS = (
    gettext_noop("Classify"),
    gettext_noop("Extract"),
    gettext_noop("Score"),
    gettext_noop("Retrieve"),
    gettext_noop("Reply"),
    gettext_noop("Validate"),
    gettext_noop("Ok"),
    gettext_noop("Warning"),
    gettext_noop("Skipped"),
    gettext_noop("Failed"),
    gettext_noop("Sent"),
    gettext_noop("Drafted"),
    gettext_noop("Handed Over"),
    gettext_noop("Silent"),
    gettext_noop("sales"),
    gettext_noop("support"),
    gettext_noop("general"),
    gettext_noop("spam"),
    gettext_noop("urgent"),
    gettext_noop("First answer"),
    gettext_noop("After a long pause"),
    gettext_noop("Back from a person"),
    gettext_noop("A draft was edited"),
    gettext_noop("A person wrote after the AI"),
)


@offer("message", order=10, permission=SEE)
def under_messages(messages: list[Message]) -> dict[int, Panel]:
    """Sources, reason and run of each message the AI wrote."""
    wanted = {message.run_id for message in messages if message.run_id}
    runs = Run.objects.in_bulk(wanted) if wanted else {}
    return {
        message.pk: Panel("agents/message_panel.html", {"run": runs[message.run_id]})
        for message in messages
        if message.author == Message.Author.AI and message.run_id in runs
    }


@offer("conversation", order=40, permission=SEE)
def last_run(conversation: Conversation) -> Panel | None:
    run = conversation.runs.prefetch_related("steps").order_by("-pk").first()
    return Panel("agents/conversation_panel.html", {"run": run}) if run else None


@offer("message", order=20, permission="agents.view_aidisclosure")
def told_with_messages(messages: list[Message]) -> dict[int, Panel]:
    """Which of our messages said that an AI answers."""
    ours = [message.pk for message in messages if message.author == Message.Author.AI]
    rows = AiDisclosure.objects.filter(message_id__in=ours) if ours else []
    return {
        row.message_id: Panel("agents/told_panel.html", {"told": row})
        for row in rows
        if row.message_id
    }


@offer("thread", order=10, permission="agents.view_replydraft")
def waiting_draft(conversation: Conversation) -> Panel | None:
    """The reply that waits; one that came too late, while the contact still waits."""
    draft = conversation.drafts.order_by("-pk").first()
    if draft is None:
        return None
    draft.conversation = conversation
    is_late = draft.is_overtaken or draft.state in LATE
    if not draft.is_open and not (is_late and conversation.waiting_since):
        return None
    changed = difference(draft.text, draft.edited_text) if draft.edited_text else []
    return Panel(
        "agents/draft_panel.html", {"draft": draft, "difference": changed, "is_late": is_late}
    )


@offer("knowledge.channels", order=10, permission="knowledge.view_curatedanswer")
def channels() -> list[tuple[str, str]]:
    """The kinds of channels that a curated answer may be kept to."""
    connected = set(ChannelConnection.objects.values_list("platform", flat=True).distinct())
    return [(kind, label) for kind, label in channel_kinds() if kind in connected]


@offer("gap.answers", order=10, permission="channels_app.view_conversation")
def what_people_said(origins: list[str]) -> list[str]:
    """What a person answered where the agent could not."""
    return answers_of_people(origins)


SAID_IN_SETTINGS = ("tone", "refusal", "handover", "confidence_gate")


@offer("settings", order=10, permission="agents.view_agentversion")
def live_version_speaks() -> Panel | None:
    """Which of the settings the live version has words of its own for."""
    live = AgentVersion.objects.filter(is_live=True).first()
    names = [name for name in SAID_IN_SETTINGS if live and live.content.get(name)]
    return Panel("agents/settings_panel.html", {"version": live, "names": names}) if names else None


@offer("dashboard.tiles", order=30, permission=SEE)
def cost_tile() -> list[Tile]:
    since = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    spent = ModelCall.objects.filter(created_at__gte=since).aggregate(
        cost=Sum("cost"), calls=Count("pk"), failed=Count("pk", filter=Q(status="failed"))
    )
    cost = spent["cost"] or Decimal(0)
    hint = _("%(count)d model calls") % {"count": spent["calls"]}
    if spent["failed"]:
        hint = _("%(hint)s, %(failed)d failed") % {"hint": hint, "failed": spent["failed"]}
    return [Tile(_("Model cost"), f"${cost:.2f}", hint, reverse("agents:runs"))]


@offer("dashboard.steps", order=40, permission=SEE)
def ask_step() -> list[Step]:
    runs = Run.objects.filter(status=Run.Status.DONE, conversation__connection__is_sample=False)
    tried = ChatTurn.objects.exists() or runs.exists()
    return [
        Step(
            _("Ask a test question"),
            _("See the answer with its sources before a customer does."),
            reverse("agents:ask"),
            _("Ask"),
            tried,
        )
    ]


@offer("dashboard.steps", order=70, permission="agents.view_autonomypolicy")
def live_step() -> list[Step]:
    return [
        Step(
            _("Go live"),
            _("Choose where the AI answers customers by itself. You can take it back at any time."),
            reverse("agents:go_live"),
            _("See what is missing"),
            is_live(),
        )
    ]
