"""What is asked of the list of dead letters."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.deadletters.boxes import Wanted

SPANS = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
}
SPAN_CHOICES = [
    ("", _("Any time")),
    ("hour", _("The last hour")),
    ("day", _("The last 24 hours")),
    ("week", _("The last 7 days")),
    ("month", _("The last 30 days")),
]


class FilterForm(forms.Form):
    """Kind, reason, platform and time; choices nobody offered choose nothing."""

    kind = forms.CharField(required=False, max_length=32)
    reason = forms.CharField(required=False, max_length=300)
    platform = forms.CharField(required=False, max_length=32)
    since = forms.CharField(required=False, max_length=40)

    def wanted(self) -> Wanted:
        given: dict[str, Any] = self.cleaned_data if self.is_valid() else {}
        return Wanted(
            reason=given.get("reason", ""),
            platform=given.get("platform", ""),
            since=moment(given.get("since", "")),
        )

    def chosen(self) -> dict[str, str]:
        """What was asked for, for links and buttons."""
        given: dict[str, str] = self.cleaned_data if self.is_valid() else {}
        return {name: given.get(name, "") for name in self.fields}


def moment(said: str) -> datetime | None:
    """One of our spans, or a moment of ISO 8601."""
    if said in SPANS:
        return timezone.now() - SPANS[said]
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        return None
    return found if found.tzinfo else timezone.make_aware(found)
