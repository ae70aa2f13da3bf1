"""Small words about a run's steps."""

from django import template

from agents.services.rehearsing import Rehearsal

register = template.Library()


@register.filter
def took(rehearsal: Rehearsal, step: str) -> str:
    """How long a step took; nothing where it was not done."""
    done = next((one for one in rehearsal.steps if one.name == step), None)
    return f"{done.milliseconds} ms" if done else ""
