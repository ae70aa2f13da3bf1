"""What an edit of the knowledge would change, shown before it is done."""

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from agents.services.impact import MOST, Impact, impact_of_answer, impact_of_edit
from knowledge.models import CuratedAnswer, Document
from knowledge.services import Outcome, text_of
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest


@needs("knowledge.change_document")
@require_http_methods(["GET", "POST"])
def document(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The past answers that rest on a document: if it went, or if its text were another."""
    shown = get_object_or_404(Document, pk=pk)
    edits = request.method == "POST" or request.GET.get("edit") == "text"
    text = request.POST.get("text", text_of(document=shown)) if edits else None
    error, impact = "", None
    try:
        if request.method == "POST":
            impact = impact_of_edit(document=shown, content=(text or "").encode())
        elif not edits:
            impact = impact_of_edit(document=shown)
    except ValidationError as refused:
        error = " ".join(refused.messages)
    return render(
        request,
        "agents/impact.html",
        {
            "title": shown.title,
            "document": shown,
            "text": text,
            "edits": edits,
            "error": error,
            **_told(impact),
        },
        status=422 if error else 200,
    )


@needs("knowledge.view_curatedanswer")
@require_GET
def answer(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The past answers that were this one, and what would have been said without it."""
    shown = get_object_or_404(CuratedAnswer, pk=pk)
    return render(
        request,
        "agents/impact.html",
        {"title": shown.title, "answer": shown, **_told(impact_of_answer(answer=shown))},
    )


def _told(impact: Impact | None) -> dict[str, object]:
    if impact is None:
        return {}
    words = (
        (Outcome.NONE, _("No longer answered"), "bad"),
        (Outcome.OTHER, _("From another source"), "warn"),
        (Outcome.UNCHANGED, _("Answered as before"), "good"),
    )
    return {
        "impact": impact,
        "most": MOST,
        "counts": [(label, impact.count(outcome), tone) for outcome, label, tone in words],
        "labels": {outcome.value: (label, tone) for outcome, label, tone in words},
    }
