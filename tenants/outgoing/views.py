"""The company's webhooks: where events go, how that went, and doing it again."""

import json
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.outgoing import services
from tenants.outgoing.events import label_of
from tenants.outgoing.forms import EndpointForm, LogForm, RotateForm
from tenants.outgoing.letters import reason_of
from tenants.outgoing.models import Delivery, Endpoint

SEE, ADD, CHANGE = "outgoing.view_endpoint", "outgoing.add_endpoint", "outgoing.change_endpoint"
PAGE = 30
TRIES = 50


@needs(SEE)
@require_GET
def endpoints(request: AuthenticatedRequest) -> HttpResponse:
    """Every address, how it is doing, and what waits for it."""
    return render(
        request,
        "outgoing/endpoints.html",
        {"title": _("Webhooks"), "endpoints": _with_counts(Endpoint.objects.all())},
    )


def _with_counts(rows: QuerySet[Endpoint]) -> QuerySet[Any]:
    State = Delivery.State  # noqa: N806
    under_way = Q(deliveries__state__in=[State.WAITING, State.SENDING])
    dead = Q(deliveries__state=State.DEAD, deliveries__discarded_at=None)
    return rows.annotate(
        waiting_count=Count("deliveries", filter=under_way),
        dead_count=Count("deliveries", filter=dead),
    )


@needs(ADD)
@never_cache
@require_http_methods(["GET", "POST"])
def add(request: AuthenticatedRequest) -> HttpResponse:
    """A new address; its secret is shown this once."""
    form = EndpointForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.add_endpoint(**form.cleaned_data, actor=request.user.actor)
        except ValidationError as error:
            form.take_errors(error)
        else:
            return _shown(request, made, secret=made.secret)
    context = {"title": _("New webhook"), "form": form}
    return render(request, "outgoing/edit.html", context, status=422 if form.errors else 200)


@needs(SEE)
@require_GET
def endpoint(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One address with its log."""
    return _shown(request, get_object_or_404(Endpoint, pk=pk))


def _shown(
    request: AuthenticatedRequest, row: Endpoint, *, secret: str = "", status: int = 200
) -> HttpResponse:
    log = LogForm(request.GET)
    state = log.chosen()
    deliveries = _page_of(row, state, request.GET.get("before", ""))
    return render(
        request,
        "outgoing/endpoint.html",
        {
            "title": row.name,
            "endpoint": _with_counts(Endpoint.objects.all()).get(pk=row.pk),
            "secret": secret,
            "labels": [(name, label_of(name)) for name in row.events],
            "why": reason_of(row.last_error) if row.last_error else "",
            "rotate_form": RotateForm(),
            "state": state,
            "states": Delivery.State.choices,
            "deliveries": [(each, label_of(each.event.kind)) for each in deliveries[:PAGE]],
            "next": deliveries[PAGE - 1].pk if len(deliveries) > PAGE else None,
        },
        status=status,
    )


def _page_of(row: Endpoint, state: str, before: str) -> Sequence[Delivery]:
    rows = Delivery.objects.filter(endpoint=row).select_related("event").defer("event__data")
    if state:
        rows = rows.filter(state=state)
    if before.isascii() and before.isdecimal() and len(before) <= 18:
        rows = rows.filter(pk__lt=int(before))
    return list(rows.order_by("-pk")[: PAGE + 1])


@needs(CHANGE)
@require_http_methods(["GET", "POST"])
def edit(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Another name, address or choice of events."""
    row = get_object_or_404(Endpoint, pk=pk)
    form = EndpointForm(request.POST) if request.method == "POST" else EndpointForm.of(row)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_endpoint(endpoint=row, **form.cleaned_data, actor=request.user.actor)
        except ValidationError as error:
            form.take_errors(error)
        else:
            messages.success(request, _("Saved."))
            return redirect("outgoing:endpoint", pk)
    context = {"title": row.name, "form": form, "endpoint": row}
    return render(request, "outgoing/edit.html", context, status=422 if form.errors else 200)


@needs(CHANGE)
@never_cache
@require_POST
def rotate(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """A new secret, shown this once."""
    row = get_object_or_404(Endpoint, pk=pk)
    form = RotateForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose one of the times."))
        return redirect("outgoing:endpoint", pk)
    hours = form.cleaned_data["overlap_hours"]
    changed = services.rotate_secret(endpoint=row, overlap_hours=hours, actor=request.user.actor)
    return _shown(request, changed, secret=changed.secret)


@needs(CHANGE)
@require_POST
def switch(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Pause, or go on with or without what waited."""
    row = get_object_or_404(Endpoint, pk=pk)
    actor = request.user.actor
    if row.is_sending:
        services.pause_endpoint(endpoint=row, actor=actor)
        messages.success(request, _("Paused. What happens meanwhile waits."))
    else:
        with_waiting = request.POST.get("waiting") != "drop"
        services.resume_endpoint(endpoint=row, actor=actor, send_waiting=with_waiting)
        messages.success(request, _("It goes on."))
    return redirect("outgoing:endpoint", pk)


@needs(CHANGE)
@require_POST
def test(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Send a test, and show what comes of it."""
    row = get_object_or_404(Endpoint, pk=pk)
    made = services.send_test(endpoint=row, actor=request.user.actor)
    return redirect("outgoing:delivery", made.pk)


@needs("outgoing.change_delivery")
@require_POST
def replay_all(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Send everything again that was given up."""
    row = get_object_or_404(Endpoint, pk=pk)
    count = services.replay_failed(endpoint=row, actor=request.user.actor)
    told = ngettext(
        "%(count)d delivery is on its way again.",
        "%(count)d deliveries are on their way again.",
        count,
    )
    messages.success(request, told % {"count": count})
    return redirect("outgoing:endpoint", pk)


@needs("outgoing.delete_endpoint")
@require_POST
def remove(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Nothing is sent there any more."""
    row = get_object_or_404(Endpoint, pk=pk)
    services.remove_endpoint(endpoint=row, actor=request.user.actor)
    messages.success(request, _("“%(name)s” is told nothing any more.") % {"name": row.name})
    return redirect("outgoing:endpoints")


@needs("outgoing.view_delivery")
@require_GET
def delivery(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """What was sent, and what was heard at each try; it looks again while it is under way."""
    rows = Delivery.objects.select_related("event", "endpoint")
    shown = get_object_or_404(rows, pk=pk)
    tries = list(shown.tries.all()[:TRIES])
    context = {
        "delivery": shown,
        "label": label_of(shown.event.kind),
        "tries": [(each, reason_of(each.error_code)) for each in tries],
        # Whoever asked for it looks for an answer; what waits for hours needs no looking.
        "is_awaited": not tries and shown.state in {"waiting", "sending"},
    }
    if request.headers.get("HX-Request"):
        return render(request, "outgoing/_delivery.html", context)
    context |= {"title": _("Delivery"), "body": _indented(shown.event.body())}
    return render(request, "outgoing/delivery.html", context)


def _indented(body: bytes) -> str:
    """For reading; what is sent has no blanks."""
    try:
        return json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    except ValueError:
        return body.decode("utf-8", "replace")


@needs("outgoing.change_delivery")
@require_POST
def replay_one(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Send one again, under the same id."""
    row = get_object_or_404(Delivery, pk=pk)
    try:
        services.replay_delivery(delivery=row, actor=request.user.actor)
    except ValidationError as error:
        messages.info(request, " ".join(error.messages))
    else:
        messages.success(request, _("It is on its way again."))
    return redirect("outgoing:delivery", pk)
