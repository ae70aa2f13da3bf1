"""What people change about a lead by hand."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from leads import pipeline
from leads.models import Tag
from leads.services import Column, columns
from leads.services.tasks import LONGEST_TITLE
from tenants.accounts.models import User


class StageForm(forms.Form):
    """Where the lead stands, and why it moved."""

    stage = forms.ChoiceField(label=_("Stage"))
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stands = self.initial.get("stage")
        self.fields["stage"].choices = [  # type: ignore[attr-defined]
            (each.key, each.name) for each in columns() if each.is_shown or each.key == stands
        ]


class OwnerForm(forms.Form):
    """Whose lead it is."""

    owner = forms.ModelChoiceField(
        label=_("Owner"), queryset=User.objects.none(), required=False, empty_label=_("Nobody")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = User.objects.filter(is_active=True)  # type: ignore[attr-defined]


class TagForm(forms.Form):
    """One more tag; a name that is there already keeps its colour."""

    name = forms.CharField(label=_("Tag"), max_length=40)
    colour = forms.ChoiceField(
        label=_("Colour"),
        choices=[
            (Tag.Colour.PLAIN, _("Grey")),
            (Tag.Colour.PINE, _("Green")),
            (Tag.Colour.INFO, _("Blue")),
            (Tag.Colour.WARN, _("Yellow")),
            (Tag.Colour.COPPER, _("Copper")),
            (Tag.Colour.BAD, _("Red")),
        ],
        required=False,
    )

    def clean_colour(self) -> str:
        return self.cleaned_data["colour"] or Tag.Colour.PLAIN


class TaskForm(forms.Form):
    """What is to be done, until when, by whom."""

    title = forms.CharField(label=_("What to do"), max_length=LONGEST_TITLE)
    due_at = forms.DateTimeField(
        label=_("Due"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    assignee = forms.ModelChoiceField(
        label=_("For"), queryset=User.objects.none(), required=False, empty_label=_("The owner")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assignee"].queryset = User.objects.filter(is_active=True)  # type: ignore[attr-defined]

    @property
    def due(self) -> datetime | None:
        return self.cleaned_data["due_at"]


class ColumnForm(forms.Form):
    """One stage of the board."""

    key = forms.CharField(widget=forms.HiddenInput)
    position = forms.IntegerField(label=_("Place"), min_value=1, max_value=99)
    name = forms.CharField(label=_("Name"), max_length=pipeline.LONGEST_NAME, required=False)
    is_shown = forms.BooleanField(label=_("Shown"), required=False)

    def call_after(self, column: Column | None) -> None:
        """Left empty, the stage has this name."""
        self.fields["name"].widget.attrs["placeholder"] = column.name if column else ""

    @property
    def column(self) -> Column:
        given = self.cleaned_data
        return Column(given["key"], given["name"].strip(), given["is_shown"])


Columns = forms.formset_factory(ColumnForm, extra=0, max_num=pipeline.MOST_STAGES)


class NewStageForm(forms.Form):
    """A stage of the company's own, and which of the six figures and CRMs take it for."""

    name = forms.CharField(label=_("New stage"), max_length=pipeline.LONGEST_NAME, required=False)
    base = forms.ChoiceField(label=_("Counts as"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["base"].choices = [  # type: ignore[attr-defined]
            (key, Column(key).name) for key in pipeline.STAGES
        ]

    @property
    def added(self) -> list[tuple[str, str]]:
        name = self.cleaned_data["name"].strip()
        return [(name, self.cleaned_data["base"])] if name else []
