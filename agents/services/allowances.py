"""What a company says about models: which, how careful, how fast, and for how much."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from agents.gateway import TASKS, unknown_routes
from agents.tools import TOOLS
from agents.tools.using import tool_named
from tenants.workspace.models import Profile
from tenants.workspace.services import change_profile

SETTINGS = (
    *("hides_personal", "remembers_answers", "thinks_ahead", "answers_plainly"),
    *("tools", "model_routes"),
    *("daily_soft_cap", "daily_hard_cap", "monthly_soft_cap", "monthly_hard_cap"),
)
MOST_ROUTES = 6


def change_models(*, actor: str, **changes: Any) -> Profile:
    """Change some of ``SETTINGS``; the next question goes by it. Raises ValidationError."""
    if strange := set(changes) - set(SETTINGS):
        raise ValidationError(f"Unknown settings: {', '.join(sorted(strange))}.")
    if "model_routes" in changes:
        changes["model_routes"] = checked_routes(changes["model_routes"])
    if "tools" in changes:
        changes["tools"] = checked_tools(changes["tools"])
    return change_profile(actor=actor, **changes)


def tools_for_replies() -> list[str]:
    """What the AI can be allowed to use while it answers."""
    return [name for name in TOOLS if tool_named(name).in_replies]


def checked_tools(names: Sequence[str]) -> list[str]:
    """Each once, in our order; raises ValidationError for what no answer can use."""
    offered = tools_for_replies()
    if strange := [name for name in names if name not in offered]:
        said = _("The AI cannot use “%(tool)s” while it answers.") % {"tool": strange[0]}
        raise ValidationError({"tools": [said]})
    return [name for name in offered if name in names]


def checked_routes(routes: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Tasks with their chains, empty ones left out; raises ValidationError."""
    problems: list[str] = []
    for task, chain in routes.items():
        if task not in TASKS:
            problems.append(_("There is no task “%(task)s”.") % {"task": task})
        if len(chain) > MOST_ROUTES:
            problems.append(_("That is too many models."))
        problems += [
            _("“%(route)s” is no provider/model.") % {"route": route}
            for route in unknown_routes(chain)
        ]
    if problems:
        raise ValidationError({"model_routes": problems})
    return {task: list(chain) for task, chain in routes.items() if chain}
