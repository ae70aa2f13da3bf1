"""What everybody must know of a limit, on every page: read from the profile, nothing counted."""

from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from tenants import context
from tenants.billing.months import Month
from tenants.billing.words import quantity_of
from tenants.cards import Banner, offer
from tenants.meters import METERS
from tenants.workspace.services import profile


@offer("banner", order=30, permission="workspace.view_usageday")
def stopped() -> Banner | None:
    """Where the AI sends nothing by itself any more."""
    allowance = _of_this_month()
    for code, cap in allowance.get("caps", {}).items():
        if allowance.get("levels", {}).get(code) == 100:
            text = _(
                "%(meter)s: the limit of %(limit)s is reached. Until the month ends the AI only"
                " drafts, and people send."
            ) % {"meter": METERS[code].label, "limit": quantity_of(Decimal(cap), code)}
            return Banner(text, reverse("billing:usage"), _("Look"), tone="bad")
    return None


@offer("banner", order=40, permission="billing.view_bill")
def near() -> Banner | None:
    """What is nearly used up, or charged from here on."""
    allowance = _of_this_month()
    caps = allowance.get("caps", {})
    for code, level in allowance.get("levels", {}).items():
        if code in METERS and not (level == 100 and code in caps):
            text = (
                _("%(meter)s: what the plan includes is used up; more is charged.")
                if level == 100
                else _("%(meter)s: %(level)d %% of the limit is used.")
            )
            words = text % {"meter": METERS[code].label, "level": level}
            return Banner(words, reverse("billing:usage"), _("Look"))
    return None


def _of_this_month() -> dict[str, Any]:
    allowance: dict[str, Any] = profile().allowance
    if allowance and allowance.get("month") == Month.now(context.current_company()).name:
        return allowance
    return {}
