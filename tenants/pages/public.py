"""The public host: what Leadwire is, opening a company, finding one."""

import hashlib
import time

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import salted_hmac
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tenants import context
from tenants.accounts.models import User
from tenants.handover import handover_url, host_url, to_companies
from tenants.limits import Rate, take
from tenants.models import Company, Domain
from tenants.pages.forms import FindForm, SignUpForm
from tenants.services import open_company

SIGN_UPS = Rate(20, 3600)  # per address
ATTEMPT_SECONDS = 60
THEMES = frozenset({"light", "dark", "auto"})


@require_GET
def landing(request: HttpRequest) -> HttpResponse:
    return render(request, "public/landing.html", {"find_form": FindForm()})


@to_companies()
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """Open a company and go there signed in. Sent twice, it answers twice the same."""
    form = SignUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and (entered := _open(request, form)):
        return redirect(entered)
    return render(
        request,
        "public/sign_up.html",
        {"form": form, "tail": f".{settings.PUBLIC_HOST}"},
        status=422 if form.errors else 200,
    )


def _open(request: HttpRequest, form: SignUpForm) -> str:
    """The way into the new company; empty when the form now says why not."""
    wanted = form.cleaned_data
    key = f"sign-up:{_fingerprint(wanted)}"
    if not cache.add(key, "working", timeout=ATTEMPT_SECONDS):
        return _earlier_answer(key, form)
    address = request.META.get("REMOTE_ADDR", "")
    if not take(f"sign-up:{address}", SIGN_UPS).allowed:
        form.add_error(None, _("Too many sign-ups from here. Try again in an hour."))
        cache.delete(key)
        return ""
    try:
        made = open_company(
            name=wanted["name"],
            subdomain=wanted["subdomain"],
            admin_email=wanted["admin_email"],
            password=wanted["password"],
        )
    except ValidationError as error:
        cache.delete(key)
        form.take_errors(error)
        return ""
    cache.set(key, f"{made.company.schema_name} {made.admin.pk}", timeout=ATTEMPT_SECONDS)
    return handover_url(company=made.company, domain=made.domain, user=made.admin)


def _earlier_answer(key: str, form: SignUpForm) -> str:
    """The same form was sent a moment ago: wait for what became of it."""
    deadline = time.monotonic() + 10
    while (state := cache.get(key)) == "working" and time.monotonic() < deadline:
        time.sleep(0.1)
    schema, _space, user_id = (state or "").partition(" ")
    company = Company.objects.filter(schema_name=schema).first() if user_id else None
    if company is None:
        form.add_error(None, _("This is still being set up. Try again in a few seconds."))
        return ""
    domain = Domain.objects.get(tenant=company, is_primary=True).domain
    return handover_url(company=company, domain=domain, user=User(pk=int(user_id)))


def _fingerprint(wanted: dict[str, str]) -> str:
    """One click's worth: the same page sent with the same answers."""
    told = "\x1f".join(wanted[name] for name in sorted(wanted))
    return salted_hmac("tenants.sign_up", told, algorithm=hashlib.sha256().name).hexdigest()


@to_companies()
@require_http_methods(["GET", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Lead people to their company's own sign-in."""
    form = FindForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        subdomain = form.cleaned_data["subdomain"]
        domain = Domain.objects.filter(tenant__schema_name=subdomain, is_primary=True).first()
        if domain is not None and subdomain != context.PUBLIC:
            return redirect(f"{host_url(domain.domain)}/")
        form.add_error("subdomain", _("No workspace has this address. Check the spelling."))
    return render(
        request,
        "public/find.html",
        {"form": form, "tail": f".{settings.PUBLIC_HOST}"},
        status=422 if form.errors else 200,
    )


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Remember light, dark or as the system, on this browser."""
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        target = "/"
    answer = redirect(target)
    chosen = request.POST.get("theme", "auto")
    if chosen in THEMES:
        answer.set_cookie("theme", chosen, max_age=31_536_000, samesite="Lax")
    return answer
