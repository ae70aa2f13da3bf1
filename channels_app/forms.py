"""What people write in the inbox, and what they fill in to connect a channel."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from channels_app import phrases
from channels_app.models import CannedReply, ChannelConnection, Label, MessageTemplate
from channels_app.providers import CHANNELS
from channels_app.services.bulk import DEEDS
from channels_app.services.routing import shared_secret
from channels_app.services.snoozing import moment_meant
from channels_app.services.templates import filled
from tenants.accounts.models import User

MAX_FILES = 10  # of one reply


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files of one input, as a list."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        given = data if isinstance(data, list | tuple) else [data] if data else []
        if len(given) > MAX_FILES:
            raise forms.ValidationError(
                _("Up to %(most)d files go at once."), params={"most": MAX_FILES}
            )
        return [super(FilesField, self).clean(each, initial) for each in given]


class ReplyForm(forms.Form):
    """A reply, or a note for colleagues."""

    mode = forms.ChoiceField(
        choices=[("reply", _("Reply")), ("note", _("Note"))], initial="reply", required=False
    )
    text = forms.CharField(
        label=_("Message"),
        max_length=20_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )
    attachments = FilesField(label=_("Files"), required=False, allow_empty_file=True)
    is_private = forms.BooleanField(
        label=_("Answer in private (once for each comment)"), required=False
    )

    @property
    def is_note(self) -> bool:
        return self.cleaned_data.get("mode") == "note"

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        files = given.get("attachments")
        if files and self.is_note:
            self.add_error("attachments", _("Files go with replies, not with notes."))
        has_words = bool(str(given.get("text") or "").strip())
        if not (files or has_words or "attachments" in self.errors):
            self.add_error("text", _("Write something first."))
        return given


class TemplateForm(forms.Form):
    """The gaps of one template; the network itself knows the words around them."""

    def __init__(self, template: MessageTemplate, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.template = template
        for gap in phrases.gaps(template.components):
            named = _("Gap %(number)s") % {"number": gap.name} if gap.name.isdigit() else gap.name
            files = {"image": _("Image"), "video": _("Video"), "document": _("Document")}
            example = _("For example: %(example)s") % {"example": gap.example}
            self.fields[gap.key] = forms.CharField(
                label=files.get(gap.kind, named),
                help_text=example if gap.example else "",
                widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
            )

    @property
    def preview(self) -> str:
        given = self.data if self.is_bound else self.initial
        values = {name: str(given.get(name, "")) for name in self.fields}
        return phrases.preview(self.template.components, values)

    def filled(self) -> tuple[str, dict[str, Any]] | None:
        """Text and template for ``post_message``; None where a gap is in the way."""
        if not self.is_valid():
            return None
        try:
            return filled(template=self.template, values=self.cleaned_data)
        except phrases.Unfilled as unfilled:
            for name, problem in unfilled.problems.items():
                self.add_error(name, problem)
            return None


class AssignForm(forms.Form):
    """Whose conversation this is; nobody's when left empty."""

    assignee = forms.ModelChoiceField(
        label=_("Assigned to"),
        queryset=User.objects.none(),
        required=False,
        empty_label=_("Nobody"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assignee"].queryset = User.objects.filter(is_active=True)  # type: ignore[attr-defined]


class SnoozeForm(forms.Form):
    """Until when: a preset, or words such as "tomorrow 9am" on the company's clock. Neither
    means until they write again."""

    preset = forms.CharField(max_length=16, required=False)
    typed = forms.CharField(
        label=_("Until"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}),
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        said = str(given.get("preset") or given.get("typed") or "").strip()
        given["until"] = moment_meant(said) if said and said != "reply" else None
        if said and said != "reply" and given["until"] is None:
            self.add_error(
                "typed", _("This says no time to come. Try “tomorrow 9am” or “in 2 hours”.")
            )
        elif not said:
            self.add_error("typed", _("Say until when."))
        return given


class LabelForm(forms.Form):
    """A label to put on, by its name."""

    name = forms.CharField(label=_("Label"), max_length=40)


class ViewForm(forms.Form):
    """A list to be kept."""

    name = forms.CharField(label=_("Name"), max_length=60)
    status = forms.ChoiceField(
        label=_("Status"),
        choices=[("open", _("Open")), ("snoozed", _("Snoozed")), ("closed", _("Closed"))],
        required=False,
    )
    whose = forms.ChoiceField(
        label=_("Assigned to"),
        choices=[("", _("Anybody")), ("me", _("Whoever looks")), ("nobody", _("Nobody"))],
        required=False,
    )
    platform = forms.ChoiceField(label=_("Channel"), required=False)
    label = forms.ModelChoiceField(
        label=_("Label"), queryset=Label.objects.all(), required=False, empty_label=_("Any")
    )
    is_waiting = forms.BooleanField(label=_("Only who waits for an answer"), required=False)
    is_shared = forms.BooleanField(label=_("For everybody here"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["platform"].choices = [("", _("Any")), *CHANNELS.choices()]  # type: ignore[attr-defined]

    def clean_status(self) -> str:
        return self.cleaned_data["status"] or "open"


class CannedForm(forms.ModelForm):
    """What is written often, and the short word it is found by."""

    class Meta:
        model = CannedReply
        fields = ("shortcut", "text")
        widgets = {"text": forms.Textarea(attrs={"rows": 4, "dir": "auto"})}

    def clean_shortcut(self) -> str:
        return str(self.cleaned_data["shortcut"]).lower()


class ManyForm(forms.Form):
    """One deed on the conversations that were ticked."""

    deed = forms.ChoiceField(choices=[(name, name) for name in DEEDS])
    assignee = forms.ModelChoiceField(queryset=User.objects.none(), required=False)
    preset = forms.CharField(max_length=16, required=False)
    label = forms.CharField(max_length=40, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assignee"].queryset = User.objects.filter(is_active=True)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("deed") == "label" and not str(given.get("label") or "").strip():
            self.add_error("label", _("Name the label."))
        return given


class PhoneForm(forms.Form):
    """What a customer of a sandbox writes."""

    name = forms.CharField(label=_("Name"), max_length=60, required=False)
    text = forms.CharField(
        label=_("Message"),
        max_length=4_000,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}),
    )


class ConnectForm(forms.Form):
    """What every network asks; its own settings come from the provider's ``ConfigForm``."""

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("What your team calls it: Shop page, Support.")
    )
    account_id = forms.CharField(
        label=_("Account id"),
        max_length=190,
        help_text=_("The network's id of your page, phone number or bot."),
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, platform: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if platform and CHANNELS.get(platform).names_itself:
            del self.fields["account_id"]


class CloseForm(forms.Form):
    """Why nothing more has to be said."""

    reason = forms.CharField(label=_("Why"), max_length=300)


def config_form(platform: str, data: Any = None) -> forms.Form:
    """The network's own settings form, its fields apart from ours.

    What only the network can give must be typed; what is ours to choose may be left to us.
    """
    provider = CHANNELS.get(platform)
    form = provider.ConfigForm(data, prefix="config")
    for word, key in provider.secret_names.items():
        field = form.fields[key]
        if provider.new_secret(word):
            field.help_text = _("Left empty, we make one up and show it once.")
        elif isinstance(field.widget, forms.PasswordInput) and must_be_given(platform, word):
            field.required = True
    return form


def must_be_given(platform: str, word: str) -> bool:
    """Whether only the network has this secret, and nobody else here holds it for us."""
    provider = CHANNELS.get(platform)
    if word not in provider.secret_names or provider.new_secret(word):
        return False
    return word == "token" or (word == "secret" and not shared_secret(platform))


def settings_form(connection: ChannelConnection, data: Any = None) -> forms.Form:
    """The network's own settings as they stand; secrets are never shown."""
    provider = CHANNELS.get(connection.platform)
    secrets = set(provider.secret_names.values())
    known = {name: value for name, value in connection.config.items() if name not in secrets}
    form = provider.ConfigForm(data, prefix="config", initial=known)
    for name in secrets:
        form.fields[name].required = False
        form.fields[name].help_text = _("Left empty, it stays as it is.")
    return form


def made_up(platform: str, config: dict[str, Any]) -> dict[str, str]:
    """Fresh values for the secrets that were left to us, by their name in the config."""
    provider = CHANNELS.get(platform)
    return {
        key: secret
        for word, key in provider.secret_names.items()
        if not config.get(key) and (secret := provider.new_secret(word))
    }
