"""Small words of the inbox's templates."""

import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels_app.clocks import FIRST, NEXT, RESOLUTION
from channels_app.drawn_rows import DrawnRows
from channels_app.models import Conversation, Message
from channels_app.services.gallery import DRAWN, ICONS
from tenants.workspace.services import profile

register = template.Library()
_rows = DrawnRows()

_MENTION = re.compile(r"(?<!\w)@[\w.+-]+(?: (?=[A-Z\u0600-\u06FF])[\w.-]+)?")


@register.simple_tag
def row(conversation: Conversation, *, opened: int, **told: Any) -> SafeString:
    """A row of the list, which sees nothing but what it is told."""
    told |= {"conversation": conversation, "is_open": conversation.pk == opened}
    return _rows.drawn(told, lambda: render_to_string("channels_app/_row.html", told))


@register.filter
def network_icon(platform: str) -> str:
    """The sprite's picture of a network."""
    return ICONS.get(platform) or (f"net-{platform}" if platform in DRAWN else "channels")


@dataclass(frozen=True, slots=True)
class Due:
    """By when something has to be done, as a list says it."""

    words: str
    title: str
    tone: str  # of the badge


TARGETS = {
    FIRST: gettext_lazy("First response due %(when)s"),
    NEXT: gettext_lazy("Next response due %(when)s"),
    RESOLUTION: gettext_lazy("Resolution due %(when)s"),
}


@register.filter
def due(conversation: Conversation) -> Due | None:
    """What runs out next in it, if it is open and anything does."""
    at = conversation.due_at
    if at is None or conversation.status != Conversation.Status.OPEN:
        return None
    left = (at - timezone.now()).total_seconds()
    when = date_format(timezone.localtime(at), "j M H:i")
    title = str(TARGETS.get(conversation.due_for, TARGETS[NEXT])) % {"when": when}
    if left <= 0:
        return Due(_("Overdue by %(span)s") % {"span": _span(max(-left // 60, 1))}, title, "bad")
    is_soon = left <= profile().due_soon_minutes * 60
    span = _span(math.ceil(left / 60))
    return Due(_("Due in %(span)s") % {"span": span}, title, "warn" if is_soon else "info")


@register.filter
def minutes(count: int | None) -> str:
    """A promise, as people say it."""
    return "–" if count is None else _span(count)


def _span(count: float) -> str:
    """Minutes as whole minutes, hours or days: as much as a list has room for."""
    if count < 120:
        return _("%(count)d min") % {"count": count}
    hours = round(count / 60)
    if hours < 48:
        return _("%(count)d h") % {"count": hours}
    return _("%(count)d days") % {"count": round(hours / 24)}


@register.filter
def ours_last(conversation: Conversation) -> bool:
    """Whether the last word in it is ours."""
    heard, said = conversation.last_inbound_at, conversation.last_message_at
    return said is not None and (heard is None or said > heard)


@register.filter
def may_be_taken_back(message: Message, now: datetime) -> bool:
    """A reply that waits a moment before it leaves."""
    due = message.next_attempt_at
    return (
        message.state == Message.State.QUEUED
        and message.attempts == 0
        and not message.error_code
        and message.author == Message.Author.HUMAN
        and due is not None
        and due > now
    )


@register.filter
def with_mentions(text: Any) -> SafeString:
    """A note's text, colleagues' names set off."""
    safe = str(conditional_escape(text))
    return mark_safe(  # noqa: S308 - escaped above
        _MENTION.sub(lambda found: f'<b class="mention">{found[0]}</b>', safe)
    )
