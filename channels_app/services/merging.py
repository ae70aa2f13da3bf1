"""Making two contacts one, and two again.

Rows move, nothing is copied or thrown away, and the merge remembers which: undone, they go back,
and so does whatever came since over an identity that goes back. Locked in one order, the
conversations before the contacts, as whoever takes a message in does.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import OperationalError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop as _
from psycopg.errors import DeadlockDetected

from channels_app import announcements
from channels_app.models import (
    Contact,
    ContactIdentity,
    ContactMerge,
    Conversation,
    MergeSuggestion,
    OptOut,
)
from channels_app.services.followers import Merging, Parting, followers
from channels_app.services.people import hold
from tenants.audit.services import record
from tenants.live import publish

ATTEMPTS = 5
LEARNT = ("name", "email", "phone", "language")
T = TypeVar("T")


class MergeRefused(Exception):
    """These two cannot be merged, or not parted; the text is for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class _MovedMeanwhile(Exception):
    """A conversation began after we had locked all of them: look again."""


def merge(*, survivor: Contact, absorbed: Contact, actor: str) -> ContactMerge:
    """Make ``absorbed`` part of ``survivor``; raises MergeRefused where that cannot be."""
    return _patiently(lambda: _merge(survivor.pk, absorbed.pk, actor))


def undo(*, merge: ContactMerge, actor: str) -> ContactMerge:
    """Let the absorbed contact stand by itself again; raises MergeRefused."""
    return _patiently(lambda: _undo(merge.pk, actor))


def _patiently(deed: Callable[[], T]) -> T:
    """Try again where somebody began a conversation, or held what we wanted, meanwhile."""
    for _attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                return deed()
        except _MovedMeanwhile:
            continue
        except OperationalError as error:
            if not isinstance(error.__cause__, DeadlockDetected):
                raise
    raise MergeRefused("busy", _("They are writing in this moment; try again."))


def _merge(survivor_id: int, absorbed_id: int, actor: str) -> ContactMerge:
    if survivor_id == absorbed_id:
        raise MergeRefused("same", _("That is one and the same contact."))
    survivor, absorbed = _locked(survivor_id, absorbed_id)
    if survivor.absorbed_into_id or absorbed.absorbed_into_id:
        raise MergeRefused("absorbed", _("One of them is part of another contact already."))
    absorbed.absorbed_into = survivor
    absorbed.save(update_fields=["absorbed_into", "updated_at"])
    moved: dict[str, Any] = {
        "identities": _move(ContactIdentity.objects.filter(contact=absorbed), survivor),
        "conversations": _move(Conversation.objects.filter(contact=absorbed), survivor),
        "opt_outs": _move(_opt_outs_to_move(survivor, absorbed), survivor),
        **_learn_from(survivor, absorbed),
    }
    # What they share with third people is found anew, as the survivor's.
    ContactIdentity.objects.filter(pk__in=moved["identities"]).update(compared_at=None)
    merging = Merging(survivor=survivor, absorbed=absorbed, actor=actor)
    moved["followers"] = {each.name: each.merged(merging) for each in followers()}
    row = ContactMerge.objects.create(
        survivor=survivor, absorbed=absorbed, moved=moved, actor=actor[:120]
    )
    _decide(survivor, absorbed, MergeSuggestion.State.MERGED, actor)
    _announce(survivor, absorbed)
    announcements.merged(survivor, absorbed)
    details = {"absorbed": absorbed.pk, "conversations": len(moved["conversations"])}
    record(action="contact.merged", subject=f"contact:{survivor.pk}", actor=actor, details=details)
    return row


def _locked(survivor_id: int, absorbed_id: int) -> tuple[Contact, Contact]:
    """Both contacts, and everything that may bring them something new, until the commit."""
    both = [survivor_id, absorbed_id]
    identities = ContactIdentity.objects.filter(contact__in=both).order_by("pk")
    for platform, account_id, external_id in sorted(
        identities.values_list("platform", "account_id", "external_id")
    ):
        hold("person", platform, account_id, external_id)
    theirs = Conversation.objects.filter(contact__in=both).order_by("pk").values_list("pk")
    conversations = list(theirs.select_for_update())
    contacts = Contact.objects.select_for_update().filter(pk__in=both).order_by("pk").in_bulk()
    if len(contacts) < len(both):
        raise MergeRefused("gone", _("One of them is not here any more."))
    if list(theirs) != conversations:
        raise _MovedMeanwhile
    return contacts[survivor_id], contacts[absorbed_id]


def _move(rows: QuerySet[Any], to: Contact) -> list[int]:
    found = list(rows.order_by("pk").values_list("pk", flat=True))
    rows.model._base_manager.filter(pk__in=found).update(contact=to)
    return found


def _opt_outs_to_move(survivor: Contact, absorbed: Contact) -> QuerySet[OptOut]:
    """All but those that the survivor has in force as well: one is enough."""
    known = set(survivor.opt_outs.in_force().values_list("connection", "purpose"))
    doubled = [
        pk
        for pk, *what in absorbed.opt_outs.in_force().values_list("pk", "connection", "purpose")
        if tuple(what) in known
    ]
    return OptOut.objects.filter(contact=absorbed).exclude(pk__in=doubled)


def _learn_from(survivor: Contact, absorbed: Contact) -> dict[str, Any]:
    """Fill what the survivor does not say; whoever was blocked or said stop stays so."""
    filled = {
        name: value
        for name in LEARNT
        if (value := getattr(absorbed, name)) and not getattr(survivor, name)
    }
    was_blocked = survivor.is_blocked
    for name, value in filled.items():
        setattr(survivor, name, value)
    survivor.is_blocked = survivor.is_blocked or absorbed.is_blocked
    survivor.has_opted_out = survivor.has_opted_out or absorbed.has_opted_out
    survivor.save(update_fields=[*filled, "is_blocked", "has_opted_out", "updated_at"])
    return {"filled": filled, "was_blocked": was_blocked}


# -- and back


def _undo(merge_id: int, actor: str) -> ContactMerge:
    row = ContactMerge.objects.get(pk=merge_id)
    survivor, absorbed = _locked(row.survivor_id, row.absorbed_id)
    row = ContactMerge.objects.select_for_update().get(pk=merge_id)
    if row.is_undone or absorbed.absorbed_into_id != survivor.pk:
        raise MergeRefused("undone", _("This was undone already."))
    if survivor.absorbed_into_id:
        raise MergeRefused(
            "absorbed", _("They became part of another contact since; undo that first.")
        )
    absorbed.absorbed_into = None
    absorbed.save(update_fields=["absorbed_into", "updated_at"])
    identities = _identities_to_part(row)
    conversations = _conversations_to_part(row, identities)
    _move(ContactIdentity.objects.filter(pk__in=[each.pk for each in identities]), absorbed)
    _move(conversations, absorbed)
    _part_opt_outs(row, absorbed)
    _forget_learnt(row, survivor, absorbed)
    returned = tuple(absorbed.conversations.order_by("pk").values_list("pk", flat=True))
    for each in reversed(followers()):
        each.parted(
            Parting(
                survivor=survivor,
                absorbed=absorbed,
                conversations=returned,
                kept=row.moved.get("followers", {}).get(each.name, {}),
                actor=actor,
            )
        )
    row.undone_at, row.undone_by = timezone.now(), actor[:120]
    row.save(update_fields=["undone_at", "undone_by"])
    _decide(survivor, absorbed, MergeSuggestion.State.DISMISSED, actor)
    _announce(survivor, absorbed)
    announcements.parted(survivor, absorbed)
    details = {"absorbed": absorbed.pk, "conversations": len(returned)}
    record(action="contact.parted", subject=f"contact:{survivor.pk}", actor=actor, details=details)
    return row


def _identities_to_part(row: ContactMerge) -> list[ContactIdentity]:
    """Those that came along, and what became known since at accounts that only they had."""
    with_survivor = list(row.survivor.identities.order_by("pk"))
    came_along = set(row.moved["identities"])
    returning = [each for each in with_survivor if each.pk in came_along]
    accounts = _accounts(returning) - _accounts(
        [each for each in with_survivor if each.pk not in came_along and each.created_at < row.at]
    )
    return returning + [
        each
        for each in with_survivor
        if each.pk not in came_along
        and each.created_at >= row.at
        and (each.platform, each.account_id) in accounts
    ]


def _accounts(identities: list[ContactIdentity]) -> set[tuple[str, str]]:
    return {(each.platform, each.account_id) for each in identities}


def _conversations_to_part(
    row: ContactMerge, identities: list[ContactIdentity]
) -> QuerySet[Conversation]:
    """Those that came along, and those begun since over an identity that goes back."""
    wanted = Q(pk__in=row.moved["conversations"])
    staying = _accounts(list(row.survivor.identities.exclude(pk__in=[i.pk for i in identities])))
    for each in identities:
        account = Q(connection__platform=each.platform, connection__account_id=each.account_id)
        wanted |= account & Q(thread_index=each.external_id_index)
        if (each.platform, each.account_id) not in staying:  # a thread under a post, a group
            wanted |= account & Q(created_at__gte=row.at)
    return Conversation.objects.filter(wanted, contact=row.survivor)


def _part_opt_outs(row: ContactMerge, absorbed: Contact) -> None:
    """Theirs go back as they stand now; what was said to both of them since holds for both."""
    _move(OptOut.objects.filter(pk__in=row.moved["opt_outs"], contact=row.survivor), absorbed)
    here = Q(connection=None) | Q(connection__in=absorbed.conversations.values("connection"))
    since = row.survivor.opt_outs.in_force().filter(here, at__gte=row.at)
    for said in since:
        OptOut.objects.get_or_create(
            contact=absorbed,
            connection=said.connection,
            purpose=said.purpose,
            ended_at=None,
            defaults={"source": said.source, "reason": said.reason, "at": said.at},
        )


def _forget_learnt(row: ContactMerge, survivor: Contact, absorbed: Contact) -> None:
    """Take back what the survivor had from the other, unless somebody has changed it since."""
    filled: dict[str, str] = row.moved["filled"]
    for name, value in filled.items():
        if getattr(survivor, name) == value:
            setattr(survivor, name, "")
    was_blocked = row.moved["was_blocked"]
    if survivor.is_blocked and not was_blocked:
        if absorbed.is_blocked:
            survivor.is_blocked = False  # it was the other who was blocked
        else:
            absorbed.is_blocked = True  # both were, as one
    for contact in (survivor, absorbed):
        contact.has_opted_out = contact.opt_outs.in_force().exists()
    survivor.save(update_fields=[*filled, "is_blocked", "has_opted_out", "updated_at"])
    absorbed.save(update_fields=["is_blocked", "has_opted_out", "updated_at"])


def _decide(one: Contact, other: Contact, state: str, actor: str) -> None:
    first, second = sorted((one.pk, other.pk))
    MergeSuggestion.objects.filter(one=first, other=second).update(
        state=state, decided_by=actor[:120], decided_at=timezone.now()
    )


def _announce(survivor: Contact, absorbed: Contact) -> None:
    publish("contact_changed", contact=survivor.pk, other=absorbed.pk)
