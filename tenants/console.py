"""The company's console: a site of its own, so that nothing a library registers shows up in it."""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.admin import ModelAdmin, TabularInline
from unfold.sites import UnfoldAdminSite

from tenants import context


class ConsoleSite(UnfoldAdminSite):
    site_header = "Leadwire"
    site_title = "Leadwire"

    def has_permission(self, request: HttpRequest) -> bool:
        """Any active member of the company; what they may do there is the role's business."""
        return context.schema() != context.PUBLIC and bool(
            request.user.is_authenticated and request.user.is_active
        )

    # One way in and out: a second sign-in form would know no second factor and no limits.

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect_to_login(request.GET.get("next", "/"))

    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("account_logout")

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("account_change_password")


console = ConsoleSite(name="console")


class ConsoleAdmin(ModelAdmin):
    """Base of every page: light lists, no surprise deletions."""

    list_per_page = 50
    show_full_result_count = False
    list_fullwidth = True
    warn_unsaved_form = True


class ReadOnlyAdmin(ConsoleAdmin):
    """For rows that the system writes and people read."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyInline(TabularInline):
    """The same, below the row they belong to."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
