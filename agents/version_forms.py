"""What people write into a version, try in the playground, and decide about an experiment."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents import gateway
from agents.instructions import MAX_TEXT, TASKS, Instructions
from agents.models import AgentVersion
from channels_app.models import ChannelConnection, Contact, Conversation, channel_kinds

LANGUAGES = [("", _("As the message")), ("en", "English"), ("es", "Español"), ("ar", "العربية")]
FAULTS = {
    "unknown_place": _("There is no place called {%(detail)s} in this prompt."),
    "missing_place": _("This prompt needs the place {%(detail)s}."),
    "too_long": _("At most %(detail)s characters."),
    "too_many": _("At most %(detail)s lines."),
    "not_a_share": _("A number from 0 to 1."),
    "unknown_model": _("No such model is connected."),
}


def area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "dir": "auto"})


class VersionForm(forms.Form):
    """The words and thresholds of a draft. What is empty is as in the settings, or built in."""

    note = forms.CharField(label=_("What this version is for"), max_length=300, required=False)
    tone = forms.CharField(label=_("Tone"), max_length=200, required=False)
    guidance = forms.CharField(
        label=_("Instructions"), max_length=MAX_TEXT, required=False, widget=area(5),
        help_text=_("In your own words, as you would tell a new colleague."),
    )  # fmt: skip
    dos = forms.CharField(
        label=_("Do"), required=False, widget=area(3), help_text=_("One rule a line.")
    )
    donts = forms.CharField(
        label=_("Do not"), required=False, widget=area(3),
        help_text=_("One rule a line. Words in quotation marks are checked word by word."),
    )  # fmt: skip
    signature = forms.CharField(
        label=_("Signature"), required=False, widget=area(2),
        help_text=_("One line a language, as “en: Your Nova team”. It stands under each answer."),
    )  # fmt: skip
    refusal = forms.CharField(
        label=_("Refusal sentence"), required=False, widget=area(3),
        help_text=_("One line a language, as “en: sentence”. Empty: as in the settings."),
    )  # fmt: skip
    handover = forms.CharField(
        label=_("Hand-over sentence"), required=False, widget=area(3),
        help_text=_("One line a language, as “en: sentence”. Empty: as in the settings."),
    )  # fmt: skip
    confidence_gate = forms.FloatField(
        label=_("Confidence needed to answer"), required=False, min_value=0, max_value=1,
        help_text=_("From 0 to 1. Below it a person is asked instead. Empty: as in the settings."),
    )  # fmt: skip
    search_threshold = forms.FloatField(
        label=_("How sure the search must be"), required=False, min_value=0, max_value=1,
        help_text=_("From 0 to 1. Below it the question is refused. Empty: built in."),
    )  # fmt: skip
    model_understand = forms.ChoiceField(label=_("Model that reads messages"), required=False)
    model_reply = forms.ChoiceField(label=_("Model that writes answers"), required=False)
    understand = forms.CharField(
        label=_("Prompt: reading messages"), required=False, widget=area(4),
        help_text=_("Empty: the built-in prompt."),
    )  # fmt: skip
    reply = forms.CharField(
        label=_("Prompt: writing answers"), required=False, widget=area(8),
        help_text=_(
            "Empty: the built-in prompt. Places: {about} {tone} {guidance} {language} {limit}"
        ),
    )  # fmt: skip
    regenerate = forms.CharField(
        label=_("Prompt: writing it again"), required=False, widget=area(3),
        help_text=_("Empty: the built-in prompt. Places: {problems}"),
    )  # fmt: skip

    def __init__(self, *args: Any, version: AgentVersion, **kwargs: Any) -> None:
        said = version.instructions
        kwargs["initial"] = {
            **said.as_json(),
            "note": version.note,
            "dos": "\n".join(said.dos),
            "donts": "\n".join(said.donts),
            **{name: _lines(getattr(said, name)) for name in ("signature", "refusal", "handover")},
            **{f"model_{task}": said.routes.get(task, "") for task in TASKS},
        }
        super().__init__(*args, **kwargs)
        models = [(route, route) for route in gateway.connected_routes()]
        for task in TASKS:
            chosen = said.routes.get(task, "")
            kept = [(chosen, chosen)] if chosen and (chosen, chosen) not in models else []
            field: Any = self.fields[f"model_{task}"]
            field.choices = [("", _("As in the settings")), *kept, *models]

    def clean_signature(self) -> dict[str, str]:
        return _by_language(self.cleaned_data["signature"])

    def clean_refusal(self) -> dict[str, str]:
        return _by_language(self.cleaned_data["refusal"])

    def clean_handover(self) -> dict[str, str]:
        return _by_language(self.cleaned_data["handover"])

    @property
    def instructions(self) -> Instructions:
        said = self.cleaned_data
        texts = ("tone", "guidance", "signature", "refusal", "handover", "understand", "reply")
        return Instructions(
            dos=tuple(said["dos"].splitlines()),
            donts=tuple(said["donts"].splitlines()),
            routes={task: said[f"model_{task}"] for task in TASKS if said[f"model_{task}"]},
            regenerate=said["regenerate"],
            confidence_gate=said["confidence_gate"],
            search_threshold=said["search_threshold"],
            **{name: said[name] for name in texts},
        )

    def take_faults(self, faults: dict[str, str]) -> None:
        """Show what the service refused beside the fields it named."""
        for name, fault in faults.items():
            code, _mark, detail = fault.partition(":")
            words = str(FAULTS.get(code, code)) % {"detail": detail}
            self.add_error("model_reply" if name == "routes" else name, words)


class PublishForm(forms.Form):
    """``override`` is asked for only where the gate is shut."""

    note = forms.CharField(label=_("Why this change"), max_length=300, required=False)
    override = forms.CharField(label=_("Why against the gate"), max_length=300, required=False)


class ShareForm(forms.Form):
    """How many contacts the other version answers."""

    share = forms.IntegerField(
        label=_("Share of contacts (%)"), min_value=1, max_value=90, initial=20,
        widget=forms.NumberInput(attrs={"type": "range", "step": 1, "data-shows-value": ""}),
    )  # fmt: skip


class PlaygroundForm(forms.Form):
    """A message as a customer would write it, and who is to answer it."""

    text = forms.CharField(
        label=_("Message"), max_length=4_000, widget=area(3),
    )  # fmt: skip
    version = forms.TypedChoiceField(label=_("Version"), coerce=int)
    channel = forms.ChoiceField(label=_("Channel"))
    surface = forms.ChoiceField(
        label=_("Where"), choices=Conversation.Surface.choices, required=False
    )
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES, required=False)
    contact = forms.ModelChoiceField(
        label=_("Contact"), queryset=Contact.objects.none(), required=False,
        empty_label=_("Nobody we know"),
        help_text=_("Their last conversation goes before the message. Nothing is kept of this."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        versions: Any = self.fields["version"]
        versions.choices = version_choices()
        kinds = dict(channel_kinds())
        used = ChannelConnection.objects.order_by("pk").values_list("platform", flat=True)
        mine = list(dict.fromkeys(platform for platform in used if platform in kinds))
        channels: Any = self.fields["channel"]
        rest = [kind for kind in kinds if kind not in mine]
        channels.choices = [(kind, kinds[kind]) for kind in [*mine, *rest]]
        people: Any = self.fields["contact"]
        recent = Contact.objects.order_by("-pk").values_list("pk", flat=True)[:50]
        people.queryset = Contact.objects.filter(pk__in=list(recent)).order_by("-pk")


def version_choices() -> list[tuple[int, Any]]:
    """What can be tried: the live one first, drafts, what was published, the built-in text."""
    rows = AgentVersion.objects.exclude(state=AgentVersion.State.DISCARDED)
    rows = rows.order_by("-is_live", "state", "-number")[:30]
    built_in = (0, _("Built-in text"))
    named = [(row.number, _named(row)) for row in rows]
    live = any(row.is_live for row in rows)
    return [*named, built_in] if live else [built_in, *named]


def _named(version: AgentVersion) -> str:
    state = gettext("Live") if version.is_live else gettext(version.get_state_display())
    note = f": {version.note[:40]}" if version.note else ""
    return f"{version.number} ({state}){note}"


def _lines(sentences: Any) -> str:
    return "\n".join(f"{code}: {text}" for code, text in sentences.items())


def _by_language(text: str) -> dict[str, str]:
    sentences: dict[str, str] = {}
    for line in filter(str.strip, text.splitlines()):
        language, mark, sentence = line.partition(":")
        if not mark or len(language.strip()) != 2 or not sentence.strip():
            raise forms.ValidationError(
                _("Write each line as “en: sentence”, not %(line)s."),
                params={"line": json.dumps(line[:40], ensure_ascii=False)},
            )
        sentences[language.strip().lower()] = sentence.strip()
    return sentences
