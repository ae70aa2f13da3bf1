"""Knowledge: what the company has told us, how far it is indexed, and adding to it."""

from pathlib import PurePath

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from knowledge.forms import FacetsForm, PasteForm, UploadForm
from knowledge.models import Document
from knowledge.services import (
    TEXT_KINDS,
    add_document,
    describe_document,
    find_same,
    reindex_document,
    remove_document,
    replace_content,
)
from tenants import cards
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest

PAGE = 50


@needs("knowledge.view_document")
@require_GET
def documents(request: AuthenticatedRequest) -> HttpResponse:
    return _page(request, UploadForm(prefix="upload"), PasteForm(prefix="paste"))


@needs("knowledge.add_document")
@require_POST
def upload(request: AuthenticatedRequest) -> HttpResponse:
    """Take a file in; indexing follows in the background."""
    form = UploadForm(request.POST, request.FILES, prefix="upload")
    if form.is_valid():
        file = form.cleaned_data["file"]
        title = PurePath(file.name).stem.replace("_", " ").replace("-", " ")[:200]
        if _added(request, form, "file", title=title, name=file.name, content=file.read()):
            return redirect("knowledge:documents")
    return _page(request, form, PasteForm(prefix="paste"), status=422)


@needs("knowledge.add_document")
@require_POST
def paste(request: AuthenticatedRequest) -> HttpResponse:
    """Take pasted text in."""
    form = PasteForm(request.POST, prefix="paste")
    if form.is_valid():
        content = form.cleaned_data["text"].encode()
        title = form.cleaned_data["title"]
        if _added(request, form, "text", title=title, name="", content=content):
            return redirect("knowledge:documents")
    return _page(request, UploadForm(prefix="upload"), form, status=422)


def _added(
    request: AuthenticatedRequest, form: Form, field: str, *, title: str, name: str, content: bytes
) -> bool:
    same = find_same(source_name=name, content=content)
    if same and same.status != Document.Status.FAILED:
        messages.info(
            request, _("Nothing new: “%(title)s” says exactly this already.") % {"title": same}
        )
        return True
    try:
        add_document(
            title=title, source_name=name, content=content, actor=f"user:{request.user.pk}"
        )
    except ValidationError as error:
        form.add_error(field, error.messages)
        return False
    messages.success(request, _("Taken in. It answers questions as soon as it is indexed."))
    return True


@needs("knowledge.view_document")
@require_GET
def document(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One document and the passages it can be cited by."""
    shown = get_object_or_404(Document, pk=pk)
    return _document(request, shown, FacetsForm.of(shown))


def _document(
    request: AuthenticatedRequest, shown: Document, form: FacetsForm, status: int = 200
) -> HttpResponse:
    passages = shown.passages.only("heading", "text", "language", "position", "document_id")
    return render(
        request,
        "knowledge/document.html",
        {
            "title": shown.title,
            "document": shown,
            "form": form,
            "is_text": shown.kind in TEXT_KINDS,
            "page": Paginator(passages.order_by("position"), PAGE).get_page(
                request.GET.get("page", 1)
            ),
        },
        status=status,
    )


@needs("knowledge.change_document")
@require_POST
def reindex(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    reindex_document(document=get_object_or_404(Document, pk=pk), actor=f"user:{request.user.pk}")
    messages.success(request, _("Being indexed anew."))
    return redirect("knowledge:document", pk)


@needs("knowledge.change_document")
@require_POST
def replace(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Give a document another text."""
    shown = get_object_or_404(Document, pk=pk)
    content = request.POST.get("text", "").encode()
    try:
        replace_content(document=shown, content=content, actor=f"user:{request.user.pk}")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Replaced. It answers as soon as it is indexed."))
    return redirect("knowledge:document", pk)


@needs("knowledge.change_document")
@require_POST
def describe(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Tags, product and dates of a document."""
    shown = get_object_or_404(Document, pk=pk)
    form = FacetsForm(request.POST)
    if not form.is_valid():
        return _document(request, shown, form, status=422)
    try:
        describe_document(document=shown, **form.given(), actor=f"user:{request.user.pk}")
    except ValidationError as error:
        form.add_error(None, error.messages)
        return _document(request, shown, form, status=422)
    messages.success(request, _("Saved."))
    return redirect("knowledge:document", pk)


@needs("knowledge.delete_document")
@require_POST
def remove(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    remove_document(document=get_object_or_404(Document, pk=pk), actor=f"user:{request.user.pk}")
    messages.success(request, _("Removed. No answer rests on it any more."))
    return redirect("knowledge:documents")


def _page(
    request: AuthenticatedRequest, upload_form: Form, paste_form: Form, status: int = 200
) -> HttpResponse:
    page = Paginator(Document.objects.all(), PAGE).get_page(request.GET.get("page", 1))
    return render(
        request,
        "knowledge/documents.html",
        {
            "title": _("Knowledge"),
            "page": page,
            "upload_form": upload_form,
            "paste_form": paste_form,
            "panels": cards.gather("knowledge", request.user),
            "is_indexing": any(document.is_unfinished for document in page),
        },
        status=status,
    )
