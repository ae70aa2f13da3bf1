"""Team and API keys: who and what may come in. An admin's pages."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.accounts.invitations import send_invitation
from tenants.accounts.models import ApiKey, User
from tenants.accounts.services import change_member, invite, revoke_key
from tenants.pages.forms import InviteForm, KeyForm, MemberForm
from tenants.services import create_api_key


@needs("accounts.view_user", change="accounts.add_user")
@require_http_methods(["GET", "POST"])
def team(request: AuthenticatedRequest) -> HttpResponse:
    """Everybody here, and the door for one more."""
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = invite(**form.cleaned_data, invited_by=request.user)
        except ValidationError as error:
            for field, reasons in error.message_dict.items():
                form.add_error(field, reasons)
        else:
            link = send_invitation(request, user)
            return _team_page(request, InviteForm(), invited=user, link=link)
    return _team_page(request, form, status=422 if form.errors else 200)


def _team_page(
    request: AuthenticatedRequest,
    form: InviteForm,
    *,
    invited: User | None = None,
    link: str = "",
    status: int = 200,
) -> HttpResponse:
    members: QuerySet[User] = User.objects.order_by("-is_active", "email")
    return render(
        request,
        "workspace/team.html",
        {
            "title": _("Team"),
            "members": [
                (
                    m,
                    MemberForm(
                        initial={"role": m.role, "is_active": m.is_active}, prefix=str(m.pk)
                    ),
                )
                for m in members
            ],
            "form": form,
            "invited": invited,
            "link": link,
        },
        status=status,
    )


@needs("accounts.change_user")
@require_POST
def change(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Another role for a member, or the door."""
    user = get_object_or_404(User, pk=pk)
    form = MemberForm(request.POST, prefix=str(pk))
    if form.is_valid():
        try:
            change_member(user=user, **form.cleaned_data, changed_by=request.user)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, _("Saved."))
    else:
        messages.error(request, _("Choose a role."))
    return redirect("workspace:team")


@needs("accounts.view_apikey", change="accounts.add_apikey")
@require_http_methods(["GET", "POST"])
def keys(request: AuthenticatedRequest) -> HttpResponse:
    """Programs' keys; a new one's secret is on this page once and never again."""
    form = KeyForm(request.POST or None)
    full_key = ""
    if request.method == "POST" and form.is_valid():
        _key, full_key = create_api_key(**form.cleaned_data, created_by=request.user)
        form = KeyForm()
    return render(
        request,
        "workspace/keys.html",
        {
            "title": _("API keys"),
            "keys": ApiKey.objects.select_related("created_by"),
            "form": form,
            "full_key": full_key,
        },
        status=422 if form.errors else 200,
    )


@needs("accounts.delete_apikey")
@require_POST
def revoke(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    revoke_key(key=get_object_or_404(ApiKey, pk=pk), revoked_by=request.user)
    messages.success(request, _("Revoked. Programs that use the key are refused from now on."))
    return redirect("workspace:keys")
