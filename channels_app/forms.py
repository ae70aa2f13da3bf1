"""What people write in the inbox, and what they fill in to connect a channel."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from channels_app.models import ChannelConnection
from channels_app.providers import CHANNELS
from channels_app.services.routing import shared_secret
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
    files = FilesField(label=_("Files"), required=False, allow_empty_file=True)
    is_private = forms.BooleanField(
        label=_("Answer in private (once for each comment)"), required=False
    )

    @property
    def is_note(self) -> bool:
        return self.cleaned_data.get("mode") == "note"

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        files = given.get("files")
        if files and self.is_note:
            self.add_error("files", _("Files go with replies, not with notes."))
        if not files and "files" not in self.errors and not str(given.get("text") or "").strip():
            self.add_error("text", _("Write something first."))
        return given


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
