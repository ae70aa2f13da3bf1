"""What operators are asked before they do something about a company. Always: why."""

from typing import Any

from django import forms

from tenants.accounts.models import User
from tenants.models import Company


class ReasonForm(forms.Form):
    """A deed, and why it is done; the reason stands in the log of deeds."""

    reason = forms.CharField(
        label="Reason", max_length=300, help_text="It is kept in the audit log.", min_length=5
    )


class VisitForm(ReasonForm):
    """Whom to see the company as."""

    member = forms.ChoiceField(label="As")

    field_order = ("member", "reason")

    def __init__(self, *args: Any, members: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._members = {str(member.pk): member for member in members}
        self.fields["member"].choices = [  # type: ignore[attr-defined]
            (key, f"{member} ({member.get_role_display()})")
            for key, member in self._members.items()
        ]

    @property
    def chosen(self) -> User:
        return self._members[self.cleaned_data["member"]]


class ErasureForm(ReasonForm):
    """What cannot be undone is typed."""

    typed = forms.CharField(
        label="Type the subdomain to erase it",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "dir": "ltr"}),
    )

    field_order = ("typed", "reason")

    def __init__(self, *args: Any, company: Company, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._company = company

    def clean_typed(self) -> str:
        typed = str(self.cleaned_data["typed"]).strip()
        if typed != self._company.schema_name:
            raise forms.ValidationError(f"Type {self._company.schema_name} to erase it.")
        return typed
