"""Leadwire's processes as children of this one: started, waited for, killed, stopped, none left.

``launcher`` runs them for a person at a terminal; this runs them for a program that wants to
know when they are ready, to kill one of them, and to go on afterwards.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from django.conf import settings

from config.launcher import Plan, wait_until_up

STOP_SECONDS = 10


class DidNotStart(Exception):
    """A process of ours ended, or never answered; the message is one sentence for people."""


class Machine:
    """Some of a plan's processes, each in a process group of its own."""

    def __init__(self, plan: Plan, names: Iterable[str] = ("web", "worker")) -> None:
        self.plan = plan
        self.names = tuple(names)
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        try:
            for name in self.names:
                self.start(name)
            self.wait()
        except BaseException:
            self.stop_all()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop_all()

    def log(self, name: str) -> Path:
        return Path(settings.DATA_DIR) / f"{name}.log"

    def start(self, name: str) -> None:
        with self.log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(  # noqa: S602 (our own Procfile's commands)
                self.plan.commands[name],
                shell=True,
                env=self.plan.environment,
                cwd=settings.BASE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Return once the pages answer; raises DidNotStart."""
        if "web" in self.names:
            up = wait_until_up(f"http://127.0.0.1:{self.plan.ports.web}/healthz")
            if not up or self._running["web"].poll() is not None:
                raise DidNotStart(f"The web server did not start; its log is {self.log('web')}.")

    def pid(self, name: str) -> int:
        return self._running[name].pid

    def kill(self, name: str) -> None:
        """SIGKILL: no process of this name gets to finish anything."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._running[name].pid, signal.SIGKILL)
        self._running[name].wait()

    def stop(self, name: str) -> None:
        # Only the leader: a worker told a second time drops its work half-way.
        self._running[name].terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._running[name].wait(STOP_SECONDS)
        # The leader may be gone while one of its children is not.
        self.kill(name)

    def stop_all(self) -> None:
        for process in self._running.values():
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for name, process in self._running.items():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
            self.kill(name)
        self._running.clear()
