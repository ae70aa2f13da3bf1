"""Web sites that are followed: which, how far, and what became of each page."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from knowledge.forms import SourceForm, SourceLimitsForm
from knowledge.models import Source, SourcePage
from knowledge.services import add_source, change_source, look_again, remove_source
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.told import told

PAGE = 50
DONE = ~Q(pages__status=SourcePage.Status.WAITING)
READ = Q(pages__status__in=[SourcePage.Status.TAKEN, SourcePage.Status.UNCHANGED])


@needs("knowledge.view_source")
@require_GET
def sources(request: AuthenticatedRequest) -> HttpResponse:
    return _list(request, SourceForm())


@needs("knowledge.add_source")
@require_POST
def add(request: AuthenticatedRequest) -> HttpResponse:
    """Follow a web page, a site or a sitemap."""
    form = SourceForm(request.POST)
    if form.is_valid():
        try:
            source = add_source(**form.cleaned_data, actor=f"user:{request.user.pk}")
        except ValidationError as error:
            form.add_error("address", [told(each) for each in error.messages])
        else:
            messages.success(request, _("Being read. You can leave this page."))
            return redirect("knowledge:source", source.pk)
    return _list(request, form, status=422)


@needs("knowledge.view_source")
@require_GET
def source(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One source and its pages, each with what became of it."""
    shown = get_object_or_404(_counted(), pk=pk)
    return _detail(request, shown, SourceLimitsForm.of(shown))


@needs("knowledge.change_source")
@require_POST
def limits(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Other limits, from the next round on."""
    shown = get_object_or_404(_counted(), pk=pk)
    form = SourceLimitsForm(request.POST)
    if not form.is_valid():
        return _detail(request, shown, form, status=422)
    change_source(source=shown, **form.cleaned_data, actor=f"user:{request.user.pk}")
    messages.success(request, _("Saved. It holds from the next round on."))
    return redirect("knowledge:source", pk)


@needs("knowledge.change_source")
@require_POST
def again(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    look_again(source=get_object_or_404(Source, pk=pk), actor=f"user:{request.user.pk}")
    messages.success(request, _("Being looked through again."))
    return redirect("knowledge:source", pk)


@needs("knowledge.delete_source")
@require_POST
def remove(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    remove_source(source=get_object_or_404(Source, pk=pk), actor=f"user:{request.user.pk}")
    messages.success(request, _("Followed no longer. No answer rests on its pages any more."))
    return redirect("knowledge:sources")


def _counted() -> QuerySet[Source]:
    return Source.objects.annotate(
        found=Count("pages"), done=Count("pages", filter=DONE), read=Count("pages", filter=READ)
    )


def _list(request: AuthenticatedRequest, form: SourceForm, status: int = 200) -> HttpResponse:
    page = Paginator(_counted().defer("robots").order_by("-pk"), PAGE).get_page(
        request.GET.get("page", 1)
    )
    return render(
        request,
        "knowledge/sources.html",
        {
            "title": _("Knowledge"),
            "page": page,
            "form": form,
            "is_at_work": any(each.is_at_work for each in page),
        },
        status=status,
    )


def _detail(
    request: AuthenticatedRequest, shown: Source, form: SourceLimitsForm, status: int = 200
) -> HttpResponse:
    chosen = request.GET.get("status", "")
    pages = shown.pages.select_related("document").order_by("depth", "pk")
    counts = dict(shown.pages.order_by().values_list("status").annotate(number=Count("pk")))
    if chosen in SourcePage.Status.values:
        pages = pages.filter(status=chosen)
    return render(
        request,
        "knowledge/source.html",
        {
            "title": shown.address.partition("//")[2].rstrip("/"),
            "source": shown,
            "form": form,
            "page": Paginator(pages, PAGE).get_page(request.GET.get("page", 1)),
            "chosen": chosen,
            "counts": [
                (value, label, counts[value])
                for value, label in SourcePage.Status.choices
                if value in counts
            ],
        },
        status=status,
    )
