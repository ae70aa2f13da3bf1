"""A plug-in's own settings as fields of a model page, in the console's look."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

PREFIX = "config__"
# Of the rows' own fields: a form that is put together by hand is not dressed by the console.
LOOKS = {
    "name": UnfoldAdminTextInputWidget,
    "crm": UnfoldAdminSelectWidget,
    "is_active": UnfoldBooleanWidget,
}


def asked_by(form: type[forms.Form]) -> dict[str, forms.Field]:
    """The fields of a plug-in's form, none of them required: what is stored already counts, and
    the plug-in's form itself judges both together."""
    return {
        f"{PREFIX}{name}": forms.CharField(
            required=False,
            label=field.label or name.replace("_", " ").capitalize(),
            help_text=field.help_text,
            widget=_look(field),
        )
        for name, field in form.base_fields.items()
    }


def _look(field: forms.Field) -> Any:
    if isinstance(field.widget, forms.PasswordInput):
        return UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
    return UnfoldAdminTextInputWidget()
