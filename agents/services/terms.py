"""A company's settings, as the gateway takes them."""

from agents.gateway import Caps, Heard, Terms, rung_of
from agents.instructions import BUILT_IN, Instructions
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
        rung=rung_of(caps),
        chains=profile.model_routes,
        people=tuple(filter(None, people)),
        models=instructions.routes,
        version="" if instructions == BUILT_IN else instructions.fingerprint,
        is_dry=heard is not None,
        heard=heard,
    )


def caps_of(profile: Profile) -> Caps | None:
    """What the company lets models cost; None where it set no cap."""
    caps = Caps(
        daily_soft=profile.daily_soft_cap,
        daily_hard=profile.daily_hard_cap,
        monthly_soft=profile.monthly_soft_cap,
        monthly_hard=profile.monthly_hard_cap,
    )
    return caps or None
