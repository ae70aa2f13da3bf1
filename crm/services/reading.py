"""From a kept event to what it means: each event once, each kind with its own deed."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from crm.hooks.values import Call, Meeting, News, RecordChanged, RecordGone, Unsupported
from crm.models import HookEvent, HookEventStep, IncomingHook
from crm.services.following import OwnerEmails, follow_change, mark_gone, owner_emails
from crm.services.ringing import ring_hook_events
from crm.services.timeline import note_call, note_meeting
from tenants.audit.services import record
from tenants.plugins.errors import ProviderError

State = HookEvent.State
Outcome = tuple[str, str]  # in one word, and the reason

PATIENCE = timedelta(seconds=15)  # a rung event is on its way for that long
MAX_ATTEMPTS = 10
AT_ONCE = 1_000
SEEN_EVERY = timedelta(minutes=1)


def read_hook_event(*, event_id: str | UUID) -> str:
    """Read one event and do what it says; return its outcome, or "" if it is not ours.

    Safe to call any number of times and from several workers at once: the row's state decides.
    """
    event = HookEvent.objects.select_related("hook__crm").filter(pk=event_id).first()
    if event is None or event.state != State.RECEIVED:
        return ""
    finished = False
    try:
        outcome = _read(event)
        finished = True
    finally:
        if not finished:  # whatever went wrong, the row remembers that it was tried
            HookEvent.objects.filter(pk=event_id).update(attempts=F("attempts") + 1)
    return outcome


def _read(event: HookEvent) -> str:
    try:
        news = event.hook.provider().read(event.kind, event.body)
        owners = owner_emails(event, news)  # asks the CRM: before any transaction
    except ProviderError as error:
        if error.retryable:
            raise
        return _finish(event, State.REJECTED, "rejected", str(error) or type(error).__name__)
    with transaction.atomic():
        # Gone, or in somebody else's hands, or finished by them.
        locked = HookEvent.objects.select_for_update(of=("self",), skip_locked=True).filter(
            pk=event.pk, state=State.RECEIVED
        )
        if not locked.exists():
            return ""
        outcome, reason = _apply_all(event, news, owners)
        done = State.UNSUPPORTED if outcome == "unsupported" else State.HANDLED
        return _finish(event, done, outcome, reason)


def _apply_all(event: HookEvent, news: Sequence[News], owners: OwnerEmails) -> Outcome:
    outcomes = [DEEDS[type(each)](event, each, owners) for each in news]
    return next(iter(outcomes), ("unsupported", "Nothing in it."))


def _unsupported(event: HookEvent, news: Unsupported, owners: OwnerEmails) -> Outcome:
    return "unsupported", news.reason


DEEDS: dict[type, Callable[[HookEvent, Any, OwnerEmails], Outcome]] = {
    RecordChanged: follow_change,
    RecordGone: mark_gone,
    Meeting: note_meeting,
    Call: note_call,
    Unsupported: _unsupported,
}


def _finish(event: HookEvent, state: str, outcome: str, reason: str) -> str:
    now = timezone.now()
    with transaction.atomic():
        HookEvent.objects.filter(pk=event.pk).update(
            state=state, outcome=outcome, reason=reason, processed_at=now
        )
        _step(event.pk, state, outcome, reason)
        _note_sign_of_life(event.hook)
    return outcome


def _step(event_id: Any, state: str, outcome: str, reason: str, actor: str = "system") -> None:
    HookEventStep.objects.create(
        event_id=event_id, state=state, outcome=outcome, reason=reason, actor=actor[:120]
    )


def _note_sign_of_life(hook: IncomingHook) -> None:
    now = timezone.now()
    if hook.last_event_at is None or now - hook.last_event_at > SEEN_EVERY:
        IncomingHook.objects.filter(pk=hook.pk).update(last_event_at=now)


@transaction.atomic
def replay_hook_events(*, events: QuerySet[HookEvent], actor: str = "system") -> int:
    """Read events once more, whatever came of them; what they brought is not doubled."""
    count = replay_dead_ones(events=events.exclude(state=State.RECEIVED), actor=actor)
    if count:
        record(action="hook.replayed", subject="hook_events", actor=actor, details={"count": count})
    return count


@transaction.atomic
def replay_dead_ones(*, events: QuerySet[HookEvent], actor: str = "system") -> int:
    """The same for who keeps a record of it themselves."""
    found = list(events.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    HookEvent.objects.filter(pk__in=found).update(
        state=State.RECEIVED, outcome="", reason="", attempts=0, processed_at=None
    )
    for pk in found:
        _step(pk, State.RECEIVED, "replayed", "", actor)
    transaction.on_commit(partial(ring_hook_events, [str(pk) for pk in found]))
    return len(found)


@transaction.atomic
def discard_dead_ones(*, events: QuerySet[HookEvent], actor: str = "system") -> int:
    """Nobody wants these any more. Should the vendor bring one again, it is read anew."""
    found = list(events.select_for_update(of=("self",)).values_list("pk", flat=True))
    HookEvent.objects.filter(pk__in=found).update(state=State.DISCARDED)
    for pk in found:
        _step(pk, State.DISCARDED, "", "", actor)
    return len(found)


def prune_hook_events(*, before: datetime) -> int:
    """Let go of events that were read before that: what they brought stays. Dead ones stay too."""
    finished = HookEvent.objects.filter(processed_at__lt=before).exclude(
        state__in=[State.RECEIVED, State.REJECTED]
    )
    return finished.delete()[1].get(HookEvent._meta.label, 0)


def ring_received() -> int:
    """Ring what was committed and never read; give up what fell over too often."""
    old = HookEvent.objects.filter(
        state=State.RECEIVED, received_at__lt=timezone.now() - PATIENCE
    ).order_by("received_at", "pk")
    for event in old.filter(attempts__gte=MAX_ATTEMPTS).select_related("hook")[:AT_ONCE]:
        reason = f"Reading it failed {MAX_ATTEMPTS} times; see the logs."
        _finish(event, State.REJECTED, "rejected", reason)
    found = [str(pk) for pk in old.values_list("pk", flat=True)[:AT_ONCE]]
    ring_hook_events(found)
    return len(found)
