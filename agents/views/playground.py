"""A message tried on the agent: every step, source, cost and time, and nothing is kept of it."""

from collections.abc import Iterator

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from agents.models import AgentVersion
from agents.services.rehearsing import Rehearsal, rehearse_words
from agents.services.steering import guide_of
from agents.services.versions import live_version
from agents.services.workbench import account_for
from agents.version_forms import PlaygroundForm
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest

# Where the steps come in the page, which is written once and sent in two halves around them.
SLOT = "<!-- steps -->"


@needs("agents.view_run", change="agents.add_run")
@require_http_methods(["GET", "POST"])
def playground(request: AuthenticatedRequest) -> HttpResponseBase:
    """Type what a customer would; the answer comes step by step, also without JavaScript."""
    live = live_version()
    asked = request.GET.get("version", "")
    initial = {"version": int(asked) if asked.isdecimal() else (live.number if live else 0)}
    form = PlaygroundForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        return StreamingHttpResponse(_streamed(request, form))
    return _page(request, form)


def _page(request: AuthenticatedRequest, form: PlaygroundForm, slot: str = "") -> HttpResponse:
    context = {
        "title": _("Playground"),
        "form": form,
        "slot": slot,
        "is_new": not AgentVersion.objects.exists(),
    }
    status = 422 if form.errors else 200
    return render(request, "agents/playground.html", context, status=status)


def _streamed(request: AuthenticatedRequest, form: PlaygroundForm) -> Iterator[str]:
    """The page's beginning, each step when it is done, the page's end.

    A browser draws what it has: no script is needed to see the steps come.
    """
    language = translation.get_language()
    page = _page(request, form, slot=SLOT).content.decode()
    head, _slot, tail = page.partition(SLOT)
    yield head
    said = form.cleaned_data
    rehearsal = rehearse_words(
        text=said["text"],
        guide=guide_of(said["version"]),
        platform=said["channel"],
        surface=said["surface"],
        language=said["language"],
        contact=said["contact"],
    )
    for stage in rehearsal.stages():
        with translation.override(language):
            yield _stage(request, stage, rehearsal)
    account_for(rehearsal)
    yield tail


def _stage(request: AuthenticatedRequest, stage: str, rehearsal: Rehearsal) -> str:
    return render_to_string(
        f"agents/_stage_{stage}.html", {"rehearsal": rehearsal}, request=request
    )
