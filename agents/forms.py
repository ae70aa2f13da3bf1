"""Trying the agent out, and saying what it may do by itself and for how much."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agents.gateway import TASKS
from agents.guardrails import autonomy
from agents.guardrails.autonomy import Act
from agents.schemas import Intent
from agents.services.allowances import SETTINGS, checked_routes, tools_for_replies
from agents.services.going_live import Lane
from channels_app.models import channel_kinds
from tenants.accounts.models import User
from tenants.workspace.models import Profile


class AskForm(forms.Form):
    """A question as a customer would put it."""

    question = forms.CharField(
        label=_("Question"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )


class ApproveForm(forms.Form):
    """The words in which a draft is sent; empty: as they stand."""

    text = forms.CharField(max_length=8_000, required=False)


class RejectForm(forms.Form):
    """What is wrong with a draft."""

    reason = forms.CharField(max_length=300)


class GoLiveForm(forms.Form):
    """Where the AI answers by itself, and about what; at first as it is now, or everything."""

    platforms = forms.MultipleChoiceField(
        label=_("On these channels"), required=False, widget=forms.CheckboxSelectMultiple
    )
    about = forms.MultipleChoiceField(
        label=_("About these topics"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(
        self, *args: Any, lanes: Sequence[Lane], topics: Sequence[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        offered: dict[str, Any] = {
            "platforms": [(lane.platform, lane.label) for lane in lanes],
            "about": [(key, gettext(name)) for key, name in topics],
        }
        free = {lane.platform for lane in lanes if lane.topics}
        spoken = {topic for lane in lanes for topic in lane.topics}
        for name, now in (("platforms", free), ("about", spoken)):
            field: Any = self.fields[name]
            field.choices = offered[name]
            field.initial = sorted(now) or [key for key, _label in offered[name]]


ACTS = [
    (Act.SEND, _("Send at once")),
    (Act.DELAY, _("Send, with time to undo")),
    (Act.DRAFT, _("Draft for approval")),
    (Act.NEVER, _("A person answers")),
]
PLACES = [
    (autonomy.ANY, _("Everywhere")),
    (autonomy.PRIVATE, _("In private")),
    (autonomy.PUBLIC, _("In public")),
]
OUR_INTENTS = [
    (autonomy.ANY, _("Anything")),
    (Intent.SALES, _("sales")),
    (Intent.SUPPORT, _("support")),
    (Intent.GENERAL, _("general")),
]


class PolicyRowForm(forms.Form):
    """One row: where, about what, and what happens at each level of risk."""

    channel = forms.ChoiceField(label=_("Where"), required=False)
    intent = forms.ChoiceField(label=_("About"), required=False)
    low = forms.ChoiceField(label=_("Low risk"), choices=ACTS, required=False)
    medium = forms.ChoiceField(label=_("Medium risk"), choices=ACTS, required=False)
    high = forms.ChoiceField(label=_("High risk"), choices=ACTS, required=False)

    def __init__(self, *args: Any, intents: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        empty = [] if self.initial else [("", "–")]
        offered: dict[str, Any] = {
            "channel": [*empty, *PLACES, *channel_kinds()],
            "intent": [*empty, *OUR_INTENTS, *intents],
        }
        for name, choices in offered.items():
            field: Any = self.fields[name]
            field.choices = choices
        for name, each in self.fields.items():
            if name in {"medium", "high"} and empty:
                each.initial = Act.DRAFT

    @property
    def is_filled(self) -> bool:
        return bool(self.cleaned_data.get("channel") and self.cleaned_data.get("intent"))


class PolicyForm(forms.Form):
    """What stands beside the table."""

    delay_seconds = forms.IntegerField(
        label=_("Time to undo (seconds)"), min_value=5, max_value=autonomy.LONGEST_DELAY
    )
    expires_hours = forms.IntegerField(
        label=_("A draft waits for (hours)"),
        min_value=1,
        max_value=autonomy.LONGEST_EXPIRY,
        help_text=_("Then a person is asked to answer."),
    )
    note = forms.CharField(label=_("Why this change"), max_length=200, required=False)


PolicyRows = forms.formset_factory(
    PolicyRowForm, extra=1, can_delete=True, max_num=autonomy.MOST_ROWS, validate_max=True
)


TOOL_NAMES = {
    "search_knowledge": _("Search your documents once more, in other words"),
    "update_lead": _("Write down what the contact says of themselves"),
    "hand_over": _("Ask for a person"),
}


class ModelsForm(forms.ModelForm):
    """Which models are asked, how, and for how much; one line of models a task."""

    understand = forms.CharField(label=_("Reading messages"), required=False)
    draft = forms.CharField(
        label=_("First drafts"),
        required=False,
        help_text=_("A small model will do: what the checks refuse is written again below."),
    )
    reply = forms.CharField(label=_("Writing answers"), required=False)
    chat = forms.CharField(label=_("Answering over the API"), required=False)
    summarise = forms.CharField(label=_("Summing up long threads"), required=False)

    tools = forms.MultipleChoiceField(
        label=_("What the AI may use"),
        required=False,
        choices=lambda: [(name, TOOL_NAMES.get(name, name)) for name in tools_for_replies()],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Each use is one more model call. Nothing ticked costs nothing."),
    )

    class Meta:
        model = Profile
        fields = [name for name in SETTINGS if name != "model_routes"]
        labels = {
            "hides_personal": _("Hide personal data from model vendors"),
            "remembers_answers": _("Answer repeated questions from memory"),
            "thinks_ahead": _("Answer faster, for more model calls"),
            "answers_plainly": _("Answer plain questions without a model"),
            "daily_soft_cap": _("Save from, a day (US$)"),
            "daily_hard_cap": _("Stop at, a day (US$)"),
            "monthly_soft_cap": _("Save from, a month (US$)"),
            "monthly_hard_cap": _("Stop at, a month (US$)"),
        }
        help_texts = {
            "hides_personal": _(
                "Names, addresses and numbers leave as placeholders and are put back in the answer."
            ),
            "remembers_answers": _("Personal questions are never remembered."),
            "answers_plainly": _(
                "In the words of your documents, where they surely hold the answer."
            ),
            "thinks_ahead": _("An answer is drafted while it is found out what a message means."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for task in TASKS:
            self.initial[task] = ", ".join(self.instance.model_routes.get(task, []))
            self.fields[task].widget.attrs |= {"dir": "ltr", "spellcheck": "false"}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        routes = {
            task: [route.strip() for route in cleaned.get(task, "").split(",") if route.strip()]
            for task in TASKS
        }
        for task, chain in routes.items():
            try:
                checked_routes({task: chain})
            except forms.ValidationError as error:
                self.add_error(task, error.messages)
        cleaned["model_routes"] = routes
        return cleaned

    @property
    def changes(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in SETTINGS}


class OwnIntentForm(forms.Form):
    """What a company's messages are about, in its own words."""

    name = forms.CharField(label=_("Name"), max_length=80)
    description = forms.CharField(
        label=_("What it means"), max_length=300, required=False, help_text=_("Told to the model.")
    )
    examples = forms.CharField(
        label=_("Examples"),
        widget=forms.Textarea(attrs={"rows": 6, "dir": "auto"}),
        help_text=_("One message a line, at least two, in any language."),
    )
    owner = forms.ModelChoiceField(
        label=_("Whose it is when a person is needed"),
        queryset=User.objects.none(),
        required=False,
        empty_label=_("Nobody in particular"),
    )
    team = forms.CharField(label=_("Team"), max_length=60, required=False)
    is_active = forms.BooleanField(label=_("In use"), required=False, initial=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner: Any = self.fields["owner"]
        owner.queryset = User.objects.filter(is_active=True).exclude(role="viewer")

    def clean_examples(self) -> list[str]:
        return [line for line in self.cleaned_data["examples"].splitlines() if line.strip()]


class TryIntentForm(forms.Form):
    """A message to try the examples on."""

    text = forms.CharField(label=_("A message"), max_length=500, required=False)


class LessonForm(forms.Form):
    """What is to be learnt, in the words of whoever decides."""

    deed = forms.ChoiceField(choices=[(each, each) for each in ("example", "answer", "dismiss")])
    question = forms.CharField(max_length=300, required=False)
    answer = forms.CharField(max_length=2_000, required=False)
