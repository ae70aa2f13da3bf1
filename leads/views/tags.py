"""The company's tags: how they are called and coloured, how many leads carry each."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from leads import services
from leads.forms.work import TagForm
from leads.models import Tag
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest


@needs("leads.view_tag", change="leads.add_tag")
@require_http_methods(["GET", "POST"])
def tags(request: AuthenticatedRequest) -> HttpResponse:
    """Every tag; posted, a new one."""
    form = TagForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            services.make_tag(**form.cleaned_data, actor=request.user.actor)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            return redirect("leads:tags")
    found = list(Tag.objects.staying().with_counts())
    return render(
        request,
        "leads/tags.html",
        {
            "title": _("Tags"),
            "rows": [(tag, TagForm(initial=_as_it_is(tag), prefix=f"t{tag.pk}")) for tag in found],
            "form": form,
        },
        status=422 if form.is_bound else 200,
    )


@needs("leads.change_tag")
@require_POST
def change(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Another name, another colour."""
    tag = get_object_or_404(Tag.objects.staying(), pk=pk)
    form = TagForm(request.POST, prefix=f"t{pk}")
    if not form.is_valid():
        messages.error(request, _("A tag needs a name of up to 40 characters."))
        return redirect("leads:tags")
    try:
        services.change_tag(tag=tag, **form.cleaned_data, actor=request.user.actor)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Tag changed."))
    return redirect("leads:tags")


@needs("leads.delete_tag")
@require_POST
def retire(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Take it off every lead, for good; with ``into``, that one is put on instead."""
    tag = get_object_or_404(Tag.objects.staying(), pk=pk)
    wanted = request.POST.get("into", "")
    into = None
    if wanted:
        number = int(wanted) if wanted.isdecimal() and len(wanted) < 19 else 0
        into = get_object_or_404(Tag.objects.staying(), pk=number)
    try:
        services.retire_tag(tag=tag, into=into, actor=request.user.actor)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Tags merged.") if into else _("Tag deleted."))
    return redirect("leads:tags")


def _as_it_is(tag: Tag) -> dict[str, str]:
    return {"name": tag.name, "colour": tag.colour}
