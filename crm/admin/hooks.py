"""Incoming webhooks in the console: making one, its address, and what came in last."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.admin.asking import LOOKS, PREFIX, Asked, asked_by
from crm.hooks import HOOKS
from crm.models import CrmConnection, HookEvent, HookEventStep, IncomingHook
from crm.services import (
    change_hook,
    checked_config,
    close_hook,
    made_hook_secrets,
    open_hook,
    replay_hook_events,
)
from tenants.accounts.http import AuthenticatedRequest
from tenants.console import ConsoleAdmin, ReadOnlyAdmin, ReadOnlyInline, console

READABLE = 20_000  # bytes of a stored body that a page shows
SHOWN = 20


class IncomingHookForm(Asked, forms.ModelForm):
    """What the vendor's own form asks for, beside ours."""

    kind: str = ""  # set by the page

    class Meta:
        model = IncomingHook
        fields = ["name", "crm", "is_active"]
        widgets = LOOKS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = False
        if "crm" in self.fields:
            field: Any = self.fields["crm"]
            field.queryset = CrmConnection.objects.filter(kind=self.kind)
            field.label = _("About the CRM connection")
        for name, field in self.fields.items():
            if name.startswith(PREFIX) and not isinstance(field.widget, forms.PasswordInput):
                kept = self.instance.config if self.instance.pk else {}
                field.initial = kept.get(name.removeprefix(PREFIX), "")

    def check_config(self, asked: dict[str, Any], cleaned: dict[str, Any]) -> None:
        checked_config(self.kind, asked, crm=cleaned.get("crm") or self.instance.crm)


class HookEventInline(ReadOnlyInline):
    """The last ones."""

    model = HookEvent
    fields = ["received_at", "kind", "state", "outcome", "reason"]
    readonly_fields = fields
    verbose_name_plural = gettext_lazy("What came in last")

    def get_queryset(self, request: HttpRequest) -> QuerySet[HookEvent]:
        rows = super().get_queryset(request).defer("body")
        found = request.resolver_match.kwargs.get("object_id", "") if request.resolver_match else ""
        if not str(found).isdecimal():
            return rows.none()
        last = HookEvent.objects.filter(hook=int(found)).values_list("pk", flat=True)[:SHOWN]
        return rows.filter(pk__in=list(last))


@admin.register(IncomingHook, site=console)
class IncomingHookAdmin(ConsoleAdmin):
    # what the list shows
    list_display = ["name", "kind", "is_active", "last_event_at"]
    list_filter = ["kind", "is_active"]
    actions = ["close"]

    # what the page shows: ``?kind=`` chooses the vendor of a new one
    readonly_fields = ["shown_address", "account_id", "last_event_at"]
    inlines = [HookEventInline]

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        kind = _kind(request, obj)
        asked = asked_by(HOOKS.get(kind).ConfigForm)
        return type("IncomingHookForm", (IncomingHookForm,), {"kind": kind, **asked})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        kind = _kind(request, obj)
        asked = [f"{PREFIX}{name}" for name in HOOKS.get(kind).ConfigForm.base_fields]
        about = ["crm"] if HOOKS.get(kind).app else []
        told = ["shown_address", "account_id", "last_event_at"] if obj else []
        return [
            (
                HOOKS.label(kind),
                {"fields": ["name", *about, "is_active"], "description": HOOKS.get(kind).how_to},
            ),
            (_("Settings"), {"fields": asked}),
            *([(_("Where it calls"), {"fields": told})] if told else []),
        ]

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        return [HookEventInline] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # closed instead: what came in stays

    def save_model(self, request: Any, obj: IncomingHook, form: Any, change: bool) -> None:
        actor = request.user.actor
        if change:
            change_hook(
                hook=obj,
                name=obj.name,
                config=form.config(),
                is_active=obj.is_active,
                actor=actor,
            )
            return
        made = open_hook(
            kind=form.kind, name=obj.name, config=form.config(), crm=obj.crm, actor=actor
        )
        for name in ("pk", "kind", "name", "config", "token", "crm"):
            setattr(obj, name, getattr(made, name))
        obj._state.adding = False
        messages.info(request, _("Its address: %s") % made.address)
        for secret in made_hook_secrets(made, given=form.config()).values():
            messages.warning(request, _("Secret, shown this once: %s") % secret)

    @admin.display(description=gettext_lazy("Webhook address"))
    def shown_address(self, hook: IncomingHook) -> str:
        return hook.address or "–"

    @admin.action(description=gettext_lazy("Close; erases the secrets"), permissions=["change"])
    def close(self, request: AuthenticatedRequest, queryset: QuerySet[IncomingHook]) -> None:
        for hook in queryset:
            close_hook(hook=hook, actor=request.user.actor)
        self.message_user(request, _("Closed."), messages.SUCCESS)


def _kind(request: HttpRequest, obj: IncomingHook | None) -> str:
    asked = obj.kind if obj else request.GET.get("kind", "")
    return asked if asked in HOOKS else next(iter(HOOKS))


class HookEventStepInline(ReadOnlyInline):
    model = HookEventStep
    fields = ["at", "state", "outcome", "reason", "actor"]
    readonly_fields = fields


@admin.register(HookEvent, site=console)
class HookEventAdmin(ReadOnlyAdmin):
    # what the list shows
    list_display = ["received_at", "hook", "kind", "state", "outcome", "reason"]
    list_filter = ["state", "outcome", "hook"]
    list_select_related = ["hook"]
    actions = ["replay"]

    # what the page shows
    fields = [
        *("hook", "kind", "state", "outcome", "reason", "attempts"),
        *("received_at", "processed_at", "readable_body"),
    ]
    inlines = [HookEventStepInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[HookEvent]:
        rows: QuerySet[HookEvent] = super().get_queryset(request)
        return rows if _one(request) else rows.defer("body")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        may = request.user.has_perm("deadletters.read_payload")  # what customers told, whole
        return [name for name in self.fields or [] if may or name != "readable_body"]

    @admin.display(description=gettext_lazy("As it came"))
    def readable_body(self, event: HookEvent) -> str:
        return event.body[:READABLE].decode("utf-8", "replace").replace("\0", "")

    @admin.action(description=gettext_lazy("Read selected events again"), permissions=["replay"])
    def replay(self, request: AuthenticatedRequest, queryset: QuerySet[HookEvent]) -> None:
        count = replay_hook_events(events=queryset, actor=request.user.actor)
        text = _("%(count)d on the way again.") % {"count": count}
        self.message_user(request, text, messages.SUCCESS)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("crm.change_hookevent")


def _one(request: HttpRequest) -> bool:
    return bool(request.resolver_match and request.resolver_match.kwargs.get("object_id"))
