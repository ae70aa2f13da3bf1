"""Signing in at a network: setting out, coming back, choosing what to connect."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from channels_app.models import ChannelConnection, SignInAttempt
from channels_app.services import ask_for_checkup
from channels_app.services.choosing import Chosen, choose, obvious, offers_of, terms_of
from channels_app.services.signing_in import (
    SignInRefused,
    begin,
    come_back,
    label_of,
)
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.sign_ins.troubles import trouble_of
from tenants.sign_ins.views import leave, session_of

ADD = "channels_app.add_channelconnection"


@needs(ADD)
@require_POST
def start(request: AuthenticatedRequest, kind: str, platform: str) -> HttpResponse:
    """Off to the network."""
    known = None
    if number := request.POST.get("connection", ""):
        known = get_object_or_404(ChannelConnection, pk=number if number.isdigit() else 0)
        platform = known.platform
    try:
        address = begin(
            kind=kind,
            platform=platform,
            user=request.user,
            session_key=session_of(request),
            connection=known,
            again=bool(request.POST.get("again")),
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("channels_app:channels")
    home = reverse("channels_app:channels")
    return leave(request, address=address, network=label_of(kind), home=home)


@needs(ADD)
@require_GET
def back(request: AuthenticatedRequest, attempt_id: uuid.UUID) -> HttpResponse:
    """On the company's host: in the session that began, the code becomes access."""
    attempt = get_object_or_404(SignInAttempt, pk=attempt_id)
    try:
        come_back(
            attempt=attempt,
            word=request.GET.get("word", ""),
            user=request.user,
            session_key=session_of(request),
        )
    except SignInRefused as refusal:
        return _trouble(request, refusal.code)
    offers = offers_of(attempt) if attempt.state == SignInAttempt.State.READY else []
    if numbers := obvious(attempt, offers):
        return _connected(request, attempt, _choose(request, attempt, numbers))
    return redirect("channels_app:sign_in", attempt.pk)


@needs(ADD)
@require_http_methods(["GET", "POST"])
def attempt(request: AuthenticatedRequest, attempt_id: uuid.UUID) -> HttpResponse:
    """What came with a sign-in, to choose from; or why nothing did."""
    found = get_object_or_404(SignInAttempt, pk=attempt_id)
    if found.user_id != request.user.pk:
        return _trouble(request, "stranger")
    if found.state == SignInAttempt.State.DONE:
        return redirect("channels_app:channels")
    if found.state != SignInAttempt.State.READY or found.is_over:
        code = found.error_code or ("expired" if found.is_over else "used")
        return _trouble(request, code, found)
    if request.method == "POST":
        numbers = [int(each) for each in request.POST.getlist("account") if each.isdigit()]
        if numbers:
            return _connected(request, found, _choose(request, found, numbers))
        messages.error(request, _("Choose at least one account."))
    offers = offers_of(found)
    return render(
        request,
        "channels_app/sign_in_choice.html",
        {
            "title": _("Choose what to connect"),
            "attempt": found,
            "offers": offers,
            "network": label_of(found.kind),
            "is_missed": found.connection is not None and not any(o.is_meant for o in offers),
            "lacks": any(offer.lacks or offer.works_without for offer in offers),
            "terms": terms_of(found),
            "may_choose": any(offer.can_be_chosen for offer in offers),
        },
    )


def _choose(request: AuthenticatedRequest, attempt: SignInAttempt, numbers: list[int]) -> Chosen:
    return choose(
        attempt=attempt,
        numbers=numbers,
        actor=f"user:{request.user.pk}",
        accepts=bool(request.POST.get("accepts")),
    )


def _connected(
    request: AuthenticatedRequest, attempt: SignInAttempt, chosen: Chosen
) -> HttpResponse:
    for name, reason in chosen.refused:
        messages.error(request, f"{name}: {reason}")
    if not chosen.connected:
        return redirect("channels_app:sign_in", attempt.pk)
    for connection in chosen.connected:
        ask_for_checkup(connection=connection, asked_by=f"user:{request.user.pk}")
    names = ", ".join(connection.name for connection in chosen.connected)
    messages.success(request, _("Connected: %(names)s") % {"names": names})
    if len(chosen.connected) == 1:
        return redirect("channels_app:channel", chosen.connected[0].pk)
    return redirect("channels_app:channels")


def _trouble(request: HttpRequest, code: str, attempt: SignInAttempt | None = None) -> HttpResponse:
    trouble = trouble_of(code)
    told: dict[str, Any] = {
        **trouble.told(),
        "said": attempt.error_text if attempt else "",
        "attempt": attempt,
        "network": label_of(attempt.kind) if attempt else "",
    }
    return render(request, "channels_app/sign_in_trouble.html", told, status=trouble.status)
