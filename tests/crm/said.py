"""What HubSpot, Calendly and Vapi say, as their documentation has it."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def millis(at) -> int:
    return int(at.timestamp() * 1000)


def changed(name, value, *, at=None, **more):
    """One event of HubSpot's: a property of contact 7001 has another value."""
    at = at or timezone.now() + timedelta(seconds=2)
    return {
        "objectId": 7001,
        "propertyName": name,
        "propertyValue": value,
        "changeSource": "CRM_UI",
        "eventId": 1,
        "subscriptionId": 25,
        "portalId": 33,
        "appId": 5,
        "occurredAt": millis(at),
        "subscriptionType": "contact.propertyChange",
        "attemptNumber": 0,
        **more,
    }


def deleted(kind="contact.deletion", **more):
    return {**changed("", ""), "subscriptionType": kind, **more}


def booked(email="ada@example.com", **more):
    return {
        "event": "invitee.created",
        "created_at": "2026-11-20T09:00:00.000000Z",
        "payload": {
            "uri": "https://api.calendly.com/scheduled_events/E1/invitees/I1",
            "email": email,
            "name": "Ada Byron",
            "status": "active",
            "questions_and_answers": [{"question": "What about?", "answer": "Two rooms"}],
            "scheduled_event": {
                "name": "Half an hour",
                "start_time": "2026-11-25T10:00:00.000000Z",
                "end_time": "2026-11-25T10:30:00.000000Z",
                "location": {"type": "zoom", "join_url": "https://zoom.example/1"},
            },
            **more,
        },
    }


def canceled(**more):
    event = booked(cancellation={"reason": "I am ill"}, **more)
    return {**event, "event": "invitee.canceled", "created_at": "2026-11-20T10:00:00.000000Z"}


def told(kind, **more):
    """One message of Vapi's about call C1."""
    call = {"id": "C1", "type": "inboundPhoneCall", "customer": {"number": "+34600000000"}}
    return {"message": {"type": kind, "call": call, "timestamp": millis(NOW), **more}}


REPORT = told(
    "end-of-call-report",
    endedReason="customer-ended-call",
    startedAt="2026-11-20T09:00:00Z",
    endedAt="2026-11-20T09:02:30Z",
    analysis={"summary": "Ada wants two rooms in May."},
    artifact={"recordingUrl": "https://storage.vapi.example/c1.wav", "transcript": "AI: Hello."},
)
