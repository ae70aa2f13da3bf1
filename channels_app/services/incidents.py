"""What people do about a silence: see it, try again, close it with a reason."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from channels_app.models import InboundEvent, Incident, Message
from channels_app.services.conversations import close
from channels_app.services.endings import end_incidents
from channels_app.services.events import replay_events
from channels_app.services.resending import send_again
from channels_app.services.ringing import ring, ring_events
from channels_app.signals import message_received
from tenants.accounts.models import User
from tenants.audit.services import record
from tenants.live import publish
from tenants.workspace.services import profile

AT_ONCE = 1_000
UNSEEN = "events_unseen"
Kind = Incident.Kind


class CannotRetry(Exception):
    """Trying again would not help; the code says what would."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def open_count() -> int:
    return Incident.objects.open().count()


@transaction.atomic
def acknowledge(*, incident: Incident, user: User | None, actor: str) -> Incident:
    """Somebody is at it: the others need not be told again."""
    changed = Incident.objects.filter(pk=incident.pk, acknowledged_at=None).update(
        acknowledged_at=timezone.now(), acknowledged_by=user
    )
    incident.refresh_from_db()
    if changed:
        _announce(incident)
        record(action="incident.acknowledged", subject=f"incident:{incident.pk}", actor=actor)
    return incident


@transaction.atomic
def retry(*, incident: Incident, actor: str) -> None:
    """Try again what got stuck. Safe to ask twice; raises CannotRetry where it is no use."""
    if not incident.is_open:
        raise CannotRetry("resolved")
    RETRIES[incident.kind](incident)
    record(action="incident.retried", subject=f"incident:{incident.pk}", actor=actor)


def close_with_reason(
    *, incident: Incident, reason: str, user: User | None, actor: str
) -> Incident:
    """Nothing is left to say to this customer, and why; the silence ends with it."""
    if incident.conversation is None:
        raise CannotRetry("no_conversation")
    with transaction.atomic():
        close(conversation=incident.conversation, user=user, actor=actor, reason=reason)
        end_incidents(drafted=lambda ids: set(), only=Q(conversation=incident.conversation_id))
        _announce(incident)
    incident.refresh_from_db()
    return incident


def prune_incidents(*, before: datetime) -> int:
    """Let go of what was resolved before that; what is open stays, however old."""
    return Incident.objects.filter(resolved_at__lt=before).delete()[0]


def _read_again(incident: Incident) -> None:
    if incident.cause == UNSEEN:
        raise CannotRetry("seen_elsewhere")
    events = InboundEvent.objects.filter(connection=incident.connection_id)
    dead = events.filter(status=InboundEvent.Status.REJECTED).exclude(outcome="unrouted")
    replay_events(
        ids=[str(pk) for pk in dead.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]]
    )
    pending = events.filter(status=InboundEvent.Status.PENDING).order_by("pk")
    waiting = [str(pk) for pk in pending.values_list("pk", flat=True)[:AT_ONCE]]
    if waiting:
        transaction.on_commit(partial(ring_events, waiting))


def _send_again(incident: Incident) -> None:
    message = incident.message
    if message is None:
        raise CannotRetry("gone")
    if message.state == Message.State.QUEUED:
        ring("deliver_message", message.pk)
        return
    _done, kept = send_again(ids=[message.pk])
    for code in kept.values():
        raise CannotRetry(code)


def _think_again(incident: Incident) -> None:
    """Announce the customer's last words anew; the AI answers them if nobody has."""
    talk = incident.conversation
    if talk is None or not profile().ai_enabled:
        raise CannotRetry("ai_off")
    last = (
        talk.messages.filter(direction=Message.Direction.IN)
        .select_related("conversation__connection", "conversation__contact")
        .last()
    )
    if last is None or talk.waiting_since is None:
        raise CannotRetry("answered")
    transaction.on_commit(partial(message_received.send, Message, message=last, change="new"))


def _only_people(incident: Incident) -> None:
    raise CannotRetry("a_person_is_waited_for")


RETRIES: dict[str, Callable[[Incident], None]] = {
    Kind.UNREAD: _read_again,
    Kind.UNDELIVERED: _send_again,
    Kind.UNANSWERED: _think_again,
    Kind.WAITING: _only_people,
}


def _announce(incident: Incident) -> None:
    publish("incident", permission="channels_app.view_incident", incident=incident.pk)
