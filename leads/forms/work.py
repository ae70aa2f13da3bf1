"""What people change about a lead by hand."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from leads.models import Lead
from tenants.accounts.models import User


class StageForm(forms.Form):
    """Where the lead stands, and why it moved."""

    stage = forms.ChoiceField(label=_("Stage"), choices=Lead.Stage.choices)
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)


class OwnerForm(forms.Form):
    """Whose lead it is."""

    owner = forms.ModelChoiceField(
        label=_("Owner"), queryset=User.objects.none(), required=False, empty_label=_("Nobody")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = User.objects.filter(is_active=True)  # type: ignore[attr-defined]
