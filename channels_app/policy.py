"""May this be sent, here and now? One answer for people, AI, campaigns and tools.

Pure: it reads plain values and the capability table, never a row or the clock. Its sentences are
English, and told to people in their own language (``tenants.told``); programs branch on codes.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_noop as _

from channels_app.capabilities import Capabilities, TextUnit
from channels_app.enclosures import Enclosed
from tenants.told import Sentence

HUMAN_AGENT = "HUMAN_AGENT"

QUIET = Sentence(_("Quiet hours: no marketing messages until %(time)s (%(zone)s)."))
TOO_LATE_IN_PRIVATE = Sentence(
    _("A comment can be answered in private for %(span)s; this one is older.")
)
TOO_LONG = Sentence(_("The text has %(length)s %(unit)s; this channel takes %(most)s."))
UNITS = (_("characters"), _("bytes"))
USED_UP = Sentence(_("This channel takes %(most)s messages until they write again."))
CLOSED = Sentence(
    _(
        "Their last message is older than %(span)s; this channel lets you answer only once they"
        " write again."
    )
)
DAYS = Sentence(_("%(count)s days"), part=True)
HOURS = Sentence(_("%(count)s hours"), part=True)


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
    stopped: bool = False  # the network has locked our account
    led_elsewhere: bool = False  # another app has the thread
    opted_out: frozenset[str] = frozenset()  # purposes the contact wants nothing for
    is_template: bool = False
    template_refused: str = ""  # why this template cannot be sent
    is_marketing: bool = False
    quiet_until: datetime | None = None  # who did not ask is left in peace so long
    files: tuple[Enclosed, ...] = ()  # what is known of the attachments
    sent_in_window: int = 0  # ours since their last message
    answered: "Answered | None" = None  # the public message this is an answer to


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The public message that is to be answered, perhaps in private."""

    at: datetime
    gone: bool  # taken back by its author
    privately: bool = False
    has_private_answer: bool = False


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
        or _about_consent(facts)
        or _about_the_hour(facts)
        or _about_the_comment(capabilities, facts)
        or _about_the_template(capabilities, facts)
        or _about_the_text(capabilities, facts)
        or _about_the_files(capabilities, facts)
        or _about_the_window(capabilities, facts)
    )


def _about_the_people(facts: Facts) -> Refused | None:
    if not facts.connection_active:
        return Refused("connection_inactive", _("This channel is switched off."))
    if facts.no_way_back:
        return Refused("no_way_back", facts.no_way_back)
    if facts.stopped:
        return Refused(
            "channel_stopped", _("The network has stopped this account; see the channel.")
        )
    if facts.led_elsewhere:
        return Refused("standby", _("Another app leads this conversation at the network."))
    if facts.contact_blocked:
        return Refused("contact_blocked", _("This contact is blocked; unblock them to write."))
    if facts.contact_unreachable:
        return Refused("contact_unreachable", _("They blocked this channel or left it."))
    return None


def _about_consent(facts: Facts) -> Refused | None:
    if "all" in facts.opted_out:
        return Refused("opted_out", _("They asked not to be written to on this channel."))
    if facts.is_marketing and "marketing" in facts.opted_out:
        return Refused("opted_out", _("They asked for no marketing messages."))
    return None


def _about_the_hour(facts: Facts) -> Refused | None:
    if not facts.is_marketing or facts.quiet_until is None:
        return None
    until = facts.quiet_until
    return Refused(
        "quiet_hours",
        QUIET.of(time=f"{until:%H:%M}", zone=until.tzinfo),
        next_allowed_at=until,
    )


def _about_the_comment(capabilities: Capabilities, facts: Facts) -> Refused | None:
    if not capabilities.is_public:
        return None
    answered = facts.answered
    if answered is None:
        return Refused("nothing_to_answer", _("There is no comment left to answer."))
    if answered.gone:
        return Refused("comment_gone", _("They took their comment back."))
    if not answered.privately:
        return None
    window = capabilities.private_reply_window
    if window is None:
        return Refused("no_private_reply", _("This channel has no private answers to comments."))
    if answered.has_private_answer:
        return Refused(
            "private_reply_used",
            _("A comment can be answered in private once, and this one was."),
        )
    if facts.now - answered.at >= window:
        return Refused("private_reply_expired", TOO_LATE_IN_PRIVATE.of(span=_words(window)))
    return None


def _about_the_template(capabilities: Capabilities, facts: Facts) -> Refused | None:
    if not facts.is_template:
        return None
    if not capabilities.sends_templates:
        return Refused("no_templates", _("This channel has no message templates."))
    if facts.template_refused:
        return Refused("template_unusable", facts.template_refused)
    return None


def _about_the_text(capabilities: Capabilities, facts: Facts) -> Refused | None:
    if facts.is_template:
        return None  # the network has seen its text
    if not facts.text.strip() and not facts.has_attachments:
        return Refused("empty", _("Write something first."))
    if facts.has_attachments and not capabilities.sends_attachments:
        return Refused("attachments", _("This channel carries text only."))
    length = capabilities.length_of(facts.text)
    if length > capabilities.max_text:
        unit = capabilities.text_unit
        unit = TextUnit.CHARACTERS if unit is TextUnit.UTF16 else unit
        return Refused(
            "too_long", TOO_LONG.of(length=length, unit=unit, most=capabilities.max_text)
        )
    return None


def _about_the_files(capabilities: Capabilities, facts: Facts) -> Refused | None:
    rules = capabilities.files
    if not facts.files or not rules.sorts:
        return None
    if reason := rules.why_not(facts.files):
        return Refused(*reason)
    length = capabilities.length_of(facts.text) if facts.text.strip() else 0
    if length and not rules.fits_beside(length, facts.files):
        return Refused("text_beside_file", _("Here, words and a file travel as two messages."))
    return None


def _about_the_window(capabilities: Capabilities, facts: Facts) -> Verdict:
    if capabilities.window is None or facts.is_template:
        return Allowed()
    if facts.last_inbound_at is None:
        return Refused("not_started", _("On this channel the contact has to write first."))
    silence = facts.now - facts.last_inbound_at
    if capabilities.max_in_window and facts.sent_in_window >= capabilities.max_in_window:
        return Refused("window_used_up", USED_UP.of(most=capabilities.max_in_window))
    if silence < capabilities.window:
        return Allowed()
    longer = capabilities.human_window or capabilities.window
    if facts.by_human and silence < longer:
        return Allowed(HUMAN_AGENT)
    limit = longer if facts.by_human else capabilities.window
    return Refused("window_closed", CLOSED.of(span=_words(limit)))


def _words(span: timedelta) -> str:
    if span.days > 1:
        return DAYS.of(count=span.days)
    return HOURS.of(count=int(span.total_seconds() // 3600))
