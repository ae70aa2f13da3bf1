"""Leadwire's processes on one machine: what runs, in which environment, and how it is told."""

import contextlib
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from django.conf import settings
from honcho.compat import ProcessManager
from honcho.manager import Manager
from honcho.printer import Message, Printer
from honcho.process import Popen, Process

from config.embedded import MIN_FREE_BYTES
from config.processor import kernels
from config.simulator.serving import base_urls

PYTHON = sys.executable
BIN = Path(PYTHON).parent
READY_SECONDS = 60
STOP_SECONDS = 5
MAX_PORT = 65_535
# Our apps at vendors that the simulator plays: it takes any name, so signing in can be tried.
PLAYED_APPS = {
    name: f"played-{name.lower().replace('_', '-')}"
    for name in (
        "META_APP_ID",
        "META_APP_SECRET",
        "INSTAGRAM_APP_ID",
        "INSTAGRAM_APP_SECRET",
        "X_CLIENT_ID",
        "X_CLIENT_SECRET",
        "LINKEDIN_CLIENT_ID",
        "LINKEDIN_CLIENT_SECRET",
        "TIKTOK_CLIENT_KEY",
        "TIKTOK_CLIENT_SECRET",
        "GOOGLE_CLIENT_ID",
        "GOOGLE_CLIENT_SECRET",
        "MICROSOFT_CLIENT_ID",
        "MICROSOFT_CLIENT_SECRET",
        "HUBSPOT_CLIENT_ID",
        "HUBSPOT_CLIENT_SECRET",
        "SALESFORCE_CLIENT_ID",
        "SALESFORCE_CLIENT_SECRET",
        "PIPEDRIVE_CLIENT_ID",
        "PIPEDRIVE_CLIENT_SECRET",
    )
}


class CannotRun(Exception):
    """This machine cannot run Leadwire as asked; the message is one sentence for people."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where each server listens."""

    web: int
    live: int
    simulator: int


@dataclass
class Plan:
    """The commands to run and what they need in their environment."""

    ports: Ports
    host: str = "127.0.0.1"
    simulate: bool = True
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The children's environment: the same servers, so that none starts its own."""
        urls = {
            "DATABASE_URL": os.environ.get("DATABASE_URL") or settings.EMBEDDED.database_url,
            "REDIS_URL": settings.REDIS_URL,
            "PORT": str(self.ports.web),
            "LIVE_PORT": str(self.ports.live),
            "PYTHONUNBUFFERED": "1",
            "LOG_FORMAT": os.environ.get("LOG_FORMAT", "console"),  # a person is reading
            # glibc gives every thread an arena of its own; with forty threads a process grows
            # to a gigabyte of nothing.
            "MALLOC_ARENA_MAX": os.environ.get("MALLOC_ARENA_MAX", "2"),
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        return {
            **kernels(),
            **os.environ,
            **urls,
            **(self._vendors() if self.simulate else {}),
            **self.extra,
        }

    def _vendors(self) -> dict[str, str]:
        """The simulator stands in for every vendor whose address nobody has set: development."""
        simulator = f"http://127.0.0.1:{self.ports.simulator}"
        played = {
            name: url
            for name, url in base_urls(simulator).items()
            if not name.endswith("_BASE_URL")
        }
        played |= PLAYED_APPS
        # A company's own webhook may then be the simulator's receiver, too.
        played["ALLOW_PRIVATE_ADDRESSES"] = "1"
        return {name: value for name, value in played.items() if not os.environ.get(name)}

    @property
    def commands(self) -> dict[str, str]:
        """Process name -> shell command, as in the Procfile."""
        granian = f"exec {BIN}/granian --no-access-log --log-level warning --host {self.host}"
        manage = f"exec {PYTHON} {settings.BASE_DIR / 'manage.py'}"
        commands = {
            "web": f"{granian} --interface wsgi --port {self.ports.web}"
            f" --workers {settings.WEB_WORKERS} --blocking-threads {settings.WEB_THREADS}"
            " config.wsgi:application",
            "live": f"{granian} --interface asgi --port {self.ports.live} config.asgi:application",
            "worker": f"{manage} rundramatiq --skip-logging --processes {settings.WORKER_PROCESSES}"
            f" --threads {settings.WORKER_THREADS} --worker-shutdown-timeout 4000",
            "beat": f"{manage} crontab --no-heartbeat",
        }
        if self.simulate:
            commands["vendors"] = f"exec {PYTHON} -m config.simulator {self.ports.simulator}"
        return commands


def check_machine(plan: Plan) -> None:
    """Raise CannotRun for what would make the start fail half-way."""
    free = shutil.disk_usage(settings.DATA_DIR).free
    if free < MIN_FREE_BYTES:
        raise CannotRun(
            f"The disk under {settings.DATA_DIR} is full: {free // 1024 // 1024} MB left,"
            f" {MIN_FREE_BYTES // 1024 // 1024} MB needed."
        )
    wanted = [(plan.ports.web, "PORT"), (plan.ports.live, "LIVE_PORT")]
    if plan.simulate:
        wanted.append((plan.ports.simulator, "SIMULATOR_PORT"))
    if len({port for port, _ in wanted}) < len(wanted):
        raise CannotRun(f"{', '.join(name for _, name in wanted)} must differ.")
    for port, name in wanted:
        if not 0 < port <= MAX_PORT:
            raise CannotRun(f"{name} must be between 1 and {MAX_PORT}.")
        if not port_is_free(plan.host, port):
            raise CannotRun(f"Port {port} is taken; set {name} to another one.")


def port_is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


class ReadyPrinter(Printer):
    """Prints what the processes say, and calls ``when_ready`` once the pages answer."""

    def __init__(self, url: str, when_ready: Callable[[], None]) -> None:
        super().__init__(sys.stderr)
        self._url = url
        self._when_ready = when_ready
        self._watching = False

    def write(self, message: Message) -> None:
        # The first line arrives after the last child was forked: only now is a thread safe.
        if not self._watching:
            self._watching = True
            threading.Thread(target=self._watch, daemon=True).start()
        super().write(message)

    def _watch(self) -> None:
        if wait_until_up(self._url):
            self._when_ready()


class Crew(Manager):
    """honcho's manager, which can be told to stop at any time."""

    def __init__(self, printer: Printer) -> None:
        super().__init__(printer)
        self._owner = os.getpid()
        self._procmgr = Leaders()
        self._process_ctor = Command

    def terminate(self) -> None:
        if os.getpid() != self._owner:
            return  # a fork of ours that has not yet become what it shall be
        if self._all_started():
            super().terminate()
        else:  # whom to tell is not known before
            threading.Timer(0.1, self.terminate).start()


class Leaders(ProcessManager):
    """Asks the first process of each command to end; it tells its own children.

    A worker told twice, once by its leader and once with its group, drops its work half-way.
    """

    def terminate(self, pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


class Child(Popen):
    """One command of a plan, started by a process of honcho's that does nothing else.

    Where somebody kills what holds things together, the rest ends too: a command outlives
    neither us nor its own leader, and so the next start finds the ports free.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        us = multiprocessing.parent_process()
        while self.poll() is None:
            if us and wait([us.sentinel], timeout=1):
                self.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.wait(STOP_SECONDS)
                self._kill_the_rest()
                os._exit(1)  # nobody listens any more to what is left to say
        self._kill_the_rest()

    def _kill_the_rest(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


class Command(Process):
    """honcho's view of a command, with a child of ours."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._child_ctor = Child


def wait_until_up(url: str, seconds: float = READY_SECONDS) -> bool:
    """Whether the address answered 200 within so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 (our own address)
                if answer.status == 200:
                    return True
        except (urllib.error.URLError, OSError):
            pass  # not up yet; that is what we are waiting for
        time.sleep(0.1)
    return False


def run(plan: Plan, *, when_ready: Callable[[], None]) -> int:
    """Run until Ctrl-C or until one process ends; stop all of them; return the exit code."""
    ready = f"http://127.0.0.1:{plan.ports.web}/healthz"
    manager = Crew(ReadyPrinter(ready, when_ready))
    for name, command in plan.commands.items():
        manager.add_process(name, command, env=plan.environment, cwd=str(settings.BASE_DIR))
    manager.loop()
    return 0 if manager.returncode in {130, 143} else int(manager.returncode or 0)
