"""The superusers' admin on the public host."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AuthenticationForm

from tenants import context
from tenants.limits import Rate, take
from tenants.models import Company, Domain, Plan, PlatformApp, WebhookRoute

SIGN_INS = Rate(10, 300)  # per name, and per address


class OperatorSignIn(AuthenticationForm):
    """Who guesses passwords has to wait; a company's own sign-in has limits of its own."""

    def clean(self) -> dict[str, Any]:
        name = str(self.cleaned_data.get("username", "")).strip().casefold()
        address = self.request.META.get("REMOTE_ADDR", "") if self.request else ""
        asked = [take(f"operator:{each}", SIGN_INS) for each in (f"name:{name}", address)]
        if not all(verdict.allowed for verdict in asked):
            raise ValidationError("Too many attempts. Try again in a few minutes.")
        return super().clean()


admin.site.login_form = OperatorSignIn


class PublicAdmin(ModelAdmin):
    """Rows of the public schema: seen on the public host, by superusers."""

    list_per_page = 50
    list_fullwidth = True

    def has_module_permission(self, request: HttpRequest) -> bool:
        return context.schema() == context.PUBLIC and super().has_module_permission(request)


@admin.register(Company)
class CompanyAdmin(PublicAdmin):
    # what the list shows
    list_display = ["name", "schema_name", "plan", "time_zone", "is_suspended", "created_at"]
    list_filter = ["is_suspended", "plan"]
    list_select_related = ["plan"]
    search_fields = ["name", "schema_name"]

    # what the page shows
    fields = ["name", "schema_name", "plan", "time_zone", "is_suspended", "created_at"]
    readonly_fields = ["schema_name", "created_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a company is opened by the sign-up or create_company: schema, domain, admin

    def has_delete_permission(self, request: HttpRequest, obj: Company | None = None) -> bool:
        return False  # a schema full of people's data is not deleted by a list's check box


@admin.register(Domain)
class DomainAdmin(PublicAdmin):
    list_display = ["domain", "tenant", "is_primary"]
    list_select_related = ["tenant"]
    search_fields = ["domain", "tenant__name"]
    autocomplete_fields = ["tenant"]


@admin.register(Plan)
class PlanAdmin(PublicAdmin):
    list_display = ["name", "code", "monthly_messages", "monthly_tokens", "monthly_price"]


@admin.register(WebhookRoute)
class WebhookRouteAdmin(PublicAdmin):
    list_display = ["platform", "account_id", "company", "is_active"]
    list_filter = ["platform", "is_active"]
    list_select_related = ["company"]
    search_fields = ["account_id", "company__name"]
    fields = ["platform", "account_id", "company", "connection_id", "is_active"]
    readonly_fields = ["platform", "account_id", "company", "connection_id"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(PlatformApp)
class PlatformAppAdmin(PublicAdmin):
    list_display = ["platform", "app_id"]
