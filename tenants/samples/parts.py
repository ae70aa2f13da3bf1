"""The socket for sample data: each app brings the rows that are its own."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar


class Part(ABC):
    """What one app adds. Lower orders are loaded first and removed last."""

    order: ClassVar[int]

    @abstractmethod
    def units(self) -> Sequence[str]:
        """The keys of its steps; each is one transaction."""

    @abstractmethod
    def load(self, unit: str) -> None:
        """Inside the caller's transaction; doing it again changes nothing. Tells nobody outside."""

    @abstractmethod
    def remove(self) -> None:
        """All that ``load`` brought and all that came of it since, inside the caller's
        transaction. Safe where only some of it is there, or nothing."""


_parts: list[Part] = []


def register(part: type[Part]) -> type[Part]:
    """``@register`` stands above each app's part."""
    _parts.append(part())
    _parts.sort(key=lambda each: each.order)
    return part


def parts() -> list[Part]:
    return list(_parts)


def steps() -> list[tuple[Part, str]]:
    """Everything that loading does, in order."""
    return [(part, unit) for part in _parts for unit in part.units()]
