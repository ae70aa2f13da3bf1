"""Transactions within transactions."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import transaction

from tenants import context

# In the RETURNING of a statement: the commit of its transaction does not wait for the disk. For
# what is done again by itself if it is lost, and lets nothing out but through a later commit that
# does wait: the log is written in order, so that one brings this one to the disk before it. Where
# it holds a row that all workers of a company want, they wait for each other, not for the disk.
# https://www.postgresql.org/docs/current/wal-async-commit.html
UNHURRIED = "set_config('synchronous_commit', 'off', true)"

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
