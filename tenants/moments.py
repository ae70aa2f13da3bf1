"""What is read with every message and hardly ever changed, remembered for a moment."""

import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.db import models, transaction
from django.db.models.signals import post_delete, post_save

from tenants import context

MOMENT = 0.5  # seconds

T = TypeVar("T", bound=models.Model)

V = TypeVar("V")

_all: list["Moment[Any]"] = []
_memories: list["Memory[Any]"] = []


class Moment(Generic[T]):
    """One row of each company, as ``read`` finds it; for reading only, since threads share it.

    A change by this process is seen by all its threads once it is committed, by other processes
    half a second later. Within a transaction the row is read anew: what stands there may never
    be committed. The model's manager is made from ``NoticedQuerySet``.
    """

    def __init__(self, model: type[T], read: Callable[[], T]) -> None:
        self.model = model
        self._read = read
        self._known: dict[str, tuple[float, T]] = {}
        _all.append(self)
        for changed in (post_save, post_delete):
            changed.connect(self._on_change, sender=model)

    def __call__(self) -> T:
        if context.in_transaction():
            return self._read()
        schema, now = context.schema(), time.monotonic()
        known = self._known.get(schema)
        if known is not None and now - known[0] < MOMENT:
            return known[1]
        row = self._read()
        self._known[schema] = (now, row)
        return row

    def forget(self) -> None:
        """Read the current company's row anew, as soon as the transaction is committed."""
        schema = context.schema()
        self._known.pop(schema, None)
        transaction.on_commit(lambda: self._known.pop(schema, None))

    def _on_change(self, **told: Any) -> None:
        self.forget()


class Memory(Generic[V]):
    """What ``read`` says of each company, for some seconds: read within transactions too.

    For what is derived from many rows and may lag a little, since whoever acts on it finds out:
    a lead that was scored by old rules is scored again. Whoever changes it says ``forget``.
    """

    seconds = 5.0
    most_companies = 2_000

    def __init__(self, read: Callable[[], V]) -> None:
        self._read = read
        self._known: dict[str, tuple[float, V]] = {}
        _memories.append(self)

    def __call__(self) -> V:
        schema, now = context.schema(), time.monotonic()
        known = self._known.get(schema)
        if known is not None and now - known[0] < self.seconds:
            return known[1]
        value = self._read()
        if len(self._known) >= self.most_companies:
            self._known.clear()
        self._known[schema] = (now, value)
        return value

    def forget(self) -> None:
        """Read anew what is known of the company we are in."""
        self._known.pop(context.schema(), None)


class NoticedQuerySet(models.QuerySet[T]):
    """Its ``update`` is noticed as a ``save`` is."""

    def update(self, **changes: Any) -> int:
        changed = super().update(**changes)
        for one in _all:
            if one.model is self.model:
                one.forget()
        return changed


def forget_moments() -> None:
    """Everything is read anew."""
    for one in _all:
        one._known.clear()
    for memory in _memories:
        memory._known.clear()
