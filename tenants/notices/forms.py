"""How a person wants to be told, as a table of kinds and ways."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from tenants.notices.kinds import Kind, Mail, Wish
from tenants.notices.models import NoticeHabits

MINUTES = (0, 5, 10, 30, 60, 240)
HOURS = tuple(range(24))


@dataclass(frozen=True, slots=True)
class Row:
    """One kind and its three fields; ``mail`` is missing where another e-mail says it."""

    label: str | Promise
    icon: str
    page: BoundField
    mail: BoundField | None
    push: BoundField


class HabitsForm(forms.Form):
    mail_after = forms.TypedChoiceField(
        label=_("E-mail what is unread after"),
        coerce=int,
        choices=[(minutes, format_lazy(_("{count} min"), count=minutes)) for minutes in MINUTES],
    )
    digest_hour = forms.TypedChoiceField(
        label=_("The daily e-mail comes at"),
        coerce=int,
        choices=[(hour, f"{hour:02}:00") for hour in HOURS],
    )
    quiet_from = forms.TimeField(
        label=_("Nothing from"), required=False, widget=forms.TimeInput(attrs={"type": "time"})
    )
    quiet_to = forms.TimeField(
        label=_("until"), required=False, widget=forms.TimeInput(attrs={"type": "time"})
    )
    names_people = forms.BooleanField(
        label=_("Name people in e-mails and on locked screens"), required=False
    )

    def __init__(self, given: Any, *, kinds: list[Kind], habits: NoticeHabits) -> None:
        super().__init__(given, initial={name: getattr(habits, name) for name in self.base_fields})
        self.kinds = kinds
        for kind in kinds:
            wish = kind.wish_in(habits.wishes)
            ways: dict[str, forms.Field] = {
                "page": forms.BooleanField(
                    label=_("In the page"), required=False, initial=wish.page
                ),
                "push": forms.BooleanField(
                    label=_("In the browser"), required=False, initial=wish.push
                ),
            }
            if kind.has_mail:
                ways["mail"] = forms.ChoiceField(
                    label=_("By e-mail"),
                    choices=[(value, _(label)) for value, label in Mail.choices],
                    initial=wish.mail.value,
                )
            for way, field in ways.items():
                field.widget.attrs["aria-label"] = format_lazy(
                    "{kind}: {way}", kind=kind.label, way=field.label or ""
                )
                self.fields[f"{way}_{kind.name}"] = field

    def rows(self) -> Iterator[Row]:
        for kind in self.kinds:
            yield Row(
                label=kind.label,
                icon=kind.icon,
                page=self[f"page_{kind.name}"],
                mail=self[f"mail_{kind.name}"] if kind.has_mail else None,
                push=self[f"push_{kind.name}"],
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if (cleaned.get("quiet_from") is None) != (cleaned.get("quiet_to") is None):
            self.add_error("quiet_to", _("Quiet hours need a beginning and an end."))
        return cleaned

    def wishes(self) -> dict[str, Wish]:
        said = self.cleaned_data
        return {
            kind.name: Wish(
                page=said[f"page_{kind.name}"],
                mail=Mail(said.get(f"mail_{kind.name}", Mail.NEVER)),
                push=said[f"push_{kind.name}"],
            )
            for kind in self.kinds
        }

    def others(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.base_fields}
