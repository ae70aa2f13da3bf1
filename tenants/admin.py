"""The superusers' admin on the public host."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AuthenticationForm
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget

from tenants import context
from tenants.limits import Rate, take
from tenants.models import (
    Company,
    Domain,
    Plan,
    PlatformApp,
    Subscription,
    Tariff,
    TariffLine,
    WebhookRoute,
)
from tenants.operators.pages import LookedAfter
from tenants.plans import is_in_force
from tenants.platform_apps import APP_KINDS, addresses_of, app_of, forget_apps

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
admin.site.index_title = "Overview"


class PublicAdmin(ModelAdmin):
    """Rows of the public schema: seen on the public host, by superusers."""

    list_per_page = 50
    list_fullwidth = True

    def has_module_permission(self, request: HttpRequest) -> bool:
        return context.schema() == context.PUBLIC and super().has_module_permission(request)


class SubscriptionForm(forms.ModelForm):
    """What has begun is history; another plan begins in the days to come."""

    class Meta:
        model = Subscription
        fields = ("plan", "starts_on", "tax_label", "tax_percent")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.has_begun:
            for field in self.fields.values():
                field.disabled = True

    @property
    def has_begun(self) -> bool:
        return bool(self.instance.pk) and self.instance.starts_on <= timezone.localdate()

    def clean_starts_on(self) -> date:
        asked: date = self.cleaned_data["starts_on"]
        if not self.instance.pk and asked <= timezone.localdate():
            raise ValidationError("Another plan begins in the future: months gone are charged.")
        return asked


class SubscriptionFormSet(BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        if any(getattr(form, "has_begun", False) for form in self.deleted_forms):
            raise ValidationError("What has begun is not taken back: let another plan follow it.")


class SubscriptionInline(TabularInline):
    model = Subscription
    form = SubscriptionForm
    formset = SubscriptionFormSet
    extra = 0
    verbose_name = "change of plan"
    verbose_name_plural = "changes of plan (for months that begin on that day or later)"


@admin.register(Company)
class CompanyAdmin(LookedAfter, PublicAdmin):
    # what the list shows
    list_display = ["name", "schema_name", "plan", "is_suspended", "created_at", "care"]
    list_filter = ["is_suspended", "plan"]
    list_select_related = ["plan"]
    search_fields = ["name", "schema_name"]

    # what the page shows
    fields = ["name", "schema_name", "plan", "time_zone", "is_suspended", "created_at"]
    # The plan it was opened with: another one is a change of plan, from a day on.
    # Suspended, and opened again, with a reason: see the page of care.
    readonly_fields = ["schema_name", "plan", "is_suspended", "created_at"]
    inlines = [SubscriptionInline]

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
    list_display = ["name", "code"]
    search_fields = ["name", "code"]


class TariffLineForm(forms.ModelForm):
    class Meta:
        model = TariffLine
        fields = ("meter", "included", "unit_price", "per", "hard_cap")
        help_texts = {"hard_cap": "Where the AI stops; empty: what goes beyond is charged."}


class TariffLineInline(TabularInline):
    model = TariffLine
    form = TariffLineForm
    extra = 1


class TariffForm(forms.ModelForm):
    class Meta:
        model = Tariff
        fields = ("plan", "effective_from", "currency", "monthly_price")
        help_texts = {"effective_from": "It holds for months that begin on this day or later."}

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        self.instance.plan = found.get("plan") or self.instance.plan
        self.instance.effective_from = found.get("effective_from") or self.instance.effective_from
        if found.get("plan") and found.get("effective_from") and is_in_force(self.instance):
            raise ValidationError(
                {"effective_from": "Companies have this plan: a new price begins in the future."}
            )
        return found


@admin.register(Tariff)
class TariffAdmin(PublicAdmin):
    """What plans hold and cost. A price changes by a tariff that follows."""

    list_display = ["plan", "effective_from", "currency", "monthly_price"]
    list_filter = ["plan"]
    list_select_related = ["plan"]
    form = TariffForm
    inlines = [TariffLineInline]

    def has_change_permission(self, request: HttpRequest, obj: Tariff | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and is_in_force(obj))

    def has_delete_permission(self, request: HttpRequest, obj: Tariff | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and is_in_force(obj))


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


class PlatformAppForm(forms.ModelForm):
    """Our app at a vendor. Secrets go in and never come out; an empty field leaves them."""

    SECRETS = ("secret", "client_secret", "verify_token", "bearer_token")

    platform = forms.ChoiceField(
        choices=[(key, kind.label) for key, kind in APP_KINDS.items()],
        widget=UnfoldAdminSelectWidget,
    )
    secret = forms.CharField(
        label="App secret",
        required=False,
        help_text="Webhooks are signed with it; codes are traded with it unless there is a client.",
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
    )
    verify_token = forms.CharField(
        required=False,
        help_text="What you type beside the webhook address at Meta.",
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
    )
    client_secret = forms.CharField(
        required=False,
        help_text="Where OAuth 2 has a client of its own: X.",
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
    )
    bearer_token = forms.CharField(
        required=False,
        help_text="X: our app registers its webhook address with it.",
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
    )

    class Meta:
        model = PlatformApp
        fields = (
            "platform",
            "app_id",
            "secret",
            "verify_token",
            "client_id",
            "client_secret",
            "configuration_id",
            "bearer_token",
        )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        for name in self.SECRETS:
            if not found.get(name):
                found[name] = getattr(self.instance, name)
        return found


@admin.register(PlatformApp)
class PlatformAppAdmin(PublicAdmin):
    list_display = ["platform", "app_id", "is_complete"]
    form = PlatformAppForm
    readonly_fields = ["addresses"]

    @admin.display(description="Can people sign in by it?", boolean=True)
    def is_complete(self, app: PlatformApp) -> bool:
        forget_apps()
        return app.platform in APP_KINDS and app_of(app.platform).can_sign_in

    @admin.display(description="Register these addresses there")
    def addresses(self, app: PlatformApp) -> str:
        if app.platform not in APP_KINDS:
            return "Save it first."
        lines = ((address,) for address in addresses_of(app.platform))
        return format_html_join("\n", "<div><code>{}</code></div>", lines)
