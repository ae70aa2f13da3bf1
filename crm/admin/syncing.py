"""CRM connections and sync records in the console's model pages."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from crm.admin.asking import LOOKS, PREFIX, Asked, asked_by
from crm.models import CrmConnection, SyncAttempt, SyncRecord
from crm.providers import CRMS
from crm.services import connect, reconnect, retry_dead
from crm.services.connections import checked
from tenants.accounts.http import AuthenticatedRequest
from tenants.console import ConsoleAdmin, ReadOnlyAdmin, ReadOnlyInline, console


class CrmConnectionForm(Asked, forms.ModelForm):
    """The settings a provider's own form asks for, beside ours."""

    kind: str = ""  # set by the page

    class Meta:
        model = CrmConnection
        fields = ["name", "is_active"]
        widgets = {"name": LOOKS["name"], "is_active": LOOKS["is_active"]}

    def check_config(self, asked: dict[str, Any], cleaned: dict[str, Any]) -> None:
        checked(self.kind, asked)


@admin.register(CrmConnection, site=console)
class CrmConnectionAdmin(ConsoleAdmin):
    # what the list shows
    list_display = ["name", "kind", "is_active", "health", "last_synced_at"]
    list_filter = ["kind", "health"]

    # what the page shows: ``?kind=`` chooses the provider of a new one
    readonly_fields = ["kind_label", "health", "health_text", "last_synced_at"]

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        kind = _kind(request, obj)
        asked = asked_by(CRMS.get(kind).ConfigForm)
        return type("CrmConnectionForm", (CrmConnectionForm,), {"kind": kind, **asked})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        asked = [f"{PREFIX}{name}" for name in CRMS.get(_kind(request, obj)).ConfigForm.base_fields]
        shown = ["health", "health_text", "last_synced_at"] if obj else []
        return [
            (None, {"fields": ["kind_label", "name", "is_active"]}),
            ("Settings", {"fields": asked}),
            *([("State", {"fields": shown})] if shown else []),
        ]

    def save_model(self, request: Any, obj: CrmConnection, form: Any, change: bool) -> None:
        actor = request.user.actor
        if change:
            reconnect(
                connection=obj,
                config=form.config(),
                name=obj.name,
                is_active=obj.is_active,
                actor=actor,
            )
            return
        made = connect(kind=form.kind, name=obj.name, config=form.config(), actor=actor)
        obj.pk, obj.kind, obj.config = made.pk, made.kind, made.config
        obj._state.adding = False
        if made.config.get("secret") and not form.config().get("secret"):
            messages.info(request, f"Secret, shown this once: {made.config['secret']}")

    @admin.display(description="CRM")
    def kind_label(self, connection: CrmConnection) -> str:
        return CRMS.label(connection.kind) if connection.kind else "New"


def _kind(request: HttpRequest, obj: CrmConnection | None) -> str:
    asked = obj.kind if obj else request.GET.get("kind", "")
    return asked if asked in CRMS else next(iter(CRMS))


class SyncAttemptInline(ReadOnlyInline):
    model = SyncAttempt
    fields = ["at", "version", "status", "error_code", "request_id", "delivery_id", "milliseconds"]
    readonly_fields = fields


@admin.register(SyncRecord, site=console)
class SyncRecordAdmin(ReadOnlyAdmin):
    # what the list shows
    list_display = ["lead", "connection", "state", "attempts", "error_code", "last_synced_at"]
    list_filter = ["state", "connection", "error_code"]
    list_select_related = ["lead__contact", "connection"]
    actions = ["retry"]

    # what the page shows
    fields = [
        *("lead", "connection", "state", "wanted_version", "synced_version", "external_id"),
        *("attempts", "next_attempt_at", "error_code", "error_text", "last_synced_at"),
    ]
    inlines = [SyncAttemptInline]

    @admin.action(description="Try selected records again", permissions=["retry"])
    def retry(self, request: AuthenticatedRequest, queryset: QuerySet[SyncRecord]) -> None:
        count = retry_dead(records=queryset, actor=request.user.actor)
        self.message_user(request, f"{count} records are tried again.", messages.SUCCESS)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("crm.change_syncrecord")
