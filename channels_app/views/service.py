"""Opening hours, promises and turns: how this company treats who waits."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from channels_app.models import Promise
from channels_app.service_forms import HoursForm, PromiseForm, SeatForm, TurnsForm
from channels_app.services.promising import change_promise, drop_promise, make_promise
from channels_app.services.ringing import ring
from channels_app.services.seats import change_seat, desk, set_away
from channels_app.services.winding import house
from channels_app.views.deeds import CHANGE
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.accounts.models import User
from tenants.workspace.models import Profile
from tenants.workspace.services import change_profile, opening_hours, profile


@needs("workspace.view_profile", change="workspace.change_profile")
@require_http_methods(["GET", "POST"])
def hours(request: AuthenticatedRequest) -> HttpResponse:
    """When people are there, and what is said while nobody is."""
    form = HoursForm(request.POST or None, instance=Profile.current())
    if request.method == "POST" and form.is_valid():
        said = {name: form.cleaned_data[name] for name in form.Meta.fields}
        with transaction.atomic():
            change_profile(actor=request.user.actor, opening_hours=form.opening_hours, **said)
            transaction.on_commit(house.forget)
            ring("set_timers")
        messages.success(request, _("Saved. The next message is handled this way."))
        return redirect("channels_app:hours")
    return render(
        request,
        "channels_app/hours.html",
        {"title": _("Opening hours"), "form": form, "standing": _standing()},
        status=422 if form.errors else 200,
    )


def _standing() -> dict[str, object]:
    """Whether it is open now, and until or from when, on the company's clock."""
    known, now = opening_hours(), timezone.now()
    return {
        "is_always": known.are_always,
        "is_open": known.is_open(now),
        "opens": known.next_opening(now),
        "zone": str(known.zone),
    }


@needs("channels_app.view_promise")
@require_GET
def promises(request: AuthenticatedRequest) -> HttpResponse:
    """What is promised, on which channels."""
    return _promises(request, PromiseForm(initial={"in_hours": True}))


@needs("channels_app.add_promise")
@require_POST
def add_promise(request: AuthenticatedRequest) -> HttpResponse:
    form = PromiseForm(request.POST)
    if form.is_valid():
        try:
            make_promise(actor=request.user.actor, **form.cleaned_data)
        except ValidationError as error:
            form.take_errors(error)
        else:
            messages.success(request, _("Promised. Timers run by it from now on."))
            return redirect("channels_app:promises")
    return _promises(request, form)


@needs("channels_app.view_promise", change="channels_app.change_promise")
@require_http_methods(["GET", "POST"])
def promise(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One of them, to be changed."""
    row = get_object_or_404(Promise, pk=pk)
    form = PromiseForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        try:
            change_promise(
                promise=Promise.objects.get(pk=pk), actor=request.user.actor, **form.cleaned_data
            )
        except ValidationError as error:
            form.take_errors(error)
        else:
            messages.success(request, _("Saved. Every timer is set anew."))
            return redirect("channels_app:promises")
    return render(
        request,
        "channels_app/promise.html",
        {"title": row.name, "promise": row, "form": form},
        status=422 if form.errors else 200,
    )


@needs("channels_app.delete_promise")
@require_POST
def remove_promise(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    drop_promise(promise=get_object_or_404(Promise, pk=pk), actor=request.user.actor)
    messages.success(request, _("Removed. What was not kept stays on record."))
    return redirect("channels_app:promises")


def _promises(request: AuthenticatedRequest, form: PromiseForm) -> HttpResponse:
    return render(
        request,
        "channels_app/promises.html",
        {
            "title": _("Promised response times"),
            "promises": list(Promise.objects.select_related("connection")),
            "form": form,
            "soon": profile().due_soon_minutes,
        },
        status=422 if form.errors else 200,
    )


@needs("workspace.change_profile")
@require_POST
def due_soon(request: AuthenticatedRequest) -> HttpResponse:
    """From when on a list says that something is due soon."""
    said = request.POST.get("due_soon_minutes", "")
    try:
        change_profile(actor=request.user.actor, due_soon_minutes=int(said))
    except (ValueError, ValidationError):
        messages.error(request, _("Give 1 to 1440 minutes."))
    else:
        messages.success(request, _("Saved."))
    return redirect("channels_app:promises")


@needs("channels_app.view_seat", change="workspace.change_profile")
@require_http_methods(["GET", "POST"])
def turns(request: AuthenticatedRequest) -> HttpResponse:
    """Who gets what needs a person, and how much of it."""
    form = TurnsForm(request.POST or None, instance=Profile.current())
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            change_profile(actor=request.user.actor, **form.cleaned_data)
            transaction.on_commit(house.forget)
            ring("give_out")
        messages.success(request, _("Saved. The next message is handled this way."))
        return redirect("channels_app:turns")
    return render(
        request,
        "channels_app/turns.html",
        {"title": _("Turns"), "form": form, "desk": desk(profile())},
        status=422 if form.errors else 200,
    )


@needs("channels_app.change_seat")
@require_POST
def seat(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """How one colleague takes part, and whether they are there."""
    colleague = get_object_or_404(User, pk=pk, is_active=True)
    form = SeatForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give 0 to 1000 conversations, or nothing."))
        return redirect("channels_app:turns")
    change_seat(user=colleague, actor=request.user.actor, **form.cleaned_data)
    messages.success(request, _("Saved."))
    return redirect("channels_app:turns")


@needs(CHANGE)
@require_POST
def away(request: AuthenticatedRequest) -> HttpResponse:
    """Whoever asks goes, or comes back."""
    set_away(user=request.user, is_away=request.POST.get("away") == "1")
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return redirect("channels_app:inbox")
