"""What people asked in vain, the most wanted first, and answering it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from knowledge.forms import CuratedForm
from knowledge.models import Gap
from knowledge.services import (
    add_curated_answer,
    add_document,
    close_gap,
    dismiss_gap,
    reopen_gap,
)
from knowledge.views.curated import form_for
from tenants import cards
from tenants.access import member_may, needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.told import told

PAGE = 30
EXAMPLES = 12
PREFILLED = 4  # ways to put the question, taken from what was asked


@needs("knowledge.view_gap")
@require_GET
def gaps(request: AuthenticatedRequest) -> HttpResponse:
    status = request.GET.get("status", "")
    status = status if status in Gap.Status.values else Gap.Status.OPEN
    counts = dict(Gap.objects.order_by().values_list("status").annotate(number=Count("pk")))
    found = Gap.objects.filter(status=status).defer("embedding")
    return render(
        request,
        "knowledge/gaps.html",
        {
            "title": _("Knowledge"),
            "labels": _channel_labels(request),
            "page": Paginator(found, PAGE).get_page(request.GET.get("page", 1)),
            "status": status,
            "statuses": [(v, label, counts.get(v, 0)) for v, label in Gap.Status.choices],
        },
    )


@needs("knowledge.view_gap")
@require_GET
def gap(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One gap: how it was asked, and the answer to be written."""
    shown = get_object_or_404(Gap.objects.defer("embedding"), pk=pk)
    wordings = [shown.label, *(one.text for one in shown.questions.all()[:EXAMPLES])]
    questions = list(dict.fromkeys(wordings))[:PREFILLED]
    said = _suggestions(request, shown)
    texts = {shown.language: said[0]} if said else {}
    return _page(request, shown, form_for(request, questions=questions, texts=texts), said)


@needs("knowledge.change_gap")
@require_POST
def answer_gap(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Write the answer: as a curated one, or as a document of its own."""
    as_document = request.POST.get("as") == "document"
    right = "knowledge.add_document" if as_document else "knowledge.add_curatedanswer"
    if not member_may(request, right):
        raise PermissionDenied
    shown = get_object_or_404(Gap.objects.defer("embedding"), pk=pk)
    form = form_for(request)
    if form.is_valid():
        actor = f"user:{request.user.pk}"
        try:
            if as_document:
                _as_document(shown, form, actor)
            else:
                add_curated_answer(**form.given(), gap=shown, actor=actor)
        except ValidationError as error:
            form.add_error(None, [told(each) for each in error.messages])
        else:
            messages.success(request, _("Answered. Should it be asked in vain again, it opens."))
            return redirect("knowledge:gaps")
    return _page(request, shown, form, _suggestions(request, shown), status=422)


@needs("knowledge.change_gap")
@require_POST
def dismiss(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    dismiss_gap(gap=get_object_or_404(Gap, pk=pk), actor=f"user:{request.user.pk}")
    messages.success(request, _("Dismissed. It stays away, however often it is asked."))
    return redirect("knowledge:gaps")


@needs("knowledge.change_gap")
@require_POST
def reopen(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    reopen_gap(gap=get_object_or_404(Gap, pk=pk), actor=f"user:{request.user.pk}")
    return redirect("knowledge:gap", pk)


def _suggestions(request: AuthenticatedRequest, shown: Gap) -> list[str]:
    """What people of the company said to those who asked, without personal data."""
    origins = [one.origin for one in shown.questions.all()[:EXAMPLES]]
    return list(dict.fromkeys(cards.gather_flat("gap.answers", request.user, origins)))


def _channel_labels(request: AuthenticatedRequest) -> dict[str, str]:
    return {**dict(cards.gather_flat("knowledge.channels", request.user)), "api": "API"}


def _as_document(shown: Gap, form: CuratedForm, actor: str) -> None:
    given = form.given()
    heading = given["questions"][0]
    texts = "\n\n".join(given["answers"].values())
    content = f"# {heading}\n\n{texts}\n".encode()
    document = add_document(
        title=heading[:200], source_name="", content=content, kind="md", actor=actor
    )
    close_gap(gap=shown, document=document, actor=actor)


def _page(
    request: AuthenticatedRequest, shown: Gap, form: CuratedForm, said: list[str], status: int = 200
) -> HttpResponse:
    return render(
        request,
        "knowledge/gap.html",
        {
            "title": shown.label,
            "gap": shown,
            "labels": _channel_labels(request),
            "form": form,
            "examples": shown.questions.all()[:EXAMPLES],
            "suggestions": said,
        },
        status=status,
    )
