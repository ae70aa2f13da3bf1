"""What people write in the inbox, and what they fill in to connect a channel."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from channels_app.providers import CHANNELS
from tenants.accounts.models import User


class ReplyForm(forms.Form):
    """A reply, or a note for colleagues."""

    mode = forms.ChoiceField(
        choices=[("reply", _("Reply")), ("note", _("Note"))], initial="reply", required=False
    )
    text = forms.CharField(
        label=_("Message"),
        max_length=20_000,
        error_messages={"required": _("Write something first.")},
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )

    is_private = forms.BooleanField(
        label=_("Answer in private (once for each comment)"), required=False
    )

    @property
    def is_note(self) -> bool:
        return self.cleaned_data.get("mode") == "note"


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
        elif word == "token" and isinstance(field.widget, forms.PasswordInput):
            field.required = True
    return form


def made_up(platform: str, config: dict[str, Any]) -> dict[str, str]:
    """Fresh values for the secrets that were left to us, by their name in the config."""
    provider = CHANNELS.get(platform)
    return {
        key: secret
        for word, key in provider.secret_names.items()
        if not config.get(key) and (secret := provider.new_secret(word))
    }
