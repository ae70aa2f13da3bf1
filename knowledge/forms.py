"""How knowledge comes in by hand: a file, or pasted text."""

from django import forms
from django.utils.translation import gettext_lazy as _


class UploadForm(forms.Form):
    """A file; its kind is told by its content."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("PDF, Markdown or plain text. The same file name replaces the earlier one."),
        widget=forms.FileInput(attrs={"accept": ".pdf,.md,.markdown,.txt,text/*"}),
    )


class PasteForm(forms.Form):
    """Text straight from the clipboard."""

    title = forms.CharField(label=_("Title"), max_length=200)
    text = forms.CharField(label=_("Text"), widget=forms.Textarea(attrs={"rows": 6, "dir": "auto"}))
