"""Files at rest: locked piece by piece, in whatever storage Django was given.

A stored file is a row of equal pieces, each AES-256-GCM under the file's own key, with the
company's schema, the file's path, the piece's number and whether it is the last one
authenticated with it. Pieces can therefore be neither swapped, nor dropped, nor read
under another company or name; and a part of a long film is opened without the rest of it.
A key locks one file once, so that the piece's number serves as its nonce.
"""

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from os import urandom
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.files import File
from django.core.files.storage import Storage, storages
from django.utils import timezone

from channels_app.media.sniffing import HEAD
from tenants import context
from tenants.crypto import CannotDecrypt

PIECE = 64 * 1024
TAG = 16
IN_MEMORY = 2 * 1024 * 1024  # a longer file waits on disk, locked, until it is whole


class TooLarge(Exception):
    """The file is larger than we take in; reading stopped there."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was put away, as it was before it was locked."""

    size: int
    sha256: str
    head: bytes


def storage() -> Storage:
    return storages["media"]


def new_key() -> bytes:
    return urandom(32)


def new_path(name: str) -> str:
    """A place of the company's own for one attempt to store a file; never used twice."""
    folder = context.scoped("media", name[:2]).replace(":", "/")
    return f"{folder}/{name}.{urandom(4).hex()}"


def folder(shard: str = "") -> str:
    return context.scoped("media", *([shard] if shard else [])).replace(":", "/")


class Locked:
    """A file in the making: what is fed to it is locked at once, and lies nowhere in the open."""

    def __init__(self, *, path: str, key: bytes, limit: int) -> None:
        self._path, self._cipher, self._limit = path, AESGCM(key), limit
        self._bound = _bound_to(path)
        self._digest, self._size, self._head = sha256(), 0, b""
        self._rest, self._pieces = b"", 0
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115

    def feed(self, chunks: Iterable[bytes]) -> Written:
        """Take the whole file in; raises TooLarge."""
        for chunk in chunks:
            self._size += len(chunk)
            if self._size > self._limit:
                raise TooLarge(f"more than {self._limit} bytes")
            self._digest.update(chunk)
            if len(self._head) < HEAD:
                self._head = (self._head + chunk)[:HEAD]
            self._rest += chunk
            while len(self._rest) > PIECE:
                self._lock(self._rest[:PIECE], is_last=False)
                self._rest = self._rest[PIECE:]
        self._lock(self._rest, is_last=True)
        return Written(self._size, self._digest.hexdigest(), self._head)

    def _lock(self, plain: bytes, *, is_last: bool) -> None:
        nonce, said = _of_piece(self._bound, self._pieces, is_last=is_last)
        self._file.write(self._cipher.encrypt(nonce, plain, said))
        self._pieces += 1

    def put_away(self) -> None:
        """Hand it to the storage, where it lies at its path and nowhere else."""
        self._file.seek(0)
        kept = storage().save(self._path, File(self._file, name=self._path))
        if kept != self._path:
            storage().delete(kept)
            raise FileExistsError(f"Something lies at {self._path}.")

    def __enter__(self) -> "Locked":
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()


def read(
    *, path: str, key: bytes, size: int, start: int = 0, length: int | None = None
) -> Iterator[bytes]:
    """The file's bytes from ``start`` on, opened piece by piece; raises CannotDecrypt.

    May be read on after the company's schema was left, as a streamed answer is.
    """
    stop = size if length is None else min(size, start + length)
    return _pieces(AESGCM(key), _bound_to(path), path, size, start, stop)


def _pieces(
    cipher: AESGCM, bound: bytes, path: str, size: int, start: int, stop: int
) -> Iterator[bytes]:
    number, last = start // PIECE, max(0, (size - 1) // PIECE)
    with storage().open(path, "rb") as file:
        file.seek(number * (PIECE + TAG))
        while number * PIECE < stop:
            nonce, said = _of_piece(bound, number, is_last=number == last)
            try:
                plain = cipher.decrypt(nonce, file.read(PIECE + TAG), said)
            except (InvalidTag, ValueError) as error:
                raise CannotDecrypt(f"{path}: piece {number} is damaged.") from error
            yield plain[max(0, start - number * PIECE) : stop - number * PIECE]
            number += 1


def delete_all_of(schema: str) -> int:
    """Delete every file of a company that is no more, and its folder; returns how many."""
    return _emptied(f"lw/{schema}/media")


def _emptied(place: str) -> int:
    try:
        folders, names = storage().listdir(place)
    except (FileNotFoundError, NotADirectoryError):
        return 0
    for name in names:
        storage().delete(f"{place}/{name}")
    count = len(names) + sum(_emptied(f"{place}/{name}") for name in folders)
    storage().delete(place)  # a folder that is empty by now, where storages have folders
    return count


def delete(path: str) -> None:
    if path:
        storage().delete(path)


def is_older(path: str, than: timedelta) -> bool:
    try:
        return timezone.now() - storage().get_modified_time(path) >= than
    except FileNotFoundError:
        return False


def _of_piece(bound: bytes, number: int, *, is_last: bool) -> tuple[bytes, bytes]:
    """Nonce, and what is authenticated with it."""
    return number.to_bytes(12, "big"), bound + number.to_bytes(8, "big") + bytes([is_last])


def _bound_to(path: str) -> bytes:
    return f"{context.schema()}/{path}/".encode()
