"""Answers that people write, and how often they were given."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from knowledge.forms import CuratedForm
from knowledge.models import CuratedAnswer
from knowledge.services import add_curated_answer, change_curated_answer, remove_curated_answer
from tenants import cards
from tenants.access import member_may, needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.told import told
from tenants.workspace.services import profile

PAGE = 50


@needs("knowledge.view_curatedanswer")
@require_GET
def answers(request: AuthenticatedRequest) -> HttpResponse:
    found = CuratedAnswer.objects.prefetch_related("questions")
    page = Paginator(found, PAGE).get_page(request.GET.get("page", 1))
    today = timezone.localdate()
    return render(
        request,
        "knowledge/curated.html",
        {
            "title": _("Knowledge"),
            "page": page,
            "rows": [(answer, answer.is_live_on(today)) for answer in page],
        },
    )


@needs("knowledge.add_curatedanswer")
@require_http_methods(["GET", "POST"])
def new(request: AuthenticatedRequest) -> HttpResponse:
    form = form_for(request)
    if request.method == "POST" and form.is_valid():
        try:
            add_curated_answer(**form.given(), actor=f"user:{request.user.pk}")
        except ValidationError as error:
            form.add_error(None, [told(each) for each in error.messages])
        else:
            messages.success(request, _("Written. It is given from the next question on."))
            return redirect("knowledge:curated")
    return _form(request, form, None)


@needs("knowledge.view_curatedanswer")
@require_http_methods(["GET", "POST"])
def answer(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One answer: how it is asked for, what is said, to whom."""
    if request.method == "POST" and not member_may(request, "knowledge.change_curatedanswer"):
        raise PermissionDenied
    shown = get_object_or_404(CuratedAnswer.objects.prefetch_related("questions"), pk=pk)
    form = form_for(request, shown)
    if request.method == "POST" and form.is_valid():
        try:
            change_curated_answer(answer=shown, **form.given(), actor=f"user:{request.user.pk}")
        except ValidationError as error:
            form.add_error(None, [told(each) for each in error.messages])
        else:
            messages.success(request, _("Saved. The next question hears the new words."))
            return redirect("knowledge:curated_answer", pk)
    return _form(request, form, shown)


@needs("knowledge.delete_curatedanswer")
@require_POST
def remove(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    remove_curated_answer(
        answer=get_object_or_404(CuratedAnswer, pk=pk), actor=f"user:{request.user.pk}"
    )
    messages.success(request, _("Removed. It is given to nobody any more."))
    return redirect("knowledge:curated")


def form_for(
    request: AuthenticatedRequest,
    shown: CuratedAnswer | None = None,
    *,
    questions: list[str] | None = None,
    texts: dict[str, str] | None = None,
) -> CuratedForm:
    """The form, in the company's languages and for its channels; filled where there is a row."""
    channels = cards.gather_flat("knowledge.channels", request.user)
    languages = list(profile().languages) or ["en"]
    data = request.POST if request.method == "POST" else None
    if shown is None:
        return CuratedForm(
            data, languages=languages, channels=channels, questions=questions, texts=texts
        )
    return CuratedForm.of(shown, data, languages=languages, channels=channels)


def _form(
    request: AuthenticatedRequest, form: CuratedForm, shown: CuratedAnswer | None
) -> HttpResponse:
    return render(
        request,
        "knowledge/curated_answer.html",
        {
            "title": shown.title if shown else _("A new answer"),
            "answer": shown,
            "form": form,
            "is_live": shown is not None and shown.is_live_on(timezone.localdate()),
        },
        status=422 if form.errors else 200,
    )
