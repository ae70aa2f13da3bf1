"""Trying the agent out."""

from django import forms
from django.utils.translation import gettext_lazy as _


class AskForm(forms.Form):
    """A question as a customer would put it."""

    question = forms.CharField(
        label=_("Question"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )
