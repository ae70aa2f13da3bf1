"""What a lead's rows say, put together for people."""

from dataclasses import dataclass

from django.utils.translation import gettext

from channels_app.models import Contact
from leads import scoring
from leads.models import Lead
from leads.services.rules import weights_in_force


@dataclass(frozen=True, slots=True)
class KnownFact:
    """A fact with the words, and the message, that it rests on."""

    name: str
    value: str
    quote: str
    message_id: int | None


def lead_of(contact: Contact) -> Lead | None:
    return Lead.objects.filter(contact=contact).select_related("contact", "owner").first()


def known_facts(lead: Lead) -> list[KnownFact]:
    """Everything we know, in the order we learnt it. Reads ``lead.evidence``: prefetch it."""
    known = scoring.known(row.as_said() for row in lead.evidence.all())
    return [KnownFact(name, one.value, one.quote, one.message) for name, one in known.items()]


def what_would_make_it_hot(lead: Lead) -> list[str]:
    """What to ask for next, the weightiest first; [] for a hot lead."""
    points = {row.rule: row.points for row in lead.contributions.all()}
    helps = scoring.what_would_help(points, score=lead.score, weights=weights_in_force())
    return [f"{gettext(hint)} (+{gain})" for hint, gain in helps]
