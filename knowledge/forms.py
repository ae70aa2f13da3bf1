"""How knowledge comes in by hand: a file, pasted text, a web site, an answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from knowledge.loaders import LOADERS
from knowledge.models import CuratedAnswer, Document, Source


def day_field(label: Any) -> forms.DateField:
    picker = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=picker)


def accepted() -> str:
    """What a browser's file dialog offers; the content decides, not the name."""
    return ",".join(suffix for kind in LOADERS for suffix in LOADERS.get(kind).suffixes)


class UploadForm(forms.Form):
    """A file; its kind is told by its content."""

    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "PDF, Word, web page, Markdown, plain text, or CSV with the columns question and "
            "answer. The same file name replaces the earlier one."
        ),
        widget=forms.FileInput(attrs={"accept": accepted()}),
    )


class PasteForm(forms.Form):
    """Text straight from the clipboard."""

    title = forms.CharField(label=_("Title"), max_length=200)
    text = forms.CharField(label=_("Text"), widget=forms.Textarea(attrs={"rows": 6, "dir": "auto"}))


class FacetsForm(forms.Form):
    """By what a search may be narrowed to a document, and when it is valid."""

    tags = forms.CharField(
        label=_("Tags"), required=False, max_length=300, help_text=_("With commas between them.")
    )
    product = forms.CharField(label=_("Product"), required=False, max_length=100)
    valid_from = day_field(_("From"))
    valid_until = day_field(_("Until"))

    @classmethod
    def of(cls, document: Document) -> "FacetsForm":
        names = ("product", "valid_from", "valid_until")
        initial = {name: getattr(document, name) for name in names}
        return cls(initial={**initial, "tags": ", ".join(document.tags)})

    def given(self) -> dict[str, Any]:
        """What the services ask for."""
        return {**self.cleaned_data, "tags": self.cleaned_data["tags"].split(",")}


EVERY = [
    (0, _("Only when I say so")),
    (24, _("Every day")),
    (24 * 7, _("Every week")),
    (24 * 30, _("Every 30 days")),
]


class SourceLimitsForm(forms.Form):
    """How far a site is followed, and how often."""

    max_pages = forms.IntegerField(label=_("Pages at most"), min_value=1, max_value=5_000)
    max_depth = forms.IntegerField(
        label=_("Links away from the start, at most"), min_value=0, max_value=10
    )
    every_hours = forms.TypedChoiceField(label=_("Look again"), choices=EVERY, coerce=int)

    @classmethod
    def of(cls, source: Source) -> "SourceLimitsForm":
        names = ("max_pages", "max_depth", "every_hours")
        return cls(initial={name: getattr(source, name) for name in names})


class SourceForm(SourceLimitsForm):
    """A web page, a site or a sitemap to be followed."""

    address = forms.CharField(
        label=_("Address"),
        max_length=1_000,
        widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "url", "placeholder": "https://"}),
    )
    kind = forms.ChoiceField(
        label=_("What to read"), choices=Source.Kind.choices, initial=Source.Kind.SITE
    )
    field_order = ("address", "kind", "max_pages", "max_depth", "every_hours")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["max_pages"].initial = 100
        self.fields["max_depth"].initial = 3
        self.fields["every_hours"].initial = 24


NAMES = {
    "en": _("English"),
    "es": _("Spanish"),
    "ar": _("Arabic"),
    "fr": _("French"),
    "de": _("German"),
    "it": _("Italian"),
    "pt": _("Portuguese"),
}


class CuratedForm(forms.Form):
    """Ways to put a question, and the answer in the company's languages."""

    questions = forms.CharField(
        label=_("Ways to ask it"),
        widget=forms.Textarea(attrs={"rows": 5, "dir": "auto"}),
        help_text=_("One a line, in any language. The more ways, the more often it is found."),
    )
    languages = forms.MultipleChoiceField(
        label=_("For whom, by language"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: for everybody."),
    )
    channels = forms.MultipleChoiceField(
        label=_("On which channels"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: on all of them."),
    )
    valid_from = day_field(_("From"))
    valid_until = day_field(_("Until"))
    is_active = forms.BooleanField(label=_("In use"), required=False, initial=True)

    def __init__(
        self,
        *args: Any,
        languages: Sequence[str],
        channels: Sequence[tuple[str, str]],
        questions: Sequence[str] | None = None,
        texts: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._spoken = list(dict.fromkeys([*languages, *(texts or {})]))
        if questions:
            self.fields["questions"].initial = "\n".join(questions)
        for language in self._spoken:
            self.fields[f"answer_{language}"] = forms.CharField(
                label=_("Answer in %(language)s") % {"language": NAMES.get(language, language)},
                required=False,
                initial=(texts or {}).get(language, ""),
                widget=forms.Textarea(
                    attrs={"rows": 3, "dir": "rtl" if language == "ar" else "auto"}
                ),
            )
        self._choices("languages", [(one, NAMES.get(one, one)) for one in self._spoken])
        self._choices("channels", channels)
        self.order_fields(["questions", *(f"answer_{one}" for one in self._spoken)])

    @classmethod
    def of(
        cls,
        answer: CuratedAnswer,
        data: Any,
        *,
        languages: Sequence[str],
        channels: Sequence[tuple[str, str]],
    ) -> "CuratedForm":
        names = ("languages", "channels", "valid_from", "valid_until", "is_active")
        return cls(
            data,
            languages=languages,
            channels=channels,
            questions=[question.text for question in answer.questions.all()],
            texts=answer.answers,
            initial={name: getattr(answer, name) for name in names},
        )

    def given(self) -> dict[str, Any]:
        """What the services ask for."""
        said = self.cleaned_data
        return {
            "questions": said["questions"].splitlines(),
            "answers": {one: said.get(f"answer_{one}", "") for one in self._spoken},
            "languages": said.get("languages", []),
            "channels": said.get("channels", []),
            "valid_from": said["valid_from"],
            "valid_until": said["valid_until"],
            "is_active": said["is_active"],
        }

    def _choices(self, name: str, choices: Sequence[tuple[str, Any]]) -> None:
        if len(choices) < 2:
            del self.fields[name]  # there is nothing to choose
        else:
            field: Any = self.fields[name]
            field.choices = choices
