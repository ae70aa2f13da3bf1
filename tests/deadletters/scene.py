"""Rows that were given up, as the pipeline leaves them."""

from datetime import timedelta
from itertools import count

from django.utils import timezone

from channels_app.models import InboundEvent, Message
from crm.models import HookEvent, IncomingHook, SyncRecord
from tenants.outgoing.models import Delivery, Endpoint, Event
from tests.factories import (
    make_connection,
    make_contact,
    make_conversation,
    make_crm,
    make_hook,
    make_lead,
    make_message,
)

_numbers = count(1)


def dead_event(
    connection=None, *, reason="mid is missing.", body=b'{"from": {"id": "49170"}}', **more
):
    return InboundEvent.objects.create(
        **{
            "connection": connection or make_connection(),
            "key": f"{next(_numbers):064d}",
            "kind": "message",
            "body": body,
            "status": InboundEvent.Status.REJECTED,
            "outcome": "rejected",
            "reason": reason,
            "processed_at": timezone.now(),
            **more,
        }
    )


def dead_message(conversation=None, *, code="131026", **more):
    return make_message(
        conversation=conversation or make_conversation(),
        **{
            "direction": Message.Direction.OUT,
            "author": Message.Author.HUMAN,
            "state": Message.State.FAILED,
            "error_code": code,
            "error_text": "The network refused this message.",
            "attempts": 3,
            "text": "Two rooms are free in May.",
            "external_id": "",
            "external_key": "",
            **more,
        },
    )


def dead_delivery(**more):
    endpoint = Endpoint.objects.create(name="n8n", url="https://n8n.example.com/", events=[])
    event = Event.objects.create(kind="lead.hot", data=b'{"lead": {"name": "Ada"}}')
    return Delivery.objects.create(
        **{
            "endpoint": endpoint,
            "event": event,
            "state": Delivery.State.DEAD,
            "attempts": 10,
            "settled_at": timezone.now(),
            "error_code": "500",
            **more,
        }
    )


def dead_record(connection=None, *, code="400", **more):
    contact = make_contact(email=f"ada{next(_numbers)}@example.com")
    return SyncRecord.objects.create(
        **{
            "connection": connection or make_crm(),
            "lead": make_lead(contact=contact),
            "state": SyncRecord.State.DEAD,
            "wanted_version": 1,
            "attempts": 14,
            "error_code": code,
            "error_text": "ada@example.com is no e-mail address.",
            "next_attempt_at": timezone.now() - timedelta(minutes=1),
            **more,
        }
    )


def dead_hook_event(hook=None, *, reason="Not JSON: at character 0.", **more):
    return HookEvent.objects.create(
        **{
            "hook": hook or IncomingHook.objects.first() or make_hook(),
            "key": f"{next(_numbers):064d}",
            "kind": "unreadable",
            "body": b"{",
            "state": HookEvent.State.REJECTED,
            "outcome": "rejected",
            "reason": reason,
            "processed_at": timezone.now(),
            **more,
        }
    )
