"""What people fill in about webhooks."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tenants.outgoing.events import GROUPS, choosable
from tenants.outgoing.models import Delivery, Endpoint
from tenants.outgoing.services.endpoints import LONGEST_URL

OVERLAPS = (
    (0, _("At once: the old one is worth nothing")),
    (1, _("For an hour")),
    (24, _("For a day")),
    (72, _("For three days")),
    (168, _("For a week")),
)


def _choices() -> list[tuple[str, list[tuple[str, Any]]]]:
    return [
        (str(group.label), [(each.name, each.label) for each in choosable() if each.group == group])
        for group in GROUPS
    ]


class EndpointForm(forms.Form):
    """A name, an address, and what it is told of."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    url = forms.CharField(
        label=_("Address"),
        max_length=LONGEST_URL,
        help_text=_("Begins with https://. We post to it, and it answers within ten seconds."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "dir": "ltr", "inputmode": "url"}
        ),
    )
    events = forms.MultipleChoiceField(
        label=_("Events"), choices=_choices, widget=forms.CheckboxSelectMultiple
    )

    @classmethod
    def of(cls, endpoint: Endpoint) -> "EndpointForm":
        """As it stands."""
        return cls(initial={"name": endpoint.name, "url": endpoint.url, "events": endpoint.events})

    def groups(self) -> list[tuple[str, list[Any]]]:
        """The events' boxes under the names of their groups, which a fieldset shows."""
        found: dict[str, list[Any]] = {}
        where = {name: label for label, rows in _choices() for name, _label in rows}
        for box in self["events"]:
            found.setdefault(where[str(box.data["value"])], []).append(box)
        return list(found.items())

    def take_errors(self, error: ValidationError) -> None:
        """Show what a service refused beside the fields it named."""
        for field, reasons in error.message_dict.items():
            self.add_error(field if field in self.fields else None, reasons)


class RotateForm(forms.Form):
    overlap_hours = forms.TypedChoiceField(
        label=_("How long is the old one good as well?"),
        choices=OVERLAPS,
        coerce=int,
        initial=24,
        help_text=_("Meanwhile deliveries carry both signatures."),
    )


class LogForm(forms.Form):
    """Which deliveries are shown; choices nobody offered choose nothing."""

    state = forms.ChoiceField(
        choices=[("", ""), *Delivery.State.choices], required=False, initial=""
    )

    def chosen(self) -> str:
        return str(self.cleaned_data["state"]) if self.is_valid() else ""
