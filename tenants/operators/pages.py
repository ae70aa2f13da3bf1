"""The operator's page about one company, and the overview they begin with."""

from typing import Any, cast

from django.contrib import admin, messages
from django.db import ProgrammingError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.html import format_html

from tenants import context
from tenants.accounts.models import User
from tenants.broker import workers_seen
from tenants.handover import to_companies
from tenants.models import Company
from tenants.operators import closing, visiting
from tenants.operators.forms import ErasureForm, ReasonForm, VisitForm
from tenants.operators.queues import queues
from tenants.operators.vitals import by_company

MEMBERS = 200  # to choose from


def overview(request: HttpRequest, shown: dict[str, Any]) -> dict[str, Any]:
    """What the admin's first page needs: companies, those with worries first, and the queues."""
    if context.schema() != context.PUBLIC:
        return shown
    return {
        **shown,
        "companies": by_company(),
        "queues": list(queues()),
        "workers_seen": workers_seen(),
    }


class LookedAfter:
    """What the list of companies in the admin leads to: a page with the operator's deeds."""

    admin_site: admin.AdminSite

    def get_urls(self) -> list[Any]:
        own = [
            path(
                "<int:pk>/care/",
                self.admin_site.admin_view(care),
                name="tenants_company_care",
            )
        ]
        return own + super().get_urls()  # type: ignore[misc]

    @admin.display(description="Look after")
    def care(self, company: Company) -> str:
        return format_html(
            '<a href="{}">Visit, suspend, erase</a>',
            reverse("admin:tenants_company_care", args=[company.pk]),
        )


@to_companies()  # type: ignore[arg-type]  # its stubs know pages without arguments only
def care(request: HttpRequest, pk: int) -> HttpResponse:
    """One company: how it does, and visiting, suspending, resuming or erasing it."""
    company = get_object_or_404(Company.objects.select_related("vitals", "plan"), pk=pk)
    operator = cast("User", request.user)
    asked = request.POST.get("deed", "")
    forms: dict[str, Form] = {
        "visit": VisitForm(_given(request, "visit"), prefix="visit", members=_members(company)),
        "suspend": ReasonForm(_given(request, "suspend"), prefix="suspend"),
        "resume": ReasonForm(_given(request, "resume"), prefix="resume"),
        "erase": ErasureForm(_given(request, "erase"), prefix="erase", company=company),
    }
    if asked in forms and forms[asked].is_valid():
        return _do(request, asked, company, operator, forms[asked])
    shown = {
        **admin.site.each_context(request),
        "title": company.name,
        "company": company,
        "forms": forms,
    }
    return render(request, "operators/care.html", shown, status=422 if asked else 200)


def _given(request: HttpRequest, deed: str) -> Any:
    return request.POST if request.POST.get("deed") == deed else None


def _do(
    request: HttpRequest, deed: str, company: Company, operator: User, form: Form
) -> HttpResponse:
    reason = str(form.cleaned_data["reason"])
    if isinstance(form, VisitForm):
        return redirect(
            visiting.visit_url(
                company=company, member=form.chosen, operator=operator, reason=reason
            )
        )
    if isinstance(form, ErasureForm):
        closing.begin_erasure(
            company=company, typed=form.cleaned_data["typed"], operator=operator, reason=reason
        )
        messages.success(request, f"{company} is unreadable now; what is left is cleared away.")
        return redirect(reverse("admin:index"))
    if deed == "suspend":
        closing.suspend(company=company, operator=operator, reason=reason)
        messages.success(request, f"{company} is suspended.")
    else:
        closing.resume(company=company, operator=operator, reason=reason)
        messages.success(request, f"{company} is open again.")
    return redirect(request.path)


def _members(company: Company) -> list[User]:
    if company.erasing_since:
        return []
    try:
        with context.inside(company):
            active = User.objects.filter(is_active=True).order_by("role", "email")
            return list(active[:MEMBERS])
    except ProgrammingError:  # its schema is half made, or half gone
        return []
