"""The socket every provider plug-in fits."""

from collections.abc import Iterator
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Generic, TypeVar

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class Plugin:
    """One registration line: what people read, and where the class is."""

    label: str
    target: str  # "package.module:Class", imported the first time it is used


class UnknownPlugin(LookupError):
    """No plug-in of that kind is registered."""


class PluginRegistry(Generic[P]):
    """Kind -> plug-in class. SDKs load only when a company uses them."""

    def __init__(self, base: type[P], plugins: dict[str, Plugin]) -> None:
        self.base = base
        self.plugins = plugins

    def __iter__(self) -> Iterator[str]:
        return iter(self.plugins)

    def __contains__(self, kind: object) -> bool:
        return kind in self.plugins

    def get(self, kind: str) -> type[P]:
        """Return the plug-in class, or raise UnknownPlugin."""
        try:
            target = self.plugins[kind].target
        except KeyError as error:
            known = ", ".join(self.plugins)
            raise UnknownPlugin(f"{kind!r} is not one of: {known}.") from error
        found = resolve_name(target)
        if not (isinstance(found, type) and issubclass(found, self.base)):
            raise TypeError(f"{target} is not a {self.base.__name__}")
        return found

    def label(self, kind: str) -> str:
        return self.plugins[kind].label

    def choices(self) -> list[tuple[str, str]]:
        return [(kind, plugin.label) for kind, plugin in self.plugins.items()]
