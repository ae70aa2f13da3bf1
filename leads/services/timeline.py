"""Everything that happened to a lead: words, changes and tasks; floors above add their own."""

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from channels_app.models import Message
from leads.models import Lead, LeadChange
from leads.services.stages import stage_name
from tenants.accounts.models import User
from tenants.histories import Before, Moment
from tenants.told import told

LONGEST = 600  # characters of a message; the conversation has all of it

WHO = {Message.Author.AI: "ai", Message.Author.SYSTEM: "system"}


def messages_of(lead: Lead, before: Before, size: int) -> list[Moment]:
    """What was said on either side, and notes beside it."""
    rows = Message.objects.filter(conversation__contact=lead.contact_id)
    rows = rows.filter(before.of("message", "provider_time")).select_related("connection")
    return [_said(row) for row in rows.order_by("-provider_time", "-pk")[:size]]


def _said(row: Message) -> Moment:
    kinds = {
        Message.Direction.IN: (_("Wrote"), "inbox"),
        Message.Direction.OUT: (_("Was answered"), "send"),
        Message.Direction.NOTE: (_("Note"), "note"),
    }
    what, icon = kinds[Message.Direction(row.direction)]
    text = row.text if row.deleted_at is None else _("The message was unsent.")
    if not text and row.attachments:
        text = _("An attachment")
    by_person = f"user:{row.user_id}" if row.user_id else ""
    return Moment(
        at=row.provider_time,
        source="message",
        pk=row.pk,
        what=f"{what} · {row.connection}",
        text=text[:LONGEST],
        actor=by_person or WHO.get(Message.Author(row.author), ""),
        icon=icon,
        url=reverse("channels_app:conversation", args=[row.conversation_id]),
    )


def changes_of(lead: Lead, before: Before, size: int) -> list[Moment]:
    """Stage, owner, score, tier, facts and tags: what it was, what it became, and why."""
    rows = LeadChange.objects.filter(_lead_or_merged(lead)).filter(before.of("change", "at"))
    return [as_moment(row) for row in rows.order_by("-at", "-pk")[:size]]


def _lead_or_merged(lead: Lead) -> Q:
    """The lead, whatever was merged into it, and into that."""
    return Q(lead=lead) | Q(lead__absorbed_by=lead) | Q(lead__absorbed_by__absorbed_by=lead)


def as_moment(row: LeadChange) -> Moment:
    """One change, with stages and tiers under the names people know."""
    was, became = row.before, row.after
    if row.field == "stage":
        was, became = (stage_name(key) if key else "" for key in (was, became))
    elif row.field == "tier":
        was, became = told(was.capitalize()), told(became.capitalize())
    field = row.field.removeprefix("fact:").replace("_", " ").capitalize()
    return Moment(
        at=row.at,
        source="change",
        pk=row.pk,
        what=told(field),
        text=f"{was or '–'} → {became or '–'}",
        actor=row.actor,
        why=row.reason,
        icon="flame" if row.field in {"score", "tier"} else "leads",
        details={"is_owner": row.field == "owner", "was": was, "became": became},
    )


def tasks_of_lead(lead: Lead, before: Before, size: int) -> list[Moment]:
    """Tasks twice: when they were written down and when they were done."""
    made = lead.tasks.filter(before.of("task", "created_at"))
    done = lead.tasks.filter(~Q(done_at=None)).filter(before.of("taskdone", "done_at"))
    told_of = [
        Moment(
            at=row.created_at,
            source="task",
            pk=row.pk,
            what=_("Task"),
            text=row.title,
            actor=row.created_by,
            icon="clock",
        )
        for row in made.order_by("-created_at", "-pk")[:size]
    ]
    for row in done.order_by("-done_at", "-pk")[:size]:
        if row.done_at is not None:
            told_of.append(
                Moment(
                    at=row.done_at,
                    source="taskdone",
                    pk=row.pk,
                    what=_("Task done"),
                    text=row.title,
                    actor=row.done_by,
                    icon="check",
                )
            )
    return told_of


def named(moments: list[Moment]) -> dict[str, str]:
    """Actors by the names people know, in one query."""
    actors = {moment.actor for moment in moments}
    for moment in moments:
        if moment.details.get("is_owner"):
            actors |= {moment.details["was"], moment.details["became"]}
    ids = {actor.removeprefix("user:") for actor in actors if actor.startswith("user:")}
    people = User.objects.filter(pk__in=[pk for pk in ids if pk.isdecimal()]) if ids else []
    names = {user.actor: str(user) for user in people}
    ours = {"ai": _("AI"), "system": _("By itself")}
    rules = {actor: _("A rule") for actor in actors if actor.startswith("rule:")}
    return {actor: names.get(actor) or {**ours, **rules}.get(actor) or actor for actor in actors}
