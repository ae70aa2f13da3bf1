"""Secrets at rest: AES-256-GCM under a key per company, itself wrapped by the master key.

A stored value is ``key id (1 byte) + nonce (12) + ciphertext and tag``. The company's schema
and the column's name are authenticated with it, so a value copied to another company or
another column does not open. Destroying a company's keyring erases the company.

A process reads a keyring anew every minute, and at once when it meets a key it does not know,
so a rotation or an erasure is seen by all of them without a word between them.
"""

import base64
import hmac
import os
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b, sha256
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.apps import apps
from django.conf import settings

from tenants import context

NONCE = 12
REMEMBERED_SECONDS = 60.0


class CannotDecrypt(Exception):
    """A stored value does not open: wrong master key, another company's value, or damage."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """The opened keys of one schema: ``current`` encrypts, all of them decrypt."""

    schema: str
    current: int
    ciphers: dict[int, AESGCM]
    index_key: bytes
    _bound: dict[str, bytes] = field(default_factory=dict)

    def bound_to(self, column: str) -> bytes:
        """What is authenticated with each value of this column."""
        bound = self._bound.get(column)
        if bound is None:
            bound = self._bound[column] = f"{self.schema}/{column}".encode()
        return bound


_opened: dict[str, tuple[float, Keyring]] = {}
_lock = threading.Lock()


def new_keyring() -> dict[str, Any]:
    """A fresh company's keyring, wrapped, as stored on its row."""
    return {
        "current": 1,
        "keys": {"1": wrap(os.urandom(32))},
        "index": wrap(os.urandom(32)),
    }


def with_new_key(keyring: dict[str, Any], *, now: str = "") -> dict[str, Any]:
    """The same keyring with one more data key, which encrypts from now on.

    ``now`` (ISO 8601) is noted as the moment the key before it was retired.
    """
    taken = {int(key_id) % 256 for key_id in keyring["keys"]}
    newest = max(map(int, keyring["keys"])) + 1
    while newest % 256 in taken:
        newest += 1
    return {
        **keyring,
        "current": newest,
        "keys": {**keyring["keys"], str(newest): wrap(os.urandom(32))},
        "retired": {**keyring.get("retired", {}), str(keyring["current"]): now},
    }


def without_keys(keyring: dict[str, Any], gone: Iterable[str]) -> dict[str, Any]:
    """The same keyring without these retired keys: what they locked stays locked for ever."""
    dropped = set(gone) - {str(keyring["current"])}
    return {
        **keyring,
        "keys": {k: v for k, v in keyring["keys"].items() if k not in dropped},
        "retired": {k: v for k, v in keyring.get("retired", {}).items() if k not in dropped},
    }


def rewrapped(keyring: dict[str, Any]) -> dict[str, Any]:
    """The same keys under the newest master key."""
    keys = {key_id: wrap(unwrap(key)) for key_id, key in keyring["keys"].items()}
    return {**keyring, "keys": keys, "index": wrap(unwrap(keyring["index"]))}


def wrap(key: bytes) -> str:
    nonce = os.urandom(NONCE)
    sealed = AESGCM(_master_keys()[0]).encrypt(nonce, key, b"leadwire keyring")
    return base64.b64encode(nonce + sealed).decode()


def unwrap(wrapped: str) -> bytes:
    raw = base64.b64decode(wrapped)
    for master in _master_keys():
        try:
            return AESGCM(master).decrypt(raw[:NONCE], raw[NONCE:], b"leadwire keyring")
        except InvalidTag:
            continue
    raise CannotDecrypt("No MASTER_KEYS entry opens this keyring.")


def encrypt(plain: bytes, *, column: str) -> bytes:
    """Encrypt for the schema the connection is in."""
    keys = keyring()
    nonce = os.urandom(NONCE)
    sealed = keys.ciphers[keys.current].encrypt(nonce, plain, keys.bound_to(column))
    return bytes([keys.current % 256]) + nonce + sealed


def decrypt(stored: bytes, *, column: str) -> bytes:
    """Open a value of the schema the connection is in; raises CannotDecrypt."""
    if not stored:
        raise CannotDecrypt(f"{column}: this value is damaged.")
    keys = keyring()
    cipher = keys.ciphers.get(stored[0])
    if cipher is None:  # another process may have rotated a moment ago
        forget(keys.schema)
        cipher = keyring().ciphers.get(stored[0])
    if cipher is None:
        raise CannotDecrypt(f"{column}: the key of this value is gone.")
    try:
        return cipher.decrypt(stored[1 : 1 + NONCE], stored[1 + NONCE :], keys.bound_to(column))
    except (InvalidTag, ValueError) as error:
        raise CannotDecrypt(f"{column}: this value belongs elsewhere or is damaged.") from error


def current_key_id() -> int:
    """The first byte of every value that the newest key of this schema has locked."""
    return keyring().current


def blind_index(value: str) -> str:
    """A keyed fingerprint (32 hex digits): equal values meet, nothing can be read back."""
    folded = value.strip().casefold().encode("utf-8", "surrogatepass")
    return hmac.new(keyring().index_key, folded, sha256).hexdigest()[:32]


def blind_words(words: Iterable[str]) -> list[int]:
    """Keyed fingerprints of words as numbers of 64 bits, for an index that holds many of them."""
    key = keyring().index_key
    return [
        int.from_bytes(
            blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8, key=key).digest(),
            signed=True,
        )
        for word in words
    ]


def keyring() -> Keyring:
    """The current schema's keys, opened once a minute per process."""
    schema = context.schema()
    now = time.monotonic()
    opened = _opened.get(schema)
    if opened is None or now - opened[0] > REMEMBERED_SECONDS:
        with _lock:
            opened = _opened[schema] = (now, _open(schema))
    return opened[1]


def forget(schema: str) -> None:
    """Drop opened keys after a rotation or an erasure."""
    _opened.pop(schema, None)


def _open(schema: str) -> Keyring:
    if schema == context.PUBLIC:
        rows = apps.get_model("tenants", "PlatformKeyring").objects.filter(pk=1)
    else:
        rows = apps.get_model("tenants", "Company").objects.filter(schema_name=schema)
    ring = rows.values_list("keyring", flat=True).first()
    if not ring:
        raise CannotDecrypt(f"{schema} has no keyring (any more).")
    ciphers = {int(key_id) % 256: AESGCM(unwrap(key)) for key_id, key in ring["keys"].items()}
    return Keyring(schema, int(ring["current"]) % 256, ciphers, unwrap(ring["index"]))


def _master_keys() -> list[bytes]:
    return [base64.b64decode(key) for key in settings.MASTER_KEYS]
