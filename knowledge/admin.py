"""Documents and passages in the console."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from knowledge.models import Document, Passage
from knowledge.services import reindex_document, remove_document, rename_document
from tenants.accounts.http import AuthenticatedRequest
from tenants.console import ConsoleAdmin, ReadOnlyAdmin, console


@admin.register(Document, site=console)
class DocumentAdmin(ConsoleAdmin):
    # what the list shows
    list_display = ["title", "kind", "status", "passages_link", "language", "updated_at", "error"]
    list_filter = ["status", "kind", "language"]
    search_fields = ["title", "source_name"]
    actions = ["reindex"]

    # what the page shows
    fieldsets = [
        (None, {"fields": ["title", "source_name", "kind", "size"]}),
        ("Indexing", {"fields": ["status", "progress", "error", "passages_link", "indexed_at"]}),
        ("Content", {"fields": ["version", "language", "embedder", "created_at", "updated_at"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        shown = [name for _, options in self.fieldsets for name in options["fields"]]
        return [name for name in shown if name != "title"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # documents come in on the Knowledge page, by API or by command

    def save_model(self, request: Any, obj: Document, form: Any, change: bool) -> None:
        rename_document(document=obj, title=obj.title, actor=request.user.actor)

    def delete_model(self, request: Any, obj: Document) -> None:
        remove_document(document=obj, actor=request.user.actor)

    def delete_queryset(self, request: Any, queryset: QuerySet[Document]) -> None:
        for document in queryset:
            remove_document(document=document, actor=request.user.actor)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        # Passages go with their document, though nobody may delete one by itself; and a list of
        # thousands of them helps nobody.
        names = [str(document) for document in objs]
        return names, {"documents": len(names)}, set(), []

    @admin.display(description="passages", ordering="passage_count")
    def passages_link(self, document: Document) -> SafeString:
        address = reverse("console:knowledge_passage_changelist")
        return format_html(
            '<a href="{}?document__id__exact={}">{}</a>',
            address,
            document.pk,
            document.passage_count,
        )

    @admin.action(description="Index selected documents anew", permissions=["change"])
    def reindex(self, request: AuthenticatedRequest, queryset: QuerySet[Document]) -> None:
        for document in queryset:
            reindex_document(document=document, actor=request.user.actor)
        self.message_user(request, f"{len(queryset)} are being indexed anew.", messages.SUCCESS)


@admin.register(Passage, site=console)
class PassageAdmin(ReadOnlyAdmin):
    # what the list shows
    list_display = ["document", "position", "heading", "beginning", "language", "token_count"]
    list_filter = ["language", "document"]
    list_select_related = ["document"]
    search_fields = ["text", "heading"]

    # what the page shows
    fields = ["document", "document_version", "position", "heading", "text", "language"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Passage]:
        return super().get_queryset(request).defer("embedding", "stems")

    @admin.display(description="text")
    def beginning(self, passage: Passage) -> str:
        return passage.text[:120]
