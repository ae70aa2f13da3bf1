"""Rows of the inbox's list that were drawn a moment ago: of a list fetched anew, one row is new.

A row is known again by all that its template is told: every field of the rows behind it, who
reads it, in which language and time zone. Only a digest of that is kept, and nothing of it
longer than a minute, after which what says how long ago something was would be wrong anyhow.
"""

import time
from collections.abc import Callable
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from tenants import context

KEPT_SECONDS = 60
MOST = 20_000


class DrawnRows:
    """What this process drew within the minute."""

    def __init__(self) -> None:
        self._minute = 0
        self._rows: dict[tuple[Any, ...], SafeString] = {}

    def drawn(self, told: dict[str, Any], draw: Callable[[], SafeString]) -> SafeString:
        minute = int(time.time()) // KEPT_SECONDS
        if minute != self._minute or len(self._rows) > MOST:
            self._minute, self._rows = minute, {}
        rows = self._rows  # threads share it: the next minute's begins while this one draws
        reader = (context.schema(), get_language(), timezone.get_current_timezone_name())
        key = (*reader, *(_seen(value) for value in told.values()))
        found = rows.get(key)
        if found is None:
            found = rows[key] = draw()
        return found


def _seen(value: Any) -> Any:
    """All that a template could see of it."""
    if isinstance(value, models.Model):
        related = value._state.fields_cache.values()
        own = (each for name, each in value.__dict__.items() if name != "_state")
        return hash((type(value), *map(_seen, own), *map(_seen, related)))
    if isinstance(value, list | tuple):
        return hash((len(value), *map(_seen, value)))
    if isinstance(value, dict | set):
        return hash(repr(value))
    return value
