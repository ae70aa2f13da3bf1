"""HubSpot's webhooks. https://developers.hubspot.com/docs/api-reference/2026-03/webhooks/guide

A public app has one address for every account that installed it; a private app lives in one
account and has an address and a secret of its own. Both send arrays of up to 100 events, in any
order and more than once; a public app's may be of several accounts.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from channels_app import wire
from crm.hooks.base import UNREADABLE, HookProvider, SecretForm
from crm.hooks.values import Item, News, RecordChanged, RecordGone, Unsupported
from crm.signatures import check_hubspot
from tenants.plugins.errors import PayloadRejected

CONTACT = "0-1"  # objectTypeId of contacts, where subscriptions are of any object
OWNER = "hubspot_owner_id"
OUR_STAGE = "leadwire_stage"
STAGES = ("new", "contacted", "qualified", "proposal", "won", "lost")
# HubSpot's own words for how far somebody is, as far as they say what ours say.
# https://knowledge.hubspot.com/contacts/use-lifecycle-stages
STAGE_OF: Mapping[str, Mapping[str, str]] = {
    OUR_STAGE: {stage: stage for stage in STAGES},
    "lifecyclestage": {
        "marketingqualifiedlead": "qualified",
        "salesqualifiedlead": "qualified",
        "opportunity": "proposal",
        "customer": "won",
    },
    "hs_lead_status": {
        "NEW": "new",
        "ATTEMPTED_TO_CONTACT": "contacted",
        "CONNECTED": "contacted",
        "IN_PROGRESS": "contacted",
        "OPEN_DEAL": "proposal",
        "UNQUALIFIED": "lost",
    },
}
# Where a change comes from when a program wrote it.
PROGRAMS = {"INTEGRATION", "API"}
# What differs between two deliveries of one event.
CHANGING = {"attemptNumber"}


class HubSpotHook(HookProvider):
    app = "hubspot"
    makes_secret = False
    how_to = _(
        "In HubSpot open your private app, enter this address under Webhooks as target URL and"
        " subscribe to contact.propertyChange (hubspot_owner_id, lifecyclestage, hs_lead_status,"
        " leadwire_stage), contact.deletion and contact.restore. The app's client secret is the"
        " secret asked for here."
    )

    class ConfigForm(SecretForm):
        pass

    def verify(
        self, *, method: str, url: str, headers: Mapping[str, str], body: bytes, now: float
    ) -> None:
        check_hubspot(headers, secret=self.secret, method=method, url=url, body=body, now=now)

    def split(self, body: bytes) -> Iterator[Item]:
        found = wire.loads(body)
        if not isinstance(found, list | dict):
            raise PayloadRejected("Expected a list of events.")
        for event, raw in wire.objects(found):
            if event is None:
                text = wire.dumps(raw)
                yield Item("", wire.key_of(UNREADABLE, text.hex()), UNREADABLE, text)
                continue
            # Its own ids are "not guaranteed to be unique": the whole of it is.
            kept = wire.dumps({name: event[name] for name in sorted(event.keys() - CHANGING)})
            yield Item(
                account_id=_account(event),
                key=wire.key_of("hubspot", kept.hex()),
                kind=wire.plain(event.get("subscriptionType"), 64) or UNREADABLE,
                body=wire.dumps(event),
            )

    def read(self, kind: str, body: bytes) -> Sequence[News]:
        event = wire.load_object(body)
        subject, _dot, deed = kind.partition(".")
        if subject == "object" and str(event.get("objectTypeId", "")) == CONTACT:
            subject = "contact"
        if subject != "contact" or deed not in DEEDS:
            return [Unsupported(f"Nothing is done with {wire.plain(kind, 64) or 'this'}.")]
        return [DEEDS[deed](event, wire.get_id(event, "objectId"))]


def _changed(event: dict[str, Any], record_id: str) -> News:
    name, value = wire.label(event, "propertyName", 100), _value(event)
    at = _moment(event)
    if name == OWNER:
        return RecordChanged(record_id=record_id, field="owner", value=value, at=at, name=name)
    stages = STAGE_OF.get(name)
    if stages is None:
        return RecordChanged(record_id=record_id, field="", value=value, at=at, name=name)
    stage = stages.get(value, "")
    if not stage:
        return Unsupported(f"{name} {wire.plain(value)!r} says nothing of a stage of ours.")
    # Nobody but us writes our own property by program.
    source = wire.label(event, "changeSource", 40)
    is_ours = name == OUR_STAGE and source in PROGRAMS
    return RecordChanged(
        record_id=record_id, field="stage", value=stage, at=at, name=name, is_ours=is_ours
    )


def _gone(event: dict[str, Any], record_id: str) -> News:
    return RecordGone(record_id=record_id)


def _back(event: dict[str, Any], record_id: str) -> News:
    return RecordGone(record_id=record_id, is_back=True)


DEEDS = {
    "propertyChange": _changed,
    "deletion": _gone,
    "privacyDeletion": _gone,
    "restore": _back,
}


def _account(event: dict[str, Any]) -> str:
    portal = event.get("portalId")
    is_id = isinstance(portal, int | str) and not isinstance(portal, bool)
    return str(portal)[: wire.MAX_ACCOUNT] if is_id and str(portal).isprintable() else ""


def _value(event: dict[str, Any]) -> str:
    """A property's value as text: HubSpot sends numbers as either."""
    value = event.get("propertyValue")
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)[:2_000]


def _moment(event: dict[str, Any]) -> datetime | None:
    return wire.moment(event.get("occurredAt"), milliseconds=True)
