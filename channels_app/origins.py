"""Websites that a company allows to speak to one of its doors, as browsers name them."""

from typing import Any
from urllib.parse import urlsplit

from django import forms


class OriginsField(forms.CharField):
    """Origins, one a line: scheme, host and port, nothing behind."""

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        for origin in origins(cleaned):
            scheme, _, host = origin.partition("://")
            if scheme not in {"http", "https"} or not host_of(origin) or "/" in host:
                raise forms.ValidationError(f"{origin} is no origin such as https://example.com")
        return cleaned


def host_of(origin: str) -> str:
    """The host an origin names; empty for what is none."""
    try:
        return urlsplit(origin).hostname or ""
    except ValueError:  # a bracket without its other half
        return ""


def origins(value: Any) -> list[str]:
    """The allowed origins of a config, as browsers write them."""
    return [line.strip().rstrip("/").lower() for line in str(value or "").split() if line.strip()]
