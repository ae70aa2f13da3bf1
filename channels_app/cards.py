"""What channels show on the dashboard, beside a conversation, and in the menu."""

from django.db.models import Exists
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from channels_app.models import ChannelConnection, Conversation, Message, OpenFinding
from channels_app.models.connections import channel_kinds
from channels_app.services import open_suggestions
from channels_app.services.figures import connections_in_trouble, events_waiting, last_days, today
from channels_app.services.inbox import waiting_count
from channels_app.services.incidents import open_count
from channels_app.services.telling import finding_of
from tenants.cards import Banner, Panel, Step, Tile, asked_once, offer
from tenants.charts import Pair, bar_chart
from tenants.operators.vitals import Reading, watched
from tenants.templatetags.console import duration, percent

# Shown on the channel's own page; they need nobody today.
QUIET_WARNINGS = ("sends_failed", "items_rejected", "poll_late", "fields", "webhook_waiting")
SEE = "channels_app.view_conversation"
how_many_wait, how_many_are_alone = asked_once(waiting_count), asked_once(open_count)

# Words of the rows, for the translators; templates show them by ``told``.
INCIDENT_WORDS = (
    gettext_noop("Came in and was not read"),
    gettext_noop("Nobody answered"),
    gettext_noop("The answer did not get through"),
    gettext_noop("Waits for a person too long"),
    gettext_noop("Answered"),
    gettext_noop("Read"),
    gettext_noop("Delivered"),
    gettext_noop("Handed to a person"),
    gettext_noop("Handed back to the AI"),
    gettext_noop("A draft waits for approval"),
    gettext_noop("Closed with a reason"),
    gettext_noop("Discarded"),
    gettext_noop("They wrote again"),
)


@offer("menu", order=10, permission=SEE)
def waiting() -> dict[str, int]:
    return {"inbox": how_many_wait()}


@offer("menu", order=12, permission="channels_app.view_contact")
def suggested() -> dict[str, int]:
    return {"contacts": open_suggestions().count()}


@offer("menu", order=14, permission="channels_app.view_incident")
def left_alone() -> dict[str, int]:
    return {"incidents": how_many_are_alone()}


@offer("banner", order=5, permission="channels_app.change_incident")
def alarm() -> Banner | None:
    """Somebody wrote, and nobody answered."""
    count = how_many_are_alone()
    if not count:
        return None
    text = ngettext(
        "A customer is left alone: nobody answered in time.",
        "%(count)s customers are left alone: nobody answered in time.",
        count,
    )
    return Banner(text % {"count": count}, reverse("channels_app:incidents"), _("See which"), "bad")


@offer("banner", order=10, permission="channels_app.change_channelconnection")
def channels_in_trouble() -> Banner | None:
    """What the doctor found: a channel that does not work, or will not within a week."""
    rows = list(
        OpenFinding.objects.filter(connection__is_active=True)
        .exclude(severity="warning", code__in=QUIET_WARNINGS)
        .select_related("connection")[:50]
    )
    if not rows:
        return None
    worst = min(rows, key=lambda row: (row.severity != "bad", row.pk))
    names = list(dict.fromkeys(row.connection.name for row in rows))
    found = finding_of(worst)
    text = f"{worst.connection.name}: {found.text if found else worst.text}"
    if len(names) > 1:
        more = ngettext(
            "%(count)d more channel needs attention.",
            "%(count)d more channels need attention.",
            len(names) - 1,
        )
        text = f"{text} · {more % {'count': len(names) - 1}}"
    return Banner(
        text,
        f"{reverse('channels_app:channel', args=[worst.connection_id])}#doctor",
        _("See what to do"),
        "bad" if worst.severity == "bad" else "warn",
    )


@offer("dashboard.tiles", order=10, permission=SEE)
def tiles() -> list[Tile]:
    figures = today()
    inbox = reverse("channels_app:inbox")
    waits, alone = how_many_wait(), how_many_are_alone()
    problems = connections_in_trouble() + figures.failed
    seconds = figures.first_response.total_seconds() if figures.first_response else None
    return [
        Tile(
            _("Conversations"),
            str(figures.conversations),
            _("%(count)d messages came in") % {"count": figures.inbound},
            inbox,
        ),
        Tile(_("First response"), duration(seconds), _("median of today's first answers")),
        Tile(
            _("Answered by AI"),
            percent(figures.ai_share),
            _("%(ai)d by AI, %(people)d by people")
            % {"ai": figures.by_ai, "people": figures.by_people},
        ),
        Tile(
            _("Waiting for a person"),
            str(waits),
            _("escalated or taken over, and not answered"),
            f"{inbox}?tab=escalated",
            "alert" if waits else "",
        ),
        Tile(
            _("Left alone"),
            str(alone),
            _("customers nobody answered in time"),
            reverse("channels_app:incidents"),
            "alert" if alone else "",
        ),
        Tile(
            _("Problems"),
            str(problems),
            _("messages not sent, channels in trouble"),
            reverse("channels_app:channels"),
            "alert" if problems else "",
        ),
    ]


@offer("dashboard.panels", order=20, permission=SEE)
def fortnight() -> Panel:
    days = last_days()
    pairs = [
        Pair(
            date_format(day.day, "j M"),
            day.inbound,
            day.by_ai,
            date_format(day.day, "j M") if day is days[0] or day.day.day == 1 else str(day.day.day),
        )
        for day in days
    ]
    chart = bar_chart(
        title=_("Messages of the last 14 days"),
        first_label=_("Came in"),
        second_label=_("Answered by AI"),
        pairs=pairs,
    )
    return Panel("channels_app/chart_panel.html", {"chart": chart})


@offer("dashboard.steps", order=10, permission=SEE)
def steps() -> list[Step]:
    channels = reverse("channels_app:channels")
    received = Message.objects.filter(direction=Message.Direction.IN, connection__is_sample=False)
    ours = ChannelConnection.objects.filter(is_sample=False)
    has_received = ours.values_list(Exists(received), flat=True).first()  # None: no channel yet
    return [
        Step(
            _("Connect a channel"),
            _("A page, a phone number or a bot of yours; a sandbox to try it takes one click."),
            channels,
            _("Connect"),
            has_received is not None,
        ),
        Step(
            _("Receive a test message"),
            _("Write from your own phone or a sandbox; it shows in the inbox at once."),
            channels,
            _("Write one"),
            bool(has_received),
        ),
    ]


@offer("conversation", order=10, permission="channels_app.view_contact")
def contact_panel(conversation: Conversation) -> Panel:
    return Panel(
        "channels_app/contact_panel.html",
        {
            "conversation": conversation,
            "contact": conversation.contact,
            "identities": list(conversation.contact.identities.all()),
            "suggestions": list(open_suggestions(conversation.contact)),
        },
    )


@offer("networks", order=10, permission=SEE)
def networks() -> dict[str, str]:
    return dict(channel_kinds())


@watched
def channel_vitals() -> list[Reading]:
    """For the operator: channels in trouble, what waits to be read, customers left alone."""
    connections = ChannelConnection.objects.filter(is_active=True, is_sandbox=False).count()
    troubled, waiting, alone = connections_in_trouble(), events_waiting(), open_count()
    return [
        Reading("Channels", str(connections)),
        Reading("Channels in trouble", str(troubled), troubled > 0),
        Reading("Events unread for a minute", str(waiting), waiting > 0),
        Reading("Customers left alone", str(alone), alone > 0),
    ]
