"""Customers whom nobody answered in time: found by the clock, whatever the cause.

Two questions a round while all is well: who has been silent for too long and has no incident yet,
and what became of the incidents that are open. Each is read by partial indexes that hold only
what is unfinished.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from channels_app import announcements
from channels_app.models import Conversation, Incident
from channels_app.services.endings import end_incidents
from channels_app.services.silences import Silence, find_silences
from channels_app.services.winding import house, wind_by_key
from tenants.audit.services import record
from tenants.broker import workers_seen
from tenants.live import publish
from tenants.workspace.services import profile

Kind = Incident.Kind


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why the AI said nothing, as far as it knows. ``covered``: it has done its part (a draft
    waits for approval), so that a person's patience counts."""

    cause: str
    detail: str = ""
    covered: bool = False


Explainer = Callable[[Iterable[int]], dict[int, Explanation]]
_explainers: list[Explainer] = []


def explains_silence(explainer: Explainer) -> Explainer:
    """Upper floors say what they know of conversations: ids -> explanations, in one query."""
    _explainers.append(explainer)
    return explainer


def explain(conversation_ids: Iterable[int]) -> dict[int, Explanation]:
    wanted = list(conversation_ids)
    found: dict[int, Explanation] = {}
    if wanted:
        for explainer in _explainers:
            found.update(explainer(wanted))
    return found


def watch() -> dict[str, int]:
    """One look at this company: end what was ended, open what is new; says how many."""
    ours = profile()
    now = timezone.now()
    ended = end_incidents(drafted=_drafted)
    patience = timedelta(minutes=ours.person_minutes)
    silences = find_silences(
        now=now, silence=timedelta(minutes=ours.silence_minutes), person=patience
    )
    opened = _open(silences, waits_since=now - patience) if silences else 0
    if opened or ended:
        publish("incident", permission="channels_app.view_incident", opened=opened, ended=ended)
    return {"opened": opened, "ended": ended}


def _drafted(conversation_ids: Iterable[int]) -> set[int]:
    return {pk for pk, said in explain(conversation_ids).items() if said.covered}


def _open(silences: list[Silence], *, waits_since: datetime) -> int:
    said = explain(
        each.conversation_id for each in silences if each.is_with_ai and each.conversation_id
    )
    nobody_works = not workers_seen()
    rows = []
    for silence in silences:
        known = said.get(silence.conversation_id or 0)
        if known is not None and known.covered:
            if silence.since > waits_since:
                continue
            rows.append(_incident(silence, Kind.WAITING, known.cause, known.detail))
            continue
        cause, detail = silence.cause, silence.detail
        if known is not None:
            cause, detail = known.cause, known.detail
        if nobody_works and silence.needs_worker:
            cause, detail = "no_worker", ""
        rows.append(_incident(silence, silence.kind, cause, detail))
    if not rows:
        return 0
    with transaction.atomic():
        # Another look may run beside this one: one open incident of a kind is the rule.
        before = Incident.objects.open().count()
        Incident.objects.bulk_create(rows, ignore_conflicts=True)
        opened = Incident.objects.open().count() - before
        if opened:
            kinds = sorted({row.kind for row in rows})
            announcements.left_alone(opened, kinds)
            record(
                action="incident.opened",
                subject=f"incidents:{opened}",
                details={"count": opened, "kinds": kinds},
            )
    return opened


def _incident(silence: Silence, kind: str, cause: str, detail: str) -> Incident:
    return Incident(
        kind=kind,
        connection_id=silence.connection_id,
        conversation_id=silence.conversation_id,
        message_id=silence.message_id,
        event_id=silence.event_id,
        count=silence.count,
        cause=cause[:64],
        detail=detail[:300],
        since=silence.since,
    )


def let_rest(*, conversation: Conversation, reason: str, seen_turn: int) -> bool:
    """The AI found that nothing has to be said (spam, a goodbye): nobody waits any more.

    Only if the conversation is still as it was seen; newer words are somebody's to answer.
    """
    rested = Conversation.objects.filter(
        pk=conversation.pk, turn_version=seen_turn, controller=Conversation.Controller.AI
    ).update(waiting_since=None, closing_reason=reason[:300])
    if rested and house().promises:
        wind_by_key(conversation.pk)
    return bool(rested)
