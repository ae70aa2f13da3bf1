"""What a company calls the stages of its leads."""

from django import template

from leads.services.stages import stage_name

register = template.Library()


@register.filter
def stage(key: str) -> str:
    """The stage under its company's name."""
    return stage_name(key)
