"""Leads in the console's model pages; every deed goes through a service."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from leads.models import Contribution, Lead, LeadChange
from leads.services import assign_owner, columns, set_stage, what_would_make_it_hot
from tenants.accounts.http import AuthenticatedRequest
from tenants.console import ConsoleAdmin, ReadOnlyAdmin, ReadOnlyInline, console


class ContributionInline(ReadOnlyInline):
    model = Contribution
    fields = ["label", "points", "quote", "actor", "created_at"]
    readonly_fields = fields
    verbose_name_plural = "Why this score"


@admin.register(Lead, site=console)
class LeadAdmin(ConsoleAdmin):
    # what the list shows
    list_display = ["__str__", "stage", "score", "tier", "owner", "updated_at"]
    list_filter = ["tier", "stage", "owner"]
    list_select_related = ["contact", "owner"]
    actions = ["take"]

    # what the page shows
    fieldsets = [
        (None, {"fields": ["contact", "owner", "stage"]}),
        ("Score", {"fields": ["score", "tier", "hints"]}),
        ("What we know", {"fields": ["known", "created_at", "updated_at"]}),
    ]
    readonly_fields = ["contact", "score", "tier", "hints", "known", "created_at", "updated_at"]
    inlines = [ContributionInline]

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "stage":
            choices = [(column.key, column.name) for column in columns()]
            return forms.ChoiceField(choices=choices, label="Stage")
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # leads come from what contacts say

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a lead goes with its contact

    def save_model(self, request: Any, obj: Lead, form: Any, change: bool) -> None:
        actor = request.user.actor
        if "owner" in form.changed_data:
            assign_owner(lead=obj, owner=obj.owner, actor=actor)
        if "stage" in form.changed_data:
            set_stage(lead=obj, stage=obj.stage, actor=actor)

    @admin.display(description="What would make it hot")
    def hints(self, lead: Lead) -> str:
        return ", ".join(what_would_make_it_hot(lead)) or "It is hot."

    @admin.display(description="Facts")
    def known(self, lead: Lead) -> str:
        return "; ".join(f"{name}: {value}" for name, value in lead.facts.items()) or "–"

    @admin.action(description="Take selected leads", permissions=["change"])
    def take(self, request: AuthenticatedRequest, queryset: QuerySet[Lead]) -> None:
        for lead in queryset:
            assign_owner(lead=lead, owner=request.user, actor=request.user.actor)
        self.message_user(request, f"{len(queryset)} leads are yours.", messages.SUCCESS)


@admin.register(LeadChange, site=console)
class LeadChangeAdmin(ReadOnlyAdmin):
    # what the list shows
    list_display = ["at", "lead", "__str__", "actor", "reason"]
    list_filter = ["field", "at"]
    list_select_related = ["lead__contact"]
