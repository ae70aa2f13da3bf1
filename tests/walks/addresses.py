"""Every address of both hosts, taken from the resolver."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

COMPANY, PUBLIC = "config.urls", "config.urls_public"
HOSTS = {COMPANY: "north.localhost", PUBLIC: "localhost"}


@dataclass(frozen=True, slots=True)
class Address:
    """One pattern of the resolver: ``route`` reads ``leads/<>/assign/``."""

    urlconf: str
    route: str
    name: str

    def __str__(self) -> str:
        return f"{HOSTS[self.urlconf]}/{self.route}"

    @property
    def host(self) -> str:
        return HOSTS[self.urlconf]

    @property
    def takes_something(self) -> bool:
        return "<" in self.route

    def concrete(self, **values: object) -> str:
        """A path: each parameter by its converter (int, uuid, str), e.g. ``int=7``."""

        def fill(found: re.Match[str]) -> str:
            return str(values.get(found[1] or "str", values.get("str", "x")))

        return "/" + re.sub(r"<(\w*)>", fill, self.route)


def addresses(urlconf: str) -> list[Address]:
    return list(_walk(urlconf, get_resolver(urlconf), "", ""))


def _walk(urlconf: str, node: URLResolver, before: str, space: str) -> Iterator[Address]:
    for pattern in node.url_patterns:
        route = before + _plain(pattern)
        if isinstance(pattern, URLResolver):
            inside = ":".join(filter(None, [space, pattern.namespace or ""]))
            yield from _walk(urlconf, pattern, route, inside)
        elif isinstance(pattern, URLPattern):
            yield Address(urlconf, route, ":".join(filter(None, [space, pattern.name or ""])))


def _plain(node: URLPattern | URLResolver) -> str:
    text = str(node.pattern)
    if isinstance(node.pattern, RoutePattern):
        return re.sub(r"<(?:(\w+):)?\w+>", lambda found: f"<{found[1] or 'str'}>", text)
    # A regular expression: named groups become text, anchors and escapes go.
    text = re.sub(r"\(\?P<\w+>(?:[^()]|\([^()]*\))*\)", "<str>", text)
    return re.sub(r"[\^$\\]|/\?$", "", text)
