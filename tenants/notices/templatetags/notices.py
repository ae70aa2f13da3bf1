"""The number at the bell."""

from dataclasses import dataclass
from typing import Any

from django import template

from tenants.notices.services import COUNTED, unread_count

register = template.Library()


@dataclass(frozen=True, slots=True)
class Unread:
    """How many, and as it is written."""

    number: int

    @property
    def shown(self) -> str:
        return str(self.number) if self.number <= COUNTED else f"{COUNTED}+"


@register.simple_tag(takes_context=True)
def unread_notices(context: dict[str, Any]) -> Unread | None:
    number = unread_count(context["request"].user)
    return Unread(number) if number else None
