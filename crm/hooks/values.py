"""What CRMs, calendars and telephony can tell us, as plain values."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Item:
    """One event of a webhook, byte for byte; ``key`` is what the vendor repeats of it."""

    account_id: str  # the vendor's account it happened in; "" where the vendor does not say
    key: str
    kind: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChanged:
    """Somebody changed a record in the CRM that stands for a lead of ours.

    ``field`` is ours (stage, owner); ``value`` a stage of ours, or the CRM's id of the owner. Of
    any other property ``field`` is empty: the connection says whether one of ours goes there.
    """

    record_id: str
    field: str
    value: str
    at: datetime | None
    name: str = ""  # as the CRM calls the property
    is_ours: bool = False  # the CRM tells us what we wrote into it ourselves


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordGone:
    """The record was deleted in the CRM, or (``is_back``) put back there."""

    record_id: str
    is_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Somebody booked an appointment, or called it off."""

    external_id: str
    email: str
    name: str
    at: datetime | None  # of this news
    is_canceled: bool = False
    is_moved: bool = False  # called off in favour of another time
    phone: str = ""
    title: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    place: str = ""
    reason: str = ""
    answers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """How far a telephone call has come, or how it went."""

    external_id: str
    status: str
    at: datetime | None  # of this news
    phone: str = ""
    name: str = ""
    direction: str = ""  # in, out, or "" where it is a call over the web
    summary: str = ""
    transcript: str = ""
    ended_reason: str = ""
    seconds: int = 0
    recording_url: str = ""  # where it lies; we do not fetch it
    reference: str = ""  # what we named it, where we asked for it
    started_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Genuine, readable, and nothing that we do anything with."""

    reason: str


News = RecordChanged | RecordGone | Meeting | Call | Unsupported
