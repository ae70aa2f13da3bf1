"""A company's settings, as the gateway takes them."""

from decimal import Decimal

from agents.gateway import Caps, Heard, Rung, Terms, rung_of
from agents.instructions import BUILT_IN, Instructions
from agents.services.leave import is_used_up
from channels_app.models import Contact
from tenants.workspace.models import Profile


def terms_of(
    profile: Profile,
    contact: Contact | None = None,
    *,
    instructions: Instructions = BUILT_IN,
    heard: list[Heard] | None = None,
) -> Terms:
    """On what terms models are asked for this company, and about this contact."""
    people = (contact.name, contact.email, contact.phone) if contact else ()
    caps = caps_of(profile)
    return Terms(
        hides_personal=profile.hides_personal,
        caps=caps,
        rung=Rung.OFFLINE if is_used_up(profile) else rung_of(caps),
        chains=profile.model_routes,
        people=tuple(filter(None, people)),
        models=instructions.routes,
        version="" if instructions == BUILT_IN else instructions.fingerprint,
        is_dry=heard is not None,
        heard=heard,
    )


def caps_of(profile: Profile) -> Caps | None:
    """What the company and its plan let models cost; None where nobody set a cap."""
    plan = (profile.allowance.get("caps") or {}).get("model_cost")
    monthly = [cap for cap in (profile.monthly_hard_cap, plan and Decimal(plan)) if cap is not None]
    caps = Caps(
        daily_soft=profile.daily_soft_cap,
        daily_hard=profile.daily_hard_cap,
        monthly_soft=profile.monthly_soft_cap,
        monthly_hard=min(monthly, default=None),
    )
    return caps or None
