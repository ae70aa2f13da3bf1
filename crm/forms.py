"""Connecting a CRM."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.providers import CRMS


class ConnectForm(forms.Form):
    """Our one question; the CRM's own come from the provider's ``ConfigForm``."""

    name = forms.CharField(
        label=_("Name"), max_length=100, required=False, help_text=_("What your team calls it.")
    )


def config_form(kind: str, data: Any = None) -> forms.Form:
    """The CRM's own settings form, its fields apart from ours."""
    return CRMS.get(kind).ConfigForm(data, prefix="config")
