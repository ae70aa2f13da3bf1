"""One deed on many conversations, and all of it taken back."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.dateparse import parse_datetime

from channels_app.models import Conversation, Label
from channels_app.services import conversations as deeds
from channels_app.services.labelling import put_label
from channels_app.services.snoozing import snooze
from tenants.accounts.models import User

MOST = 100
KEPT = ("status", "controller", "assignee_id", "unread_count", "escalation_reason")
TIMES = ("snoozed_until", "waiting_since")
DEEDS = ("close", "reopen", "assign", "snooze", "label", "read")


@dataclass(frozen=True, slots=True)
class Done:
    """How many it was done to, and what takes it back: JSON for whoever keeps it a moment."""

    count: int
    undo: dict[str, Any]


def do_to_many(
    *,
    ids: Iterable[int],
    deed: str,
    user: User,
    assignee: User | None = None,
    until: datetime | None = None,
    label: str = "",
) -> Done:
    """Do one of ``DEEDS`` to each of these, each in a transaction of its own."""
    acts: dict[str, Callable[[Conversation], object]] = {
        "close": lambda row: deeds.close(conversation=row, user=user),
        "reopen": lambda row: deeds.reopen(conversation=row, user=user),
        "assign": lambda row: deeds.assign(conversation=row, assignee=assignee, user=user),
        "snooze": lambda row: snooze(conversation=row, until=until, user=user),
        "label": lambda row: put_label(conversation=row, name=label, user=user),
        "read": lambda row: deeds.mark_read(conversation=row, user=user),
    }
    rows = list(Conversation.objects.with_people().filter(pk__in=list(ids)[:MOST]).order_by("pk"))
    known = _labelled(rows, label) if deed == "label" else set()
    before = {}
    for row in rows:
        if row.pk in known:
            continue  # it has the label; taking back must not take it off
        was = _state(row)
        acts[deed](row)
        before[str(row.pk)] = {**was, "turn": row.turn_version}
    return Done(len(before), {"deed": deed, "label": label, "rows": before})


def undo_many(*, undo: dict[str, Any], user: User) -> int:
    """Each is again what it was, unless somebody has spoken or acted since; how many are."""
    done = 0
    for pk, was in undo["rows"].items():
        with transaction.atomic():
            row = Conversation.objects.select_for_update().filter(pk=int(pk)).first()
            if row is None or row.turn_version != was["turn"]:
                continue
            if undo["deed"] == "label":
                _take_off(row, undo["label"])
            # Under the same lock: nobody's words come between the look and the deed.
            with deeds.deed(row, "undone", user=user) as locked:
                for name in KEPT:
                    setattr(locked, name, was[name])
                for name in TIMES:
                    setattr(locked, name, parse_datetime(was[name]) if was[name] else None)
                locked.turn_version += 1
        done += 1
    return done


def _state(row: Conversation) -> dict[str, Any]:
    times = {name: value.isoformat() if (value := getattr(row, name)) else "" for name in TIMES}
    return {**{name: getattr(row, name) for name in KEPT}, **times}


def _labelled(rows: list[Conversation], name: str) -> set[int]:
    wanted = Label.objects.filter(name__iexact=" ".join(name.split()))
    return set(wanted.filter(conversations__in=rows).values_list("conversations", flat=True))


def _take_off(row: Conversation, name: str) -> None:
    for label in Label.objects.filter(name__iexact=" ".join(name.split())):
        label.conversations.remove(row)
