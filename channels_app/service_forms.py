"""What people fill in about opening hours, promises and turns."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import dates
from django.utils.translation import gettext_lazy as _

from channels_app.models import ChannelConnection, Promise
from tenants.hours import DAYS, Unreadable, read_day, read_other_days, write_day
from tenants.workspace.models import UNREADABLE, Profile

WEEKDAYS = dict(zip(DAYS, dates.WEEKDAYS.values(), strict=True))
LONGEST_SENTENCE = 500


class DayField(forms.CharField):
    """The spans of one day, as text; kept as ``tenants.hours`` writes them."""

    def __init__(self, **kwargs: Any) -> None:
        example = {"placeholder": _("Closed"), "dir": "ltr", "autocomplete": "off"}
        widget = forms.TextInput(attrs=example)
        super().__init__(required=False, max_length=120, widget=widget, **kwargs)

    def clean(self, value: Any) -> Any:
        try:
            return write_day(read_day(super().clean(value)))
        except Unreadable as error:
            raise ValidationError(UNREADABLE, params={"line": str(error)}) from error


class HoursForm(forms.ModelForm):
    """When people are there, and what contacts are told while nobody is."""

    away = forms.CharField(
        label=_("What they are told"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        help_text=_(
            "One line a language, as “en: sentence”. {opening} becomes the next opening, such as"
            " “tomorrow at 09:00”. Left empty, Leadwire uses its own."
        ),
    )

    class Meta:
        model = Profile
        fields = ["other_days", "says_away", "away"]
        widgets = {
            "other_days": forms.Textarea(
                attrs={"rows": 4, "dir": "ltr", "placeholder": "2026-12-25\n12-31 09:00-13:00"}
            ),
        }
        labels = {
            "other_days": _("Holidays and other days"),
            "says_away": _("Tell contacts when nobody is there"),
        }
        help_texts = {
            "other_days": _(
                "One a line: 2026-12-25, each year 12-25, a span 2026-12-24 - 2027-01-01. With"
                " times behind it you are open then; a name may follow."
            ),
            "says_away": _(
                "Only while we are closed and a person is needed; once until we open again, and"
                " never while the AI answers or a colleague is at their desk."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = self.instance.opening_hours
        for day in DAYS:
            self.fields[day] = DayField(label=WEEKDAYS[day], initial=known.get(day, ""))
        sentences = self.instance.away.items()
        self.initial["away"] = "\n".join(f"{code}: {text}" for code, text in sentences)

    @property
    def days(self) -> list[forms.BoundField]:
        return [self[day] for day in DAYS]

    @property
    def opening_hours(self) -> dict[str, str]:
        """As they are kept: days with a span only."""
        return {day: self.cleaned_data[day] for day in DAYS if self.cleaned_data[day]}

    def clean_other_days(self) -> str:
        said = str(self.cleaned_data["other_days"]).strip()
        try:
            read_other_days(said)
        except Unreadable as error:
            raise ValidationError(UNREADABLE, params={"line": str(error)}) from error
        return said

    def clean_away(self) -> dict[str, str]:
        sentences: dict[str, str] = {}
        for line in self.cleaned_data["away"].splitlines():
            if not line.strip():
                continue
            language, mark, sentence = line.partition(":")
            is_written = mark and len(language.strip()) == 2 and sentence.strip()
            if not is_written or len(sentence) > LONGEST_SENTENCE:
                raise ValidationError(
                    _("Write each line as “en: sentence”, not %(line)s."),
                    params={"line": json.dumps(line[:40], ensure_ascii=False)},
                )
            sentences[language.strip().lower()] = sentence.strip()
        return sentences


class PromiseForm(forms.ModelForm):
    """By when somebody is answered. Its rules live in ``services.promising``."""

    connection = forms.ModelChoiceField(
        label=_("Channel"),
        required=False,
        queryset=ChannelConnection.objects.filter(is_active=True),
        empty_label=_("All that have no promise of their own"),
    )

    class Meta:
        model = Promise
        fields = [
            *("name", "connection", "first_minutes", "next_minutes", "resolve_minutes"),
            "in_hours",
        ]

    def _post_clean(self) -> None:
        """The service looks at the whole."""

    def take_errors(self, error: ValidationError) -> None:
        for field, reasons in error.message_dict.items():
            self.add_error(field if field in self.fields else None, reasons)


class TurnsForm(forms.ModelForm):
    """How what needs a person is given out."""

    class Meta:
        model = Profile
        fields = ["gives_out", "gives_to_present", "capacity", "takes_from_absent"]
        labels = {
            "gives_out": _("Give conversations out automatically"),
            "gives_to_present": _("Only to colleagues at their desk"),
            "capacity": _("Open conversations a colleague carries at most"),
            "takes_from_absent": _("Take waiting contacts from colleagues who are away"),
        }
        help_texts = {
            "gives_out": _(
                "Whatever needs a person and is nobody's goes to whoever's turn it is and has room."
            ),
            "gives_to_present": _(
                "At their desk is who had a page of the inbox open in the last minutes. Switched"
                " off, in opening hours everybody gets some who is not away."
            ),
            "takes_from_absent": _("Somebody else gets them then."),
        }


class SeatForm(forms.Form):
    """How one colleague takes part."""

    takes_turns = forms.BooleanField(label=_("Takes turns"), required=False)
    capacity = forms.IntegerField(label=_("At most"), required=False, min_value=0, max_value=1_000)
