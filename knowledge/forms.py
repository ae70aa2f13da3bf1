"""How knowledge comes in by hand: a file, or pasted text."""

from django import forms
from django.utils.translation import gettext_lazy as _

from knowledge.loaders import LOADERS


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
