"""The company's own sign-in: set up, tried, required, switched off."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.accounts.models import SingleSignOn
from tenants.accounts.roles import Role
from tenants.accounts.sso import PROVIDER_ID, forget_identities
from tenants.audit.services import record
from tenants.plugins import http
from tenants.plugins.errors import ProviderError

# https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata
WELL_KNOWN = "/.well-known/openid-configuration"
NEEDED = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "issuer")
MOST_DOMAINS = 20


class SsoForm(forms.ModelForm):
    """A provider, asked for its own description before anything is kept."""

    issuer = forms.URLField(
        label=gettext_lazy("Issuer address"),
        max_length=300,
        assume_scheme="https",
        help_text=gettext_lazy("Where its OpenID description lies, beginning with https://."),
    )
    client_secret = forms.CharField(
        label=gettext_lazy("Client secret"),
        required=False,
        max_length=500,
        help_text=gettext_lazy("Kept encrypted and never shown again. Empty leaves it as it is."),
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    domains = forms.CharField(
        label=gettext_lazy("Your e-mail domains"),
        required=False,
        max_length=1_000,
        help_text=gettext_lazy("Separated by commas: the provider answers for these addresses."),
        widget=forms.TextInput(attrs={"dir": "ltr", "placeholder": "example.com"}),
    )
    new_role = forms.ChoiceField(
        label=gettext_lazy("People of these domains who are no members yet"),
        required=False,
        choices=[
            ("", gettext_lazy("stay outside until they are invited")),
            (Role.VIEWER, gettext_lazy("become viewers")),
            (Role.AGENT, gettext_lazy("become agents")),
        ],
    )

    class Meta:
        model = SingleSignOn
        fields = (
            *("name", "issuer", "client_id", "client_secret", "domains", "new_role"),
            *("is_active", "is_required"),
        )
        labels = {
            "name": gettext_lazy("Name of the service"),
            "client_id": gettext_lazy("Client ID"),
            "is_active": gettext_lazy("Offer it at the sign-in"),
            "is_required": gettext_lazy("Agents and viewers come in by it only"),
        }
        help_texts = {
            "name": gettext_lazy("It stands on the button, such as Okta or Google."),
            "is_required": gettext_lazy("Admins keep their passwords as the way back in."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["client_secret"] = ""
        self.initial["domains"] = ", ".join(self.instance.domains)

    def clean_domains(self) -> list[str]:
        asked = (each.strip().lower() for each in self.cleaned_data["domains"].split(","))
        named = list(dict.fromkeys(each.lstrip("@") for each in asked if each))
        if len(named) > MOST_DOMAINS:
            raise ValidationError(_("At most 20 domains."))
        for each in named:
            if "." not in each or any(sign in each for sign in "/@ "):
                raise ValidationError(_("%(domain)s is not a domain.") % {"domain": each})
        return named

    def clean_client_secret(self) -> str:
        secret = str(self.cleaned_data["client_secret"]) or str(self.instance.client_secret)
        if not secret:
            raise ValidationError(_("It is on the provider's page beside the client ID."))
        return secret

    def clean(self) -> dict[str, Any]:
        asked = super().clean() or {}
        if asked.get("new_role") and not asked.get("domains"):
            self.add_error("domains", _("Name the domains whose people become members."))
        if issuer := asked.get("issuer"):
            self._look_at(str(issuer))
        return asked

    def _look_at(self, issuer: str) -> None:
        if urlsplit(issuer).scheme != "https" and not settings.ALLOW_PRIVATE_ADDRESSES:
            self.add_error("issuer", _("It must begin with https://."))
            return
        address = issuer if "/.well-known/" in issuer else f"{issuer.rstrip('/')}{WELL_KNOWN}"
        try:
            said = http.request("GET", address, idempotent=True, named_by_company=True)
        except ProviderError as error:
            why = _("It does not answer: %(error)s") % {"error": str(error)[:200]}
            self.add_error("issuer", why)
            return
        if not isinstance(said, dict) or any(not said.get(name) for name in NEEDED):
            self.add_error("issuer", _("No OpenID description was found there."))


@needs("accounts.view_singlesignon", change="accounts.change_singlesignon")
@require_http_methods(["GET", "POST"])
def sso(request: AuthenticatedRequest) -> HttpResponse:
    """Set the company's own sign-in up, or remove it."""
    kept = SingleSignOn.objects.filter(pk=SingleSignOn.ONLY).first()
    if request.method == "POST" and request.POST.get("deed") == "remove":
        return _removed(request)
    form = SsoForm(request.POST or None, instance=kept or SingleSignOn(pk=SingleSignOn.ONLY))
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            if "issuer" in form.changed_data:
                forget_identities()
            details = {"fields": sorted(form.changed_data)}
            _note(request, "sso.changed", details)
        messages.success(request, _("Saved. Try it in a private window before you require it."))
        return redirect("workspace:sso")
    shown = {
        "title": _("Your own sign-in"),
        "form": form,
        "kept": kept,
        "callback": request.build_absolute_uri(
            reverse("openid_connect_callback", args=[PROVIDER_ID])
        ),
    }
    return render(request, "workspace/sso.html", shown, status=422 if form.errors else 200)


def _removed(request: AuthenticatedRequest) -> HttpResponse:
    with transaction.atomic():
        SingleSignOn.objects.all().delete()
        forget_identities()
        _note(request, "sso.removed", {})
    messages.success(request, _("Removed. Everybody signs in by password again."))
    return redirect("workspace:sso")


def _note(request: AuthenticatedRequest, action: str, details: dict[str, Any]) -> None:
    record(action=action, subject="sso:1", actor=request.user.actor, details=details)
