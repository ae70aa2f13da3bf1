"""Templates for programs: what may be sent in a conversation, and filling it."""

from dataclasses import asdict
from typing import Any

from rest_framework.serializers import ValidationError

from channels_app import phrases
from channels_app.models import Conversation
from channels_app.services.templates import filled, offered, template_of


def offered_templates(conversation: Conversation) -> list[dict[str, Any]]:
    return [
        {
            "name": each.name,
            "language": each.language,
            "category": each.category,
            "gaps": [asdict(gap) for gap in phrases.gaps(each.components)],
            "preview": phrases.preview(each.components, {}),
        }
        for each in offered(conversation)
    ]


def said_by(
    conversation: Conversation, template: dict[str, Any] | None, said: dict[str, Any]
) -> dict[str, Any] | None:
    """The template as it is sent. Filled by ``values``, what people see of it becomes the text,
    unless one was given."""
    if template is None or "values" not in template:
        return template
    values = template.pop("values")
    known = template_of(conversation, template)
    if known is None:
        return template  # the send policy says so
    try:
        text, ready = filled(template=known, values=values)
    except phrases.Unfilled as unfilled:
        problems = {key: [said] for key, said in unfilled.problems.items()}
        raise ValidationError({"template": {"values": problems}}) from unfilled
    said["text"] = said["text"] or text
    return ready
