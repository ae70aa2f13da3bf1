"""The numbers of a rule set, and the company's own rules beneath them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from leads import fit
from leads.weights import (
    HIGHEST,
    LONGEST_FACT,
    LONGEST_LABEL,
    MOST_OWN,
    MOST_POINTS,
    POINTS,
    Weights,
    rule_of,
)
from tenants.told import told

POINTS_FOR_FIT = {rule: dimension for dimension, rule in fit.RULES.items()}
WORDS = forms.TextInput(attrs={"dir": "auto"})

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
    # Whom the company sells to.
    ideal_industry = forms.CharField(label=_("Industries, by comma"), required=False, widget=WORDS)
    ideal_size_from = forms.IntegerField(
        label=_("Employees from"), min_value=0, max_value=fit.HIGHEST_NUMBER, required=False
    )
    ideal_size_to = forms.IntegerField(
        label=_("Employees to"), min_value=0, max_value=fit.HIGHEST_NUMBER, required=False
    )
    ideal_region = forms.CharField(
        label=_("Cities, regions or countries, by comma"), required=False, widget=WORDS
    )
    ideal_budget_from = forms.IntegerField(
        label=_("Budget from"), min_value=0, max_value=fit.HIGHEST_NUMBER, required=False
    )
    ideal_role = forms.CharField(label=_("Roles, by comma"), required=False, widget=WORDS)

    def __init__(self, data: Any = None, *, weights: Weights, note: str = "") -> None:
        numbers = {_field(case): points for case, points in weights.points.items()}
        wanted = {
            f"ideal_{name}": ", ".join(value) if isinstance(value, list) else value
            for name, value in weights.ideal.as_json().items()
        }
        beside = {"hot": weights.hot, "warm": weights.warm, "note": note}
        super().__init__(data, initial={**numbers, **wanted, **beside})
        for case in POINTS:
            self.fields[_field(case)] = forms.IntegerField(
                label=_label(case), min_value=-MOST_POINTS, max_value=MOST_POINTS
            )

    def cases(self) -> Iterator[Any]:
        """The bound fields of the cases, in the order of the rules."""
        return (self[_field(case)] for case in POINTS if rule_of(case) not in POINTS_FOR_FIT)

    def dimensions(self) -> Iterator[tuple[Any, list[Any]]]:
        """Each dimension of the fit: its name, what is wanted, and what that counts for."""
        for dimension, label in fit.LABELS.items():
            wanted = [name for name in self.fields if name.startswith(f"ideal_{dimension}")]
            points = [_field(f"{fit.RULES[dimension]}.{case}") for case in ("yes", "no")]
            yield told(label), [self[name] for name in [*wanted, *points]]

    def ideal(self) -> dict[str, Any]:
        """As ``Ideal.as_json`` says it."""
        given = self.cleaned_data
        words = {name: by_comma(given[f"ideal_{name}"]) for name in ("industry", "region", "role")}
        names = ("size_from", "size_to", "budget_from")
        return {**words, **{name: given[f"ideal_{name}"] for name in names}}

    def content(self, own: list[dict[str, Any]]) -> dict[str, Any]:
        """As ``Weights.as_json`` says it."""
        points = {case: self.cleaned_data[_field(case)] for case in POINTS}
        hot, warm = self.cleaned_data["hot"], self.cleaned_data["warm"]
        return {"points": points, "hot": hot, "warm": warm, "own": own, "ideal": self.ideal()}

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
        return {
            "label": self.cleaned_data["label"],
            "fact": self.cleaned_data["fact"],
            "points": self.cleaned_data["points"] or 0,
            "words": by_comma(self.cleaned_data["words"]),
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


def by_comma(text: str) -> list[str]:
    """The words that somebody wrote with commas between them, ours or the Arabic ones."""
    return [word for each in re.split(r"[,،\n]", text) if (word := each.strip())]


def _label(case: str) -> Any:
    """What earns these points; of a dimension, whether it fits."""
    if case in CASES:
        return CASES[case]
    return _("Points if it fits") if case.endswith(".yes") else _("Points if it does not")


def _field(case: str) -> str:
    return case.replace(".", "_")
