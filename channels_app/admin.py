"""Channels in the console: what is connected, what came in, who wrote."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from channels_app.models import (
    ChannelConnection,
    Contact,
    ContactIdentity,
    Conversation,
    InboundEvent,
    Message,
)
from channels_app.services import configure, disconnect, replay, webhook_url
from tenants.accounts.http import AuthenticatedRequest
from tenants.console import ConsoleAdmin, ReadOnlyAdmin, ReadOnlyInline, console

READABLE = 20_000  # bytes of a stored body that a page shows


@admin.register(ChannelConnection, site=console)
class ChannelConnectionAdmin(ConsoleAdmin):
    """Connecting happens on the channels page, which asks each network's own questions."""

    list_display = ["__str__", "platform", "account_id", "is_active", "health", "last_inbound_at"]
    list_filter = ["platform", "is_active", "health"]
    search_fields = ["name", "account_id"]
    actions = ["disconnect"]
    fieldsets = [
        (None, {"fields": ["name", "platform", "account_id", "webhook", "is_active"]}),
        ("Health", {"fields": ["health", "health_text", "last_inbound_at", "last_outbound_at"]}),
    ]
    readonly_fields = [
        "platform",
        "account_id",
        "webhook",
        "is_active",
        "health",
        "health_text",
        "last_inbound_at",
        "last_outbound_at",
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        configure(connection=obj, name=obj.name, changes={}, actor=f"user:{request.user.pk}")

    @admin.display(description="Webhook address")
    def webhook(self, connection: ChannelConnection) -> str:
        return webhook_url(connection)

    @admin.action(description="Disconnect; erases the secrets", permissions=["change"])
    def disconnect(
        self, request: AuthenticatedRequest, queryset: QuerySet[ChannelConnection]
    ) -> None:
        for connection in queryset:
            disconnect(connection=connection, actor=f"user:{request.user.pk}")
        self.message_user(request, f"{len(queryset)} disconnected.", messages.SUCCESS)


@admin.register(InboundEvent, site=console)
class InboundEventAdmin(ReadOnlyAdmin):
    list_display = ["received_at", "connection", "kind", "status", "outcome", "reason"]
    list_filter = ["status", "outcome", "connection"]
    list_select_related = ["connection"]
    actions = ["replay"]
    fields = [
        "connection",
        "kind",
        "status",
        "outcome",
        "reason",
        "attempts",
        "received_at",
        "processed_at",
        "as_it_came",
    ]
    readonly_fields = ["as_it_came"]

    @admin.display(description="As it came")
    def as_it_came(self, event: InboundEvent) -> str:
        return event.body[:READABLE].decode("utf-8", "backslashreplace")

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("channels_app.change_inboundevent")

    @admin.action(description="Read selected events again", permissions=["replay"])
    def replay(self, request: AuthenticatedRequest, queryset: QuerySet[InboundEvent]) -> None:
        for event in queryset:
            replay(event=event, actor=f"user:{request.user.pk}")
        self.message_user(request, f"{len(queryset)} are read again.", messages.SUCCESS)


class IdentityInline(ReadOnlyInline):
    model = ContactIdentity
    fields = ("platform", "account_id", "external_id", "display")
    readonly_fields = fields


@admin.register(Contact, site=console)
class ContactAdmin(ConsoleAdmin):
    list_display = ["__str__", "language", "is_blocked", "created_at"]
    list_filter = ["is_blocked", "language"]
    fields = ["name", "email", "phone", "language", "is_blocked", "created_at"]
    readonly_fields = ["created_at"]
    inlines = [IdentityInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Conversation, site=console)
class ConversationAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "connection", "status", "controller", "assignee", "last_message_at"]
    list_filter = ["status", "controller", "connection"]
    list_select_related = ["connection", "contact", "assignee"]
    fields = [
        "connection",
        "contact",
        "status",
        "controller",
        "assignee",
        "escalation_reason",
        "turn_version",
        "language",
        "unread_count",
        "last_message_at",
        "last_inbound_at",
        "waiting_since",
    ]


@admin.register(Message, site=console)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ["provider_time", "conversation", "direction", "author", "state", "__str__"]
    list_filter = ["direction", "author", "state"]
    list_select_related = ["conversation__contact"]
    fields = [
        "conversation",
        "direction",
        "author",
        "user",
        "text",
        "state",
        "error_code",
        "error_text",
        "attempts",
        "next_attempt_at",
        "provider_time",
        "received_at",
        "processed_at",
        "sent_at",
        "edited_at",
        "deleted_at",
    ]
