"""The living page of our components: the very fragments that pages are made of, in every state."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.charts import Pair, bar_chart

STATIC = Path(settings.BASE_DIR) / "static" / "leadwire"
NAMES = ("Mia Novak", "Tom Becker", "Lucía Ruiz", "ليلى حداد", "Omar Diaz", "Ada Byron")
TONES = ("", "good", "warn", "bad", "info", "pine", "copper")
SCORES = ((92, "hot"), (61, "warm"), (18, "cold"))


class ShownForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label=gettext_lazy("Name"), help_text=gettext_lazy("As people say it."))
    email = forms.EmailField(label=gettext_lazy("E-mail"))
    stage = forms.ChoiceField(
        label=gettext_lazy("Stage"),
        choices=[("new", gettext_lazy("New")), ("won", gettext_lazy("Won"))],
    )
    words = forms.CharField(
        label=gettext_lazy("Message"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    says_so = forms.BooleanField(label=gettext_lazy("Tell the team"), required=False)
    role = forms.ChoiceField(
        label=gettext_lazy("Role"),
        choices=[("agent", gettext_lazy("Agent")), ("viewer", gettext_lazy("Viewer"))],
        widget=forms.RadioSelect,
    )


@needs("workspace.change_profile")
@require_GET
def components(request: AuthenticatedRequest) -> HttpResponse:
    """For whoever works on the console: admins of a company; everything on it is made up."""
    messages.success(request, _("Saved."))  # a toast, where toasts appear
    return render(
        request,
        "workspace/components.html",
        {
            "title": _("Components"),
            "colours": _colours(),
            "icons": _icons(),
            "names": NAMES,
            "tones": TONES,
            "scores": SCORES,
            "heads": [(_("Name"), False), (_("Messages"), True)],
            "numbers": [("Telegram", 1_204), ("WhatsApp", 87)],
            "chart": _chart(),
            "form": ShownForm({"email": "nobody", "says_so": "on", "role": "agent"}),
            "page": Paginator(range(90), 10).get_page(4),
        },
    )


@lru_cache(maxsize=1)
def _colours() -> list[str]:
    """The tokens that are colours, as the style sheet names them."""
    sheet = (STATIC / "tokens.css").read_text()
    return re.findall(r"--([\w-]+):\s*(?:light-dark\(|#)", sheet)


@lru_cache(maxsize=1)
def _icons() -> list[str]:
    return re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text())


def _chart() -> dict[str, Any]:
    days = [(4, 3), (9, 7), (6, 6), (14, 9), (11, 10), (3, 2), (8, 8)]
    pairs = [Pair(f"{day} Nov", first, second) for day, (first, second) in enumerate(days, 14)]
    return bar_chart(
        title=_("Messages of the last 14 days"),
        first_label=_("Came in"),
        second_label=_("Answered by AI"),
        pairs=pairs,
    )
