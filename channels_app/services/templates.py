"""Message templates: what the network has approved and lets us send outside the window."""

import logging
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop as _

from channels_app import phrases
from channels_app.models import ChannelConnection, Conversation, InboundEvent, MessageTemplate
from channels_app.providers.values import TemplateNews
from tenants import context
from tenants.plugins.errors import ProviderError
from tenants.told import Sentence

logger = logging.getLogger(__name__)

UNKNOWN_TEMPLATE = _(
    "The network knows no such template in this language; fetch the templates again."
)
STATE_OF_TEMPLATE = Sentence(_("The network's state of this template is %(state)s."))
REASONLESS = {"", "NONE", "none"}
UNUSABLE = "UNUSABLE"  # our word, where a send was refused before the network announced why


def sync_templates(*, connection: ChannelConnection) -> int:
    """Ask the network for its templates; return how many there are."""
    provider = connection.provider()
    context.release()
    found = provider.templates()
    for news in found:
        keep_template(connection=connection, news=news)
    return len(found)


def refresh_templates(*, connection: ChannelConnection) -> int:
    """The same without a word where the network has none, or does not answer now."""
    if not connection.is_active or not connection.capabilities.sends_templates:
        return 0
    try:
        return sync_templates(connection=connection)
    except ProviderError as error:
        logger.info("connection %s: its templates were not fetched: %s", connection.pk, error)
        return 0


def offered(conversation: Conversation) -> list[MessageTemplate]:
    """The templates that may be sent here and that we know how to fill."""
    if not conversation.capabilities.sends_templates:
        return []
    rows = MessageTemplate.objects.usable().filter(connection=conversation.connection_id)
    return [each for each in rows if phrases.is_ours_to_fill(each.components)]


def filled(*, template: MessageTemplate, values: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """What people see of it, and what is handed to ``post_message``; raises phrases.Unfilled."""
    phrase = phrases.fill(template.components, values)
    named = {"name": template.name, "language": template.language}
    return phrase.text, {**named, "components": list(phrase.components)}


def keep_template(*, connection: ChannelConnection, news: TemplateNews) -> MessageTemplate:
    """Keep what the network says of a template; what it does not mention stays."""
    said = {
        "external_id": news.external_id[:64],
        "status": news.status[:32],
        "category": news.category[:32],
        "components": [dict(part) for part in news.components],
    }
    values: dict[str, Any] = {name: value for name, value in said.items() if value}
    if news.status:
        values["reason"] = "" if news.reason in REASONLESS else news.reason[:300]
    row, _ = MessageTemplate.objects.update_or_create(
        connection=connection,
        name=news.name[:512],
        language=news.language[:16],
        defaults=values,
    )
    return row


def take_template_news(event: InboundEvent, inbound: TemplateNews) -> tuple[str, str]:
    row = keep_template(connection=event.connection, news=inbound)
    words = [str(row), row.status, row.category, row.reason]
    return "template", " ".join(filter(None, words))


def template_of(conversation: Conversation, template: Mapping[str, Any]) -> MessageTemplate | None:
    return MessageTemplate.objects.filter(
        connection=conversation.connection,
        name=str(template.get("name", "")),
        language=str(template.get("language", "")),
    ).first()


def why_unusable(template: MessageTemplate | None) -> str:
    """A sentence for people; empty if it may be sent."""
    if template is None:
        return UNKNOWN_TEMPLATE
    if template.is_usable:
        return ""
    reason = f": {template.reason}" if template.reason else ""
    return STATE_OF_TEMPLATE.of(state=f"{template.status or 'unknown'}{reason}")


def mark_unusable(
    *, connection: ChannelConnection, template: Mapping[str, Any], reason: str
) -> None:
    """A send was refused because of the template; the next news of it says more."""
    MessageTemplate.objects.filter(
        connection=connection,
        name=str(template.get("name", "")),
        language=str(template.get("language", "")),
        status=MessageTemplate.APPROVED,
    ).update(status=UNUSABLE, reason=reason[:300])
