"""Signing in at a CRM: setting out, coming back, and why nothing came of it."""

import uuid

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from crm.models import CrmConnection, CrmSignInAttempt
from crm.services.signing_in import begin, come_back, label_of
from crm.sign_ins import SIGN_INS
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.sign_ins.troubles import trouble_of
from tenants.sign_ins.views import leave, session_of
from tenants.sign_ins.ways import SignInRefused

ADD = "crm.add_crmconnection"
State = CrmSignInAttempt.State


@needs(ADD)
@require_POST
def start(request: AuthenticatedRequest, kind: str) -> HttpResponse:
    """Off to the CRM."""
    known = None
    if number := request.POST.get("connection", ""):
        known = get_object_or_404(CrmConnection, pk=number if number.isdigit() else 0)
    try:
        address = begin(
            kind=kind, user=request.user, session_key=session_of(request), connection=known
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("crm:state")
    home = reverse("crm:state")
    return leave(request, address=address, network=label_of(kind), home=home)


@needs(ADD)
@require_GET
def back(request: AuthenticatedRequest, attempt_id: uuid.UUID) -> HttpResponse:
    """On the company's host: in the session that began, the code becomes access."""
    attempt = get_object_or_404(CrmSignInAttempt, pk=attempt_id)
    try:
        attempt = come_back(
            attempt=attempt,
            word=request.GET.get("word", ""),
            user=request.user,
            session_key=session_of(request),
        )
    except SignInRefused as refusal:
        return _trouble(request, refusal.code)
    if attempt.state == State.DONE and attempt.connection is not None:
        messages.success(request, _("Connected. Your leads are on their way."))
        return redirect("crm:connection", attempt.connection.pk)
    return redirect("crm:sign_in", attempt.pk)


@needs(ADD)
@require_GET
def attempt(request: AuthenticatedRequest, attempt_id: uuid.UUID) -> HttpResponse:
    """Why nothing came of it, and what to do."""
    found = get_object_or_404(CrmSignInAttempt, pk=attempt_id)
    if found.user_id != request.user.pk:
        return _trouble(request, "stranger")
    if found.state == State.DONE:
        return redirect("crm:state")
    return _trouble(request, found.error_code or ("expired" if found.is_over else "used"), found)


def _trouble(
    request: AuthenticatedRequest, code: str, attempt: CrmSignInAttempt | None = None
) -> HttpResponse:
    trouble = trouble_of(code)
    told = {
        **trouble.told(),
        "said": attempt.error_text if attempt else "",
        "attempt": attempt,
        "crm": SIGN_INS.get(attempt.kind).crm if attempt else "",
        "network": label_of(attempt.kind) if attempt else "",
    }
    return render(request, "crm/sign_in_trouble.html", told, status=trouble.status)
