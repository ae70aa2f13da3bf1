"""Runs in the console's model pages: written by the agent, read by people."""

from django.contrib import admin

from agents.models import (
    AgentVersion,
    AutonomyPolicy,
    ChatTurn,
    Experiment,
    ModelCall,
    Publication,
    Replay,
    ReplayTurn,
    ReplyDraft,
    Run,
    RunStep,
)
from tenants.console import ReadOnlyAdmin, ReadOnlyInline, console


class RunStepInline(ReadOnlyInline):
    model = RunStep
    fields = ["name", "state", "warning", "milliseconds", "detail"]
    readonly_fields = fields


class ModelCallInline(ReadOnlyInline):
    model = ModelCall
    fields = [
        *("task", "provider", "model", "status", "error"),
        *("input_tokens", "output_tokens", "cached_tokens", "cost", "milliseconds"),
    ]
    readonly_fields = fields


@admin.register(Run, site=console)
class RunAdmin(ReadOnlyAdmin):
    # what the list shows
    list_display = [
        *("__str__", "conversation", "intent", "confidence", "outcome", "outcome_reason"),
        *("cost", "created_at"),
    ]
    list_filter = ["status", "outcome", "intent", "language"]
    list_select_related = ["conversation__contact"]

    # what the page shows
    fieldsets = [
        (None, {"fields": ["conversation", "status", "outcome", "outcome_reason"]}),
        ("Understood", {"fields": ["intent", "confidence", "sentiment", "language"]}),
        ("Said", {"fields": ["draft", "sources", "warnings"]}),
        ("Record", {"fields": ["turn_version", "cost", "created_at", "started_at", "finished_at"]}),
    ]
    inlines = [RunStepInline, ModelCallInline]


@admin.register(ModelCall, site=console)
class ModelCallAdmin(ReadOnlyAdmin):
    list_display = [
        *("__str__", "run", "input_tokens", "output_tokens", "cost", "milliseconds"),
        "created_at",
    ]
    list_filter = ["provider", "model", "task", "status"]
    list_select_related = ["run"]
    ordering = ["-pk"]


@admin.register(ChatTurn, site=console)
class ChatTurnAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "language", "confidence", "refused", "created_at"]
    list_filter = ["refused", "language"]
    fields = ["session_id", "question", "answer", "confidence", "refused", "sources", "created_at"]


@admin.register(ReplyDraft, site=console)
class ReplyDraftAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "conversation", "state", "level", "decided_by", "created_at"]
    list_filter = ["state", "level", "language"]
    list_select_related = ["conversation__contact", "decided_by"]
    fieldsets = [
        (None, {"fields": ["conversation", "run", "state", "level", "reasons"]}),
        ("Said", {"fields": ["text", "edited_text", "sources"]}),
        ("Record", {"fields": ["send_at", "expires_at", "decided_by", "decided_at", "rejection"]}),
    ]


@admin.register(AutonomyPolicy, site=console)
class AutonomyPolicyAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "note", "changed_by", "created_at"]
    fields = ["version", "rows", "delay_seconds", "expires_hours", "note", "changed_by"]


@admin.register(AgentVersion, site=console)
class AgentVersionAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "state", "is_live", "note", "author", "published_at"]
    list_filter = ["state", "is_live"]
    fields = ["number", "based_on", "state", "is_live", "content", "note", "author", "published_at"]


@admin.register(Publication, site=console)
class PublicationAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "before", "actor", "note", "override", "at"]
    list_filter = ["kind"]
    fields = ["kind", "number", "before", "note", "override", "actor", "at"]


class ReplayTurnInline(ReadOnlyInline):
    model = ReplayTurn
    fields = ["position", "kind", "state", "stratum", "findings", "is_failing", "cost"]
    readonly_fields = fields


@admin.register(Replay, site=console)
class ReplayAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "version", "verdict", "cost", "actor", "created_at"]
    list_filter = ["status", "verdict"]
    list_select_related = ["version"]
    fields = ["version", "status", "verdict", "reasons", "summary", "estimate", "cost", "actor"]
    inlines = [ReplayTurnInline]


@admin.register(Experiment, site=console)
class ExperimentAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "share", "status", "reason", "started_at", "ended_at"]
    list_filter = ["status"]
    fields = ["control", "variant", "share", "status", "reason", "outcome", "actor"]
