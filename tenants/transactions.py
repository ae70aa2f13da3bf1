"""Transactions within transactions."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import transaction

from tenants import context

P = ParamSpec("P")
T = TypeVar("T")


def wholly(function: Callable[P, T]) -> Callable[P, T]:
    """All that it does or nothing. Within another transaction all of *that*, or nothing.

    Django's ``atomic`` sets a savepoint there, two more statements, for callers who catch an
    error inside their own transaction and go on. Whoever calls one of these lets it out.
    """

    @wraps(function)
    def inner(*args: P.args, **kwargs: P.kwargs) -> T:
        with transaction.atomic(savepoint=not context.in_transaction()):
            return function(*args, **kwargs)

    return inner
