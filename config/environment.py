"""The environment as settings read it: what cannot be read is one sentence that names it."""

import base64
import binascii
import contextlib
import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

KEY_BYTES = 32


class Environment(environ.Env):
    """Raises ImproperlyConfigured with the variable's name, and never with its value."""

    def get_value(self, var: str, *args: Any, **options: Any) -> Any:
        try:
            return super().get_value(var, *args, **options)
        except ValueError as error:
            raise ImproperlyConfigured(f"{var} is not understood: {error}.") from error

    def server(self, name: str, *schemes: str, default: str) -> str:
        """A server's URL; the default where it is unset or empty."""
        found: str = self.str(name, default="") or default
        if not found.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            wanted = " or ".join(f"{scheme}://" for scheme in schemes)
            raise ImproperlyConfigured(f"{name} must begin with {wanted}.")
        try:
            urlsplit(found).port  # noqa: B018 (it is read when asked for)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name} is not understood: {error}.") from error
        return found

    def keys(self, name: str) -> list[str]:
        """Keys of 32 bytes in base64, separated by commas."""
        found: list[str] = self.list(name, default=[])
        for key in found:
            if not _is_key(key):
                raise ImproperlyConfigured(f"{name} must be {KEY_BYTES} bytes each, in base64.")
        return found


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == KEY_BYTES
    except binascii.Error:
        return False


def kept_secret(path: Path) -> str:
    """A random secret made on first use, readable by its owner only.

    For one machine. On several, the environment brings the secrets.
    """
    try:
        if not path.exists():
            _make_secret(path)
        return path.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"Cannot use {path}: {error.strerror or error}.") from error


def _make_secret(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode())
    # Nobody ever reads half a secret, and the first of two processes wins.
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
