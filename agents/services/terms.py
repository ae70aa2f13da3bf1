"""A company's settings, as the gateway takes them."""

from agents.gateway import Heard, Terms
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
    return Terms(
        hides_personal=profile.hides_personal,
        people=tuple(filter(None, people)),
        models=instructions.routes,
        version="" if instructions == BUILT_IN else instructions.fingerprint,
        is_dry=heard is not None,
        heard=heard,
    )
