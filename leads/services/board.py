"""Leads as people look for them: filtered, as a list, or in columns of a board."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.db.models import Avg, Count, Exists, OuterRef, Prefetch, Q

from channels_app.models import Contact, ContactIdentity
from channels_app.services.contacts import called, own_number
from leads.models import Lead, LeadQuerySet, Tag, Task
from leads.services.stages import Column, columns
from tenants import crypto

CARDS = 25
NOBODY = "none"
MINE = "me"
NAMES = ("tier", "stage", "owner", "tag", "channel", "q")


@dataclass(frozen=True, slots=True)
class Filters:
    """What somebody wants to see; an empty value leaves that out."""

    tier: str = ""
    stage: str = ""
    owner: str = ""  # a person's id, MINE or NOBODY
    tag: str = ""
    channel: str = ""
    q: str = ""  # a whole e-mail address, phone number, network id, or our number

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in NAMES)

    @property
    def query(self) -> str:
        """As an address has it; what is empty is left out."""
        return urlencode(self.given)

    @property
    def given(self) -> list[tuple[str, str]]:
        return [(name, value) for name in NAMES if (value := getattr(self, name))]

    def without(self, name: str) -> "Filters":
        return Filters(**{each: getattr(self, each) for each in NAMES if each != name})


def filters_of(query: Mapping[str, Any]) -> Filters:
    """Out of an address; what cannot be is left out."""
    given = {name: str(query.get(name, "")).strip()[:200] for name in NAMES}
    if given["tier"] not in Lead.Tier.values:
        given["tier"] = ""
    if given["stage"] not in {column.key for column in columns()}:
        given["stage"] = ""
    if not (given["owner"] in {MINE, NOBODY} or own_number(given["owner"])):
        given["owner"] = ""
    given["tag"] = str(own_number(given["tag"]) or "")
    return Filters(**given)


def matching(filters: Filters, *, user_id: int) -> LeadQuerySet:
    """The leads these filters leave; without a stage, the open ones."""
    rows = Lead.objects.all()
    rows = rows.filter(stage=filters.stage) if filters.stage else rows
    return rows.filter(_wanted(filters, user_id))


def _wanted(filters: Filters, user_id: int) -> Q:
    wanted = Q()
    if filters.tier:
        wanted &= Q(tier=filters.tier)
    if filters.owner == NOBODY:
        wanted &= Q(owner=None)
    elif filters.owner:
        wanted &= Q(owner=user_id if filters.owner == MINE else int(filters.owner))
    if filters.tag:
        tagged = Lead.tags.through.objects.filter(lead=OuterRef("pk"), tag=int(filters.tag))
        wanted &= Q(Exists(tagged))
    if filters.channel:
        written = ContactIdentity.objects.filter(
            contact=OuterRef("contact"), platform=filters.channel
        )
        wanted &= Q(Exists(written))
    return wanted & _found_by(filters.q) if filters.q else wanted


def _found_by(search: str) -> Q:
    """What they told us, or what the network says of them; both are found whole only."""
    from_contact = Q(contact__in=Contact.objects.filter(called(search)).values("pk"))
    blind = crypto.blind_index(search)
    digits = "+" + "".join(c for c in search if c.isdigit())
    indexes = [blind, crypto.blind_index(digits)]
    return (
        from_contact | Q(email_index=blind) | Q(phone_index__in=indexes) | Q(pk=own_number(search))
    )


def with_cards(rows: LeadQuerySet) -> LeadQuerySet:
    """Everything a card shows: people, tags and the task that is due next."""
    waiting = Task.objects.filter(done_at=None).select_related("assignee")
    return rows.with_people().prefetch_related(
        "tags", Prefetch("tasks", queryset=waiting, to_attr="open_tasks")
    )


def after(rows: LeadQuerySet, cursor: str) -> LeadQuerySet:
    """The leads behind this one, in the order of their scores."""
    rows = rows.order_by("-score", "-pk")
    score, _mark, pk = cursor.partition("_")
    if not (score.isdecimal() and pk.isdecimal() and len(score) < 6 and own_number(pk)):
        return rows
    return rows.filter(Q(score__lt=int(score)) | Q(score=int(score), pk__lt=int(pk)))


def cursor_of(lead: Lead) -> str:
    return f"{lead.score}_{lead.pk}"


@dataclass(slots=True)
class Pile:
    """One column of the board: its stage, its first cards, and figures of all that stand there."""

    stage: Column
    leads: list[Lead] = field(default_factory=list)
    count: int = 0
    hot: int = 0
    average: int = 0
    next: str = ""  # where the next cards begin; "": nowhere


def piles(filters: Filters, *, user_id: int) -> list[Pile]:
    """The board, in as many queries for a thousand leads a column as for one."""
    shown = [column for column in columns() if column.is_shown]
    if filters.stage:
        shown = [column for column in columns() if column.key == filters.stage]
    rows = matching(filters, user_id=user_id)
    found = {column.key: Pile(column) for column in shown}
    _count(found, rows)
    firsts = [
        rows.filter(stage=key).order_by("-score", "-pk").values_list("pk")[: CARDS + 1]
        for key, pile in found.items()
        if pile.count
    ]
    if not firsts:
        return list(found.values())
    wanted = firsts[0].union(*firsts[1:], all=True) if len(firsts) > 1 else firsts[0]
    chosen = Lead.objects.filter(pk__in=[pk for (pk,) in wanted])
    for lead in with_cards(chosen).order_by("-score", "-pk"):
        found[lead.stage].leads.append(lead)
    for pile in found.values():
        _cut(pile)
    return list(found.values())


def more_of(filters: Filters, *, stage: Column, cursor: str, user_id: int) -> Pile:
    """The cards of one column behind those that are shown."""
    rows = matching(filters, user_id=user_id).filter(stage=stage.key)
    pile = Pile(stage, list(with_cards(after(rows, cursor))[: CARDS + 1]))
    _cut(pile)
    return pile


def _count(found: dict[str, Pile], rows: LeadQuerySet) -> None:
    totals = (
        rows.order_by()
        .values("stage")
        .annotate(n=Count("pk"), hot=Count("pk", filter=Q(tier="hot")), average=Avg("score"))
    )
    for total in totals:
        if pile := found.get(total["stage"]):
            pile.count, pile.hot = total["n"], total["hot"]
            pile.average = round(total["average"])


def _cut(pile: Pile) -> None:
    more, pile.leads = len(pile.leads) > CARDS, pile.leads[:CARDS]
    pile.next = cursor_of(pile.leads[-1]) if more else ""


def tags() -> list[Tag]:
    return list(Tag.objects.staying())
