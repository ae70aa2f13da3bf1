"""One rule, as a person writes it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from leads.models import StageRule
from leads.services import columns

When, Then = StageRule.When, StageRule.Then


class StageRuleForm(forms.Form):
    """When something is so, and what is done then."""

    when = forms.ChoiceField(
        label=_("When"),
        choices=[
            (When.HOT, _("A lead is hot")),
            (When.WARM, _("A lead is warm")),
            (When.QUIET, _("A contact has not written for some days")),
            (When.CLOSED, _("A lead is won or lost")),
        ],
    )
    days = forms.IntegerField(
        label=_("Days of silence"), min_value=1, max_value=365, required=False
    )
    from_stage = forms.ChoiceField(label=_("Only in the stage"), required=False)
    then = forms.ChoiceField(
        label=_("Then"),
        choices=[
            (Then.STAGE, _("Move it to a stage")),
            (Then.TASK, _("Add a task")),
            (Then.FINISH, _("Close its open tasks")),
        ],
    )
    to_stage = forms.ChoiceField(label=_("To the stage"), required=False)
    title = forms.CharField(label=_("Task"), max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stages = [(column.key, column.name) for column in columns() if column.is_shown]
        self.fields["from_stage"].choices = [("", _("Any")), *stages]  # type: ignore[attr-defined]
        self.fields["to_stage"].choices = [("", "–"), *stages]  # type: ignore[attr-defined]

    @property
    def words(self) -> dict[str, Any]:
        return {**self.cleaned_data, "days": self.cleaned_data["days"] or 0}
