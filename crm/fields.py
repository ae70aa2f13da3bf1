"""A setting of several CRMs: which of their stages is which of ours."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.deals import chosen_stages


class StagesField(forms.CharField):
    """Lines of ``ours = theirs``, refused where a line is none."""

    def __init__(self, **kwargs: Any) -> None:
        usual = {
            "required": False,
            "max_length": 1_000,
            "label": _("Stages of deals"),
            "widget": forms.Textarea(attrs={"rows": 4}),
            "help_text": _(
                "One a line, ours = theirs: qualified = Demo booked. Ours are new, contacted,"
                " qualified and proposal; empty: by their names, else by their order."
            ),
        }
        super().__init__(**{**usual, **kwargs})

    def validate(self, value: str) -> None:
        super().validate(value)
        try:
            chosen_stages(value)
        except ValueError as error:
            raise forms.ValidationError(
                gettext("This line names no stage of ours and theirs: %(line)s") % {"line": error}
            ) from error
