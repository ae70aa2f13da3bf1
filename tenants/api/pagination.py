from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request


class NewestFirst(CursorPagination):
    """Pages by position, not by number: rows that arrive meanwhile shift nothing."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    ordering = "-pk"

    def paginate_queryset(
        self, queryset: Any, request: Request, view: Any = None
    ) -> list[Any] | None:
        """The page; a cursor that is none of ours leads nowhere."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except ValueError as error:  # its position is no primary key
            raise NotFound(self.invalid_cursor_message) from error
