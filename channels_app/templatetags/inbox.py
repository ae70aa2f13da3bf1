"""Small words of the inbox's templates."""

import re
from datetime import datetime
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from channels_app.drawn_rows import DrawnRows
from channels_app.models import Conversation, Message
from channels_app.services.gallery import DRAWN, ICONS

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
