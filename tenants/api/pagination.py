from rest_framework.pagination import CursorPagination


class NewestFirst(CursorPagination):
    """Pages by position, not by number: rows that arrive meanwhile shift nothing."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    ordering = "-pk"
