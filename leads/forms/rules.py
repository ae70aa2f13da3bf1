"""The numbers of a rule set, and the company's own rules beneath them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from leads.weights import (
    HIGHEST,
    LONGEST_FACT,
    LONGEST_LABEL,
    MOST_OWN,
    MOST_POINTS,
    POINTS,
    Weights,
)

CASES: Mapping[str, Any] = {
    "intent.sales": _("Wants to buy"),
    "intent.urgent": _("Urgent request"),
    "intent.general": _("General question"),
    "intent.support": _("Asks for support"),
    "budget.figure": _("Names a budget with a figure"),
    "budget.spoken": _("Speaks of money without a figure"),
    "interest": _("Says what they need"),
    "timeline": _("Says when they need it"),
    "urgency": _("Needs it within weeks"),
    "email": _("Gives an e-mail address"),
    "phone": _("Gives a phone number"),
    "company": _("Names their company"),
    "role": _("Names their role"),
    "sentiment.glad": _("Last message is friendly"),
    "sentiment.angry": _("Last message is angry"),
}


class RulesForm(forms.Form):
    """A number for each case, the two thresholds, and why."""

    hot = forms.IntegerField(label=_("Hot from"), min_value=2, max_value=HIGHEST)
    warm = forms.IntegerField(label=_("Warm from"), min_value=1, max_value=HIGHEST)
    note = forms.CharField(label=_("Why this change"), max_length=300, required=False)

    def __init__(self, data: Any = None, *, weights: Weights, note: str = "") -> None:
        numbers = {_field(case): points for case, points in weights.points.items()}
        beside = {"hot": weights.hot, "warm": weights.warm, "note": note}
        super().__init__(data, initial={**numbers, **beside})
        for case in POINTS:
            self.fields[_field(case)] = forms.IntegerField(
                label=CASES[case], min_value=-MOST_POINTS, max_value=MOST_POINTS
            )

    def cases(self) -> Iterator[Any]:
        """The bound fields of the cases, in the order of the rules."""
        return (self[_field(case)] for case in POINTS)

    def content(self, own: list[dict[str, Any]]) -> dict[str, Any]:
        """As ``Weights.as_json`` says it."""
        points = {case: self.cleaned_data[_field(case)] for case in POINTS}
        hot, warm = self.cleaned_data["hot"], self.cleaned_data["warm"]
        return {"points": points, "hot": hot, "warm": warm, "own": own}

    def refuse(self, error: ValidationError, rows: "forms.BaseFormSet[OwnRuleForm]") -> None:
        """Put what the service refused beside the field that it is about."""
        for place, said in error.message_dict.items():
            row = re.fullmatch(r"own\.(\d+)\.(\w+)", place)
            if row:
                filled = [each for each in rows if each.is_kept]
                filled[int(row[1])].add_error(row[2], said)
            else:
                self.add_error(_field(place) if _field(place) in self.fields else None, said)


class OwnRuleForm(forms.Form):
    """One rule of the company's own; left empty, it is none."""

    label = forms.CharField(label=_("Name"), max_length=LONGEST_LABEL, required=False)
    fact = forms.CharField(
        label=_("Fact"),
        max_length=LONGEST_FACT,
        required=False,
        widget=forms.TextInput(attrs={"list": "known-facts"}),
    )
    words = forms.CharField(label=_("Words, by comma"), max_length=600, required=False)
    points = forms.IntegerField(
        label=_("Points"), min_value=-MOST_POINTS, max_value=MOST_POINTS, required=False
    )

    @property
    def is_kept(self) -> bool:
        given = getattr(self, "cleaned_data", {})
        return bool(given.get("label") or given.get("fact")) and not given.get("DELETE")

    @property
    def rule(self) -> dict[str, Any]:
        words = [word.strip() for word in re.split(r"[,،\n]", self.cleaned_data["words"])]
        return {
            "label": self.cleaned_data["label"],
            "fact": self.cleaned_data["fact"],
            "points": self.cleaned_data["points"] or 0,
            "words": [word for word in words if word],
        }


OwnRules = forms.formset_factory(
    OwnRuleForm, extra=2, can_delete=True, max_num=MOST_OWN, validate_max=True
)


def own_rules_as_rows(weights: Weights) -> list[dict[str, Any]]:
    return [
        {
            "label": one.label,
            "fact": one.fact,
            "words": ", ".join(one.words),
            "points": one.points,
        }
        for one in weights.own
    ]


def _field(case: str) -> str:
    return case.replace(".", "_")
