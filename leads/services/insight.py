"""What a lead's rows say, put together for people."""

from dataclasses import dataclass

from django.utils.translation import gettext

from channels_app.models import Contact
from leads import bant, fit, scoring
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
    helps = scoring.what_would_help(
        points, score=lead.score, weights=weights_in_force(), known=lead.facts
    )
    return [f"{gettext(hint)} (+{gain})" for hint, gain in helps]


@dataclass(frozen=True, slots=True)
class Fit:
    """How much of what the company wants is there, and where it is not; None: nothing is said."""

    percent: int | None
    matches: list[fit.Match]


def fit_of(lead: Lead) -> Fit:
    """By the ideal customer of the rule set in force."""
    weights = weights_in_force()
    shares = {dimension: weights.share_of(dimension) for dimension in fit.DIMENSIONS}
    found = fit.matches(weights.ideal, lead.facts, shares)
    return Fit(fit.percent(found), found)


def bant_of(lead: Lead) -> list[bant.Answer]:
    """Budget, authority, need and timing; what is open is to be asked."""
    return bant.answers(lead.facts)
