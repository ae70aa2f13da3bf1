"""What happens to leads, as a company's own addresses are told of it.

Called in the transaction that makes it true; costs nothing where nobody subscribed.
"""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from leads.models import Lead, LeadChange, Task
from tenants.outgoing.events import LEADS, EventType, Shape, declare
from tenants.outgoing.services import announce


class LeadCard(Shape):
    """A lead as it stands; its history and the reasons of its score are in the API."""

    lead: int
    contact: int
    version: int
    name: str
    email: str
    phone: str
    company: str
    stage: str
    tier: str
    score: int
    owner: int | None
    facts: dict[str, str]
    created_at: datetime


class Change(Shape):
    """One thing that is different: ``fact:budget``, ``score``, ``stage``, ``owner``, …"""

    field: str
    before: str
    after: str
    reason: str


class LeadNews(Shape):
    lead: LeadCard
    actor: str
    changes: list[Change]


class Moved(Shape):
    """From one stage, tier or owner to another; empty is none."""

    lead: LeadCard
    actor: str
    before: str
    after: str
    reason: str


class LeadsMerged(Shape):
    """``other`` is part of ``lead`` from now on."""

    lead: LeadCard
    other: int
    actor: str


class TaskCard(Shape):
    task: int
    lead: int
    title: str
    due_at: datetime | None
    assignee: int | None
    is_done: bool
    actor: str


_CARD = LeadCard(
    lead=12,
    contact=31,
    version=4,
    name="María Soler",
    email="maria@example.com",
    phone="+34600000001",
    company="Soler Interiors",
    stage="new",
    tier="hot",
    score=82,
    owner=2,
    facts={"budget": "12000 EUR", "timeline": "this month"},
    created_at=datetime.fromisoformat("2026-05-04T09:29:58+00:00"),
)
_BUDGET = Change(field="fact:budget", before="", after="12000 EUR", reason="")
_SCORE = Change(field="score", before="52", after="82", reason="Budget +30")

CREATED = declare(
    "lead.created",
    group=LEADS,
    label=_("A lead was found"),
    text="A contact became a lead.",
    example=LeadNews(lead=_CARD, actor="ai", changes=[_BUDGET]),
)
UPDATED = declare(
    "lead.updated",
    group=LEADS,
    label=_("Anything of a lead changed"),
    text="Anything of a lead changed; `changes` says what. The narrower events come besides.",
    example=LeadNews(lead=_CARD, actor="ai", changes=[_BUDGET, _SCORE]),
)
STAGE_CHANGED = declare(
    "lead.stage_changed",
    group=LEADS,
    label=_("A lead moved to another stage"),
    text="A person, a rule or the CRM moved a lead along the pipeline.",
    example=Moved(lead=_CARD, actor="user:2", before="new", after="qualified", reason=""),
)
TIER_CHANGED = declare(
    "lead.tier_changed",
    group=LEADS,
    label=_("A lead became hotter or colder"),
    text="A lead's score crossed a threshold of its tiers: `hot`, `warm`, `cold`.",
    example=Moved(lead=_CARD, actor="ai", before="warm", after="hot", reason="Budget +30"),
)
HOT = declare(
    "lead.hot",
    group=LEADS,
    label=_("A lead became hot"),
    text="A lead became hot and is not closed: somebody should speak with them now.",
    example=LeadNews(lead=_CARD, actor="ai", changes=[_SCORE]),
)
ASSIGNED = declare(
    "lead.assigned",
    group=LEADS,
    label=_("A lead was given to somebody"),
    text="A lead has another owner, or none; `user:2` is the person with that id.",
    example=Moved(lead=_CARD, actor="user:1", before="", after="user:2", reason=""),
)
MERGED = declare(
    "lead.merged",
    group=LEADS,
    label=_("Two leads became one"),
    text="The contacts of two leads became one, and so did the leads.",
    example=LeadsMerged(lead=_CARD, other=17, actor="user:2"),
)
_TASK = TaskCard(
    task=40,
    lead=12,
    title="Call about the quote",
    due_at=datetime.fromisoformat("2026-05-05T08:00:00+00:00"),
    assignee=2,
    is_done=False,
    actor="user:2",
)
TASK_CREATED = declare(
    "task.created",
    group=LEADS,
    label=_("A task was written down"),
    text="A person, a rule or a program wrote a task down for a lead.",
    example=_TASK,
)
TASK_DONE = declare(
    "task.completed",
    group=LEADS,
    label=_("A task was done"),
    text="A task was ticked off.",
    example=_TASK.model_copy(update={"is_done": True}),
)
TASK_DUE = declare(
    "task.due",
    group=LEADS,
    label=_("A task is due"),
    text="The time of a task has come, once.",
    example=_TASK.model_copy(update={"actor": "system"}),
)

_MOVES: dict[str, EventType[Moved]] = {
    "stage": STAGE_CHANGED,
    "tier": TIER_CHANGED,
    "owner": ASSIGNED,
}


def changed(lead: Lead, changes: Sequence[LeadChange], actor: str, *, became_hot: bool) -> None:
    """All that one change of a lead is, from the widest event to the narrowest."""

    def news() -> LeadNews:
        return LeadNews(lead=_card(lead), actor=actor, changes=[_change(each) for each in changes])

    def is_made_up() -> bool:
        return lead.contact.is_sample

    if lead.version == 1:
        announce(CREATED, news, unless=is_made_up)
    announce(UPDATED, news, unless=is_made_up)
    for change in changes:
        if lead.version > 1 and (event := _MOVES.get(change.field)):
            _moved(event, lead, change, actor)
    if became_hot:
        announce(HOT, news, unless=is_made_up)


def _moved(event: EventType[Moved], lead: Lead, change: LeadChange, actor: str) -> None:
    announce(
        event,
        lambda: Moved(
            lead=_card(lead),
            actor=actor,
            before=change.before,
            after=change.after,
            reason=change.reason,
        ),
        unless=lambda: lead.contact.is_sample,
    )


def merged(lead: Lead, other: Lead, actor: str) -> None:
    announce(
        MERGED,
        lambda: LeadsMerged(lead=_card(lead), other=other.pk, actor=actor),
        unless=lambda: lead.contact.is_sample,
    )


def task_added(task: Task, actor: str) -> None:
    announce(TASK_CREATED, lambda: _task(task, actor), unless=lambda: task.lead.contact.is_sample)


def task_done(task: Task, actor: str) -> None:
    announce(TASK_DONE, lambda: _task(task, actor), unless=lambda: task.lead.contact.is_sample)


def task_due(task: Task) -> None:
    announce(TASK_DUE, lambda: _task(task, "system"), unless=lambda: task.lead.contact.is_sample)


def _card(lead: Lead) -> LeadCard:
    return LeadCard(
        lead=lead.pk,
        contact=lead.contact_id,
        version=lead.version,
        name=lead.name,
        email=lead.email,
        phone=lead.phone,
        company=lead.company,
        stage=lead.stage,
        tier=lead.tier,
        score=lead.score,
        owner=lead.owner_id,
        facts={name: str(value) for name, value in lead.facts.items()},
        created_at=lead.created_at,
    )


def _change(row: LeadChange) -> Change:
    return Change(field=row.field, before=row.before, after=row.after, reason=row.reason)


def _task(task: Task, actor: str) -> TaskCard:
    return TaskCard(
        task=task.pk,
        lead=task.lead_id,
        title=task.title,
        due_at=task.due_at,
        assignee=task.assignee_id,
        is_done=task.is_done,
        actor=actor,
    )
