"""Every route of the API with what it asks for, taken from the resolver and the views."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.urls import URLPattern, get_resolver
from rest_framework.permissions import IsAuthenticated

from tenants.api.permissions import right_of

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one address."""

    path: str
    method: str
    action: str
    view: type

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def pattern(self) -> str:
        """As the description writes it, if every parameter were called pk."""
        plain = re.sub(r"\(\?P<\w+>(?:[^()]|\([^()]*\))*\)", "{pk}", self.path)
        return re.sub(r"<\w+:(\w+)>", "{pk}", plain)

    def of(self, number: int, identifier: object) -> str:
        """The address of one row; UUIDs where the route names them so."""
        takes_uuid = "<uuid:" in self.path or "[0-9a-f-]" in self.path
        return self.pattern.replace("{pk}", str(identifier if takes_uuid else number))

    @property
    def is_for_whoever_signed_in(self) -> bool:
        return IsAuthenticated in self._said("permission_classes")

    @property
    def right(self) -> str:
        """What it asks the tables of roles and scopes for."""
        view: Any = self.view(**self._kwargs())
        view.request = SimpleNamespace(method=self.method.upper())
        view.action = self.action
        return right_of(view, self.action)

    def _kwargs(self) -> dict[str, Any]:
        return getattr(getattr(self.view, self.action, None), "kwargs", {})

    def _said(self, name: str) -> Any:
        return self._kwargs().get(name, getattr(self.view, name))


def routes() -> list[Route]:
    return list(_walk(get_resolver("config.api"), ""))


def _walk(node: Any, before: str) -> Iterator[Route]:
    for pattern in node.url_patterns:
        route = before + str(pattern.pattern).strip("^$")
        if not isinstance(pattern, URLPattern):
            yield from _walk(pattern, route)
            continue
        view = getattr(pattern.callback, "cls")  # noqa: B009 (set by as_view)
        actions = getattr(pattern.callback, "actions", None) or {
            method: method for method in METHODS if hasattr(view, method)
        }
        for method, action in sorted(actions.items()):
            if method not in METHODS:  # DRF adds head to what takes get
                continue
            yield Route(f"/api/v1/{route}", method, action, view)
