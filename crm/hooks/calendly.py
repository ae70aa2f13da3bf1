"""Calendly's webhooks. https://developer.calendly.com/api-docs/calendly-api/webhooks

An appointment that is moved is two events: the old invitee is canceled as ``rescheduled``, and a
new one is created.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from channels_app import wire
from crm.hooks.base import UNREADABLE, HookProvider
from crm.hooks.values import Item, Meeting, News, Unsupported
from crm.signatures import check_timestamped

CREATED, CANCELED = "invitee.created", "invitee.canceled"
MAX_ANSWERS = 10  # questions a booking page may ask


class CalendlyHook(HookProvider):
    how_to = _(
        "Create a webhook subscription over Calendly's API (POST /webhook_subscriptions) with this"
        " address as url, the secret as signing_key and the events invitee.created and"
        " invitee.canceled."
    )

    def verify(
        self, *, method: str, url: str, headers: Mapping[str, str], body: bytes, now: float
    ) -> None:
        claimed = headers.get("Calendly-Webhook-Signature", "")
        check_timestamped(claimed, secret=self.secret, body=body, now=now)

    def split(self, body: bytes) -> Iterator[Item]:
        event = wire.load_object(body)
        kind = wire.plain(event.get("event"), 64) or UNREADABLE
        kept = wire.dumps({name: event[name] for name in sorted(event)})
        yield Item("", wire.key_of("calendly", kept.hex()), kind, body)

    def read(self, kind: str, body: bytes) -> Sequence[News]:
        if kind not in {CREATED, CANCELED}:
            return [Unsupported("Not a booking or a cancellation.")]
        event = wire.load_object(body)
        invitee = wire.get_object(event, "payload")
        return [_meeting(event, invitee, is_canceled=kind == CANCELED)]


def _meeting(event: dict[str, Any], invitee: dict[str, Any], *, is_canceled: bool) -> Meeting:
    booked = invitee.get("scheduled_event")
    booked = booked if isinstance(booked, dict) else {}
    cancellation = wire.get_object(invitee, "cancellation") if is_canceled else {}
    place = booked.get("location")
    place = place if isinstance(place, dict) else {}
    return Meeting(
        external_id=wire.get_id(invitee, "uri"),
        email=wire.label(invitee, "email", 254).strip(),
        name=wire.label(invitee, "name", 200),
        phone=wire.label(invitee, "text_reminder_number", 60),
        at=wire.moment(event.get("created_at")),
        is_canceled=is_canceled,
        is_moved=is_canceled and invitee.get("rescheduled") is True,
        title=wire.label(booked, "name", 200),
        starts_at=wire.moment(booked.get("start_time")),
        ends_at=wire.moment(booked.get("end_time")),
        place=wire.label(place, "join_url", 500) or wire.label(place, "location", 500),
        reason=wire.label(cancellation, "reason", 1_000),
        answers=tuple(_answers(invitee)),
    )


def _answers(invitee: dict[str, Any]) -> Iterator[tuple[str, str]]:
    asked = invitee.get("questions_and_answers")
    for each in (asked if isinstance(asked, list) else [])[:MAX_ANSWERS]:
        if isinstance(each, dict) and (said := wire.label(each, "answer", 1_000)):
            yield wire.label(each, "question", 200), said
