"""Which period is asked for."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.figures.reading import LONGEST, Period

USUAL = 30


class PeriodForm(forms.Form):
    """``since`` and ``until``, or the last so many days."""

    days = forms.IntegerField(min_value=1, max_value=LONGEST, required=False)
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=_("Up to"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until") or timezone.localdate()
        if since and since > until:
            self.add_error("since", _("This is after the last day."))
        elif since and (until - since).days >= LONGEST:
            self.add_error("since", _("A year is the most."))
        return cleaned

    @property
    def period(self) -> Period:
        """What was asked for; the usual one where it makes no sense."""
        if not self.is_valid():
            return Period.last(USUAL)
        until = self.cleaned_data["until"] or timezone.localdate()
        since = self.cleaned_data["since"]
        days = self.cleaned_data["days"] or USUAL
        return Period(since, until) if since else Period.last(days, today=until)
