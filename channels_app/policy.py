"""May this be sent, here and now? One answer for people, AI, campaigns and tools.

Pure: it reads plain values and the capability table, never a row or the clock.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from channels_app.capabilities import Capabilities, TextUnit

HUMAN_AGENT = "HUMAN_AGENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the decision rests on."""

    text: str
    has_attachments: bool
    by_human: bool
    connection_active: bool
    contact_blocked: bool
    contact_unreachable: bool
    last_inbound_at: datetime | None
    now: datetime
    no_way_back: str = ""  # why nothing can be sent there at all, as a sentence


@dataclass(frozen=True, slots=True)
class Allowed:
    """It may go out; ``tag`` is what the network wants to be told with it."""

    tag: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """It may not, with a sentence for people. ``next_allowed_at`` is set where waiting helps."""

    code: str
    text: str
    next_allowed_at: datetime | None = None


Verdict = Allowed | Refused


def decide(capabilities: Capabilities, facts: Facts) -> Verdict:
    """The send policy. The first reason against it is the one given."""
    return (
        _about_the_people(facts)
        or _about_the_text(capabilities, facts)
        or _about_the_window(capabilities, facts)
    )


def _about_the_people(facts: Facts) -> Refused | None:
    if not facts.connection_active:
        return Refused("connection_inactive", "This channel is switched off.")
    if facts.no_way_back:
        return Refused("no_way_back", facts.no_way_back)
    if facts.contact_blocked:
        return Refused("contact_blocked", "This contact is blocked; unblock them to write.")
    if facts.contact_unreachable:
        return Refused("contact_unreachable", "They blocked this channel or left it.")
    return None


def _about_the_text(capabilities: Capabilities, facts: Facts) -> Refused | None:
    if not facts.text.strip() and not facts.has_attachments:
        return Refused("empty", "Write something first.")
    if facts.has_attachments and not capabilities.sends_attachments:
        return Refused("attachments", "This channel carries text only.")
    length = capabilities.length_of(facts.text)
    if length > capabilities.max_text:
        unit = capabilities.text_unit
        unit = TextUnit.CHARACTERS if unit is TextUnit.UTF16 else unit
        return Refused(
            "too_long", f"The text has {length} {unit}; this channel takes {capabilities.max_text}."
        )
    return None


def _about_the_window(capabilities: Capabilities, facts: Facts) -> Verdict:
    if capabilities.window is None:
        return Allowed()
    if facts.last_inbound_at is None:
        return Refused("not_started", "On this channel the contact has to write first.")
    silence = facts.now - facts.last_inbound_at
    if silence < capabilities.window:
        return Allowed()
    longer = capabilities.human_window or capabilities.window
    if facts.by_human and silence < longer:
        return Allowed(HUMAN_AGENT)
    limit = longer if facts.by_human else capabilities.window
    return Refused(
        "window_closed",
        f"Their last message is older than {_words(limit)}; this channel lets you answer only"
        " once they write again.",
    )


def _words(span: timedelta) -> str:
    return f"{span.days} days" if span.days > 1 else f"{int(span.total_seconds() // 3600)} hours"
