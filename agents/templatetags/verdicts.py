"""What the gate's marks and reasons mean, in people's words."""

from typing import Any

from django import template
from django.utils.translation import gettext_lazy as _

register = template.Library()

MARKS = {
    "obeyed_injection": _("Obeyed an order hidden in a message"),
    "obeys_as_before": _("Obeys a hidden order, as the live version does"),
    "forbidden_claim": _("Says what no answer may say"),
    "against_a_rule": _("Says what this version's own rules forbid"),
    "no_person": _("Answers where a person was fetched before"),
    "stopped_answering": _("No longer answers"),
    "stopped_for_live_too": _("No longer answered, by the live version neither"),
    "unsupported": _("Claims what no source says"),
    "wrong_language": _("Not in the customer's language"),
    "new_manner": _("A manner nobody had before"),
    "unfriendly": _("Unfriendly, as it was not before"),
    "too_long": _("Much longer than before"),
    "written_twice": _("Had to be written twice"),
    "dearer": _("Costs more, times"),
    "slower": _("Takes longer, times"),
    "not_tried": _("Turns that could not be tried"),
    "words_gone": _("Its words are no longer kept"),
    "no_model_answered": _("No model answered"),
    "stopped": _("Stopped by a person"),
    "allowance_spent": _("The money set aside for it was spent"),
    "changed_meanwhile": _("The draft was changed meanwhile"),
    "repeated_failure": _("It failed several times"),
}
TASKS = {
    "understand": _("Reading messages"),
    "reply": _("Writing answers"),
}
NAMES = {
    "tone": _("Tone"),
    "guidance": _("Instructions"),
    "dos": _("Do"),
    "donts": _("Do not"),
    "signature": _("Signature"),
    "refusal": _("Refusal sentence"),
    "handover": _("Hand-over sentence"),
    "understand": _("Prompt: reading messages"),
    "reply": _("Prompt: writing answers"),
    "regenerate": _("Prompt: writing it again"),
    "routes": _("Models"),
    "confidence_gate": _("Confidence needed to answer"),
    "search_threshold": _("How sure the search must be"),
}
METRICS = {
    "answered": _("Answered without a person"),
    "handed_over": _("Handed to a person"),
    "unsupported": _("Reply did not pass the checks"),
    "hot": _("Became a hot lead"),
    "replied": _("Customer wrote back"),
}
VERDICTS = {
    "too_early": _("Too early to tell"),
    "same": _("No difference"),
    "higher": _("Clearly higher"),
    "lower": _("Clearly lower"),
}


@register.filter
def mark(code: str) -> str:
    """``unsupported:unsupported_number`` as a sentence, with what stands behind the colon."""
    head, _colon, detail = str(code).partition(":")
    words = MARKS.get(head)
    if words is None:
        return str(code)
    return f"{words}: {detail.replace('_', ' ')}" if detail else str(words)


@register.filter
def field_name(name: str) -> Any:
    return NAMES.get(name, name)


@register.filter
def metric_name(name: str) -> Any:
    return METRICS.get(name, name)


@register.filter
def verdict_name(name: str) -> Any:
    return VERDICTS.get(name, name)


@register.filter
def points(share: float) -> str:
    """A difference of shares, in points of a hundred, with its sign."""
    return f"{share * 100:+.0f}"


@register.filter
def task(code: str) -> Any:
    """What a model was asked for."""
    return TASKS.get(code, code)
