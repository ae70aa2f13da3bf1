"""A plug-in's own settings as fields of a model page, in the console's look."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
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
    return {f"{PREFIX}{name}": _asked(name, field) for name, field in form.base_fields.items()}


def _asked(name: str, field: forms.Field) -> forms.Field:
    words: dict[str, Any] = {
        "required": False,
        "label": field.label or name.replace("_", " ").capitalize(),
        "help_text": field.help_text,
    }
    if isinstance(field, forms.ChoiceField):
        offered: Any = field.choices
        choices = [("", "–"), *offered]
        return forms.ChoiceField(choices=choices, widget=UnfoldAdminSelectWidget(), **words)
    return forms.CharField(widget=_look(field), **words)


class Asked:
    """What the forms of such pages have in common. Secrets are never shown back: left empty, they
    stay as they are."""

    instance: Any
    cleaned_data: dict[str, Any]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}  # type: ignore[misc]
        kept = self.instance.config if self.instance.pk else {}
        given = {key: value for key, value in self.config().items() if value}
        try:
            self.check_config({**kept, **given}, cleaned)
        except ValidationError as error:
            for name, reasons in error.message_dict.items():
                self.add_error(f"{PREFIX}{name}", reasons)  # type: ignore[attr-defined]
        return cleaned

    def config(self) -> dict[str, Any]:
        """What was typed of the plug-in's own settings."""
        return {
            name.removeprefix(PREFIX): value
            for name, value in self.cleaned_data.items()
            if name.startswith(PREFIX)
        }

    def check_config(self, asked: dict[str, Any], cleaned: dict[str, Any]) -> None:
        """Raises ValidationError, keyed by setting."""
        raise NotImplementedError


def _look(field: forms.Field) -> Any:
    if isinstance(field.widget, forms.PasswordInput):
        return UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
    return UnfoldAdminTextInputWidget()
