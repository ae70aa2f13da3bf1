"""What people fill in on the ground floor's pages."""

import json
import secrets
from datetime import timedelta
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.accounts.roles import Role
from tenants.accounts.scopes import EVERYTHING, READ, ROOMS, WRITE
from tenants.models import Company
from tenants.workspace.models import Profile


def zones() -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in sorted(available_timezones())]


class SignUpForm(forms.Form):
    """A new company. Rules live in ``open_company``; its errors come back beside the fields."""

    name = forms.CharField(
        label=_("Company name"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "organization", "data-names-address": ""}),
    )
    subdomain = forms.CharField(
        label=_("Your address"),
        max_length=40,
        help_text=_("Lower-case letters, digits and hyphens. This is where your team signs in."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "data-address": "", "dir": "ltr"}
        ),
    )
    admin_email = forms.EmailField(
        label=_("Your e-mail"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        help_text=_("At least 8 characters. A short sentence is easy to keep in mind."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    # Tells a second click from a second company.
    attempt = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("attempt", secrets.token_urlsafe(16))

    def clean_subdomain(self) -> str:
        return str(self.cleaned_data["subdomain"]).strip().lower()

    def clean_admin_email(self) -> str:
        return str(self.cleaned_data["admin_email"]).strip().lower()

    def take_errors(self, error: ValidationError) -> None:
        """Show what a service refused beside the fields it named."""
        for field, reasons in error.message_dict.items():
            self.add_error(field if field in self.fields else None, reasons)


class FindForm(forms.Form):
    """Where does my team sign in?"""

    subdomain = forms.CharField(
        label=_("Workspace address"),
        max_length=120,
        widget=forms.TextInput(
            attrs={"autocomplete": "organization", "spellcheck": "false", "dir": "ltr"}
        ),
    )

    def clean_subdomain(self) -> str:
        typed = str(self.cleaned_data["subdomain"]).strip().lower()
        # People paste the whole address as well.
        label = typed.removeprefix("https://").removeprefix("http://").partition("/")[0]
        return label.partition(":")[0].removesuffix(f".{settings.PUBLIC_HOST}")


class InviteForm(forms.Form):
    """A colleague's address and what they may do."""

    email = forms.EmailField(
        label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    name = forms.CharField(label=_("Name"), max_length=120, required=False)
    role = forms.ChoiceField(
        label=_("Role"),
        choices=Role.choices,
        initial=Role.AGENT,
        help_text=_(
            "Admins manage everything. Agents answer and work on leads."
            " Viewers read and change nothing."
        ),
    )


class MemberForm(forms.Form):
    """What an admin changes about a member."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)
    is_active = forms.BooleanField(label=_("May sign in"), required=False)


class KeyForm(forms.Form):
    """A program's name, role, end, and what it may touch of what its role may."""

    DAYS = (
        ("", _("Never")),
        ("30", _("In 30 days")),
        ("90", _("In 90 days")),
        ("365", _("In a year")),
    )
    REACH = (("all", _("Everything its role may")), ("some", _("Only what is chosen here")))
    LEVELS = (("", _("Nothing")), (READ, _("Read")), (WRITE, _("Read and change")))

    name = forms.CharField(
        label=_("What will use it?"),
        max_length=80,
        widget=forms.TextInput(attrs={"placeholder": _("Website chat"), "autocomplete": "off"}),
    )
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.VIEWER)
    days = forms.ChoiceField(label=_("Ends"), choices=DAYS, required=False)
    reach = forms.ChoiceField(
        label=_("May touch"), choices=REACH, initial="all", widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for room in ROOMS:
            self.fields[f"room_{room.name}"] = forms.ChoiceField(
                label=room.label, choices=self.LEVELS, required=False
            )

    @property
    def plain(self) -> list[forms.BoundField]:
        return [self[name] for name in ("name", "role", "days", "reach")]

    @property
    def rooms(self) -> list[forms.BoundField]:
        return [self[f"room_{room.name}"] for room in ROOMS]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        chosen = [
            f"{room.name}:{level}" for room in ROOMS if (level := given.get(f"room_{room.name}"))
        ]
        if given.get("reach") == "some" and not chosen:
            self.add_error("reach", _("Choose at least one thing that it may read or change."))
        days = given.get("days")
        ends = timezone.now() + timedelta(days=int(days)) if days else None
        return {
            "name": given.get("name"),
            "role": given.get("role"),
            "scopes": chosen if given.get("reach") == "some" else [EVERYTHING],
            "expires_at": ends,
        }


class ProfileForm(forms.ModelForm):
    """How we speak for the company. The pipeline reads it with the next message."""

    company_name = forms.CharField(label=_("Company name"), max_length=100)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=zones)
    languages = forms.CharField(
        label=_("Languages"),
        required=False,
        help_text=_("Two-letter codes, the first is the default: en, es, ar."),
    )
    refusal = forms.CharField(
        label=_("Refusal sentence"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        help_text=_(
            "One line a language, as “en: sentence”. Said word for word when your knowledge has"
            " no answer. Left empty, Leadwire uses its own."
        ),
    )

    handover = forms.CharField(
        label=_("Hand-over sentence"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        help_text=_(
            "One line a language, as “en: sentence”. Said in private conversations when a person"
            " takes over. Left empty, Leadwire uses its own."
        ),
    )

    disclosure = forms.CharField(
        label=_("How contacts are told"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        help_text=_(
            "One line a language, as “en: sentence”. {company} becomes your name. Left empty,"
            " Leadwire uses its own."
        ),
    )

    class Meta:
        model = Profile
        fields = [
            "about",
            "tone",
            "languages",
            "refusal",
            "handover",
            "says_handover",
            "confidence_gate",
            "quiet_seconds",
            "quiet_from",
            "quiet_to",
            "ai_enabled",
            "discloses_ai",
            "disclosure",
            "disclosure_hours",
            "silence_minutes",
            "person_minutes",
            "joins_proven",
            "retention_days",
        ]
        widgets = {
            "about": forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
            "quiet_from": forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
            "quiet_to": forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        }
        labels = {
            "about": _("About the company"),
            "tone": _("Tone of voice"),
            "says_handover": _("Tell customers when a person takes over"),
            "confidence_gate": _("Confidence needed to answer"),
            "quiet_seconds": _("Seconds of quiet before answering"),
            "quiet_from": _("Quiet hours from"),
            "quiet_to": _("Quiet hours until"),
            "ai_enabled": _("The AI answers on its own"),
            "discloses_ai": _("Tell contacts that an AI answers"),
            "disclosure_hours": _("Tell them again after a pause of (hours)"),
            "silence_minutes": _("Alarm when nobody answered for (minutes)"),
            "person_minutes": _("Alarm when a person has not answered for (minutes)"),
            "joins_proven": _("Merge contacts whose networks prove the same number or address"),
            "retention_days": _("Keep conversations for (days)"),
        }
        help_texts = {
            "about": _("A few sentences the AI may rely on: what you do, for whom, where."),
            "confidence_gate": _("From 0 to 1. Below it a person is asked instead."),
            "quiet_seconds": _("Several messages in a row get one answer."),
            "quiet_from": _("In the company's time zone. No marketing message leaves then."),
            "discloses_ai": _(
                "Before the first answer of a conversation, after a long pause, and when a person"
                " hands it back. The EU's AI Act asks for it, and so does California."
            ),
            "joins_proven": _(
                "Only where nobody else shares it. Each merge can be undone; switched off, somebody"
                " is asked."
            ),
            "ai_enabled": _("Switched off, every conversation waits for a person."),
        }

    def __init__(self, *args: Any, company: Company, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.company = company
        self.initial["company_name"] = company.name
        self.initial["time_zone"] = company.time_zone
        self.initial["languages"] = ", ".join(self.instance.languages)
        for name in ("refusal", "handover", "disclosure"):
            sentences = getattr(self.instance, name)
            self.initial[name] = "\n".join(f"{code}: {text}" for code, text in sentences.items())

    def clean_languages(self) -> list[str]:
        codes = [c.strip().lower() for c in self.cleaned_data["languages"].split(",") if c.strip()]
        if wrong := [code for code in codes if not (len(code) == 2 and code.isalpha())]:
            raise ValidationError(
                _("Not a two-letter code: %(codes)s."), params={"codes": ", ".join(wrong)}
            )
        return codes

    def clean_refusal(self) -> dict[str, str]:
        return self._by_language("refusal")

    def clean_handover(self) -> dict[str, str]:
        return self._by_language("handover")

    def clean_disclosure(self) -> dict[str, str]:
        return self._by_language("disclosure")

    def _by_language(self, name: str) -> dict[str, str]:
        sentences: dict[str, str] = {}
        for line in self.cleaned_data[name].splitlines():
            if not line.strip():
                continue
            language, mark, sentence = line.partition(":")
            if not mark or len(language.strip()) != 2 or not sentence.strip():
                raise ValidationError(
                    _("Write each line as “en: sentence”, not %(line)s."),
                    params={"line": json.dumps(line[:40], ensure_ascii=False)},
                )
            sentences[language.strip().lower()] = sentence.strip()
        return sentences

    def clean_confidence_gate(self) -> float:
        gate = float(self.cleaned_data["confidence_gate"])
        if not 0 <= gate <= 1:
            raise ValidationError(_("Choose a number from 0 to 1."))
        return gate

    def clean_quiet_seconds(self) -> float:
        seconds = float(self.cleaned_data["quiet_seconds"])
        if not 0 <= seconds <= 60:
            raise ValidationError(_("Choose 0 to 60 seconds."))
        return seconds
