"""What processes cost: CPU time and memory of everything that is ours."""

import contextlib
import threading
from collections.abc import Iterable

import psutil
from django.conf import settings


def ours(pids: Iterable[int]) -> list[psutil.Process]:
    """These processes with all their children, and the two servers of our data folder."""
    found: dict[int, psutil.Process] = {}
    for pid in [*pids, *_servers()]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            for one in [process, *process.children(recursive=True)]:
                found[one.pid] = one
    return list(found.values())


def _servers() -> list[int]:
    folder = str(settings.DATA_DIR)
    found = []
    for process in psutil.process_iter(["cmdline", "name"]):
        if process.info["name"] in {"postgres", "valkey-server"} and folder in " ".join(
            process.info["cmdline"] or []
        ):
            found.append(process.pid)
    return found


class Meter:
    """CPU seconds spent and the highest memory reached between ``start`` and ``stop``."""

    def __init__(self, pids: Iterable[int]) -> None:
        self._pids = list(pids)
        self._seen: dict[int, float] = {}
        self._before: dict[int, float] = {}
        self._ended = threading.Event()
        self.peak_megabytes = 0.0
        self.names: dict[int, str] = {}

    def start(self) -> None:
        self._before = {process.pid: _cpu(process) for process in ours(self._pids)}
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._ended.wait(1.0):
            self._look()

    def _look(self) -> None:
        total = 0.0
        for process in ours(self._pids):
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                self.names.setdefault(process.pid, _kind(process))
                self._seen[process.pid] = _cpu(process)
                # Proportional: memory that processes share is counted once.
                total += process.memory_full_info().pss
        self.peak_megabytes = max(self.peak_megabytes, total / 1024 / 1024)

    def stop(self) -> float:
        self._ended.set()
        self._thread.join()
        self._look()
        return sum(self.by_kind().values())

    def by_kind(self) -> dict[str, float]:
        """CPU seconds of the web server, the workers, PostgreSQL and Valkey."""
        spent: dict[str, float] = {}
        for pid, cpu in self._seen.items():
            kind = self.names[pid]
            spent[kind] = spent.get(kind, 0.0) + max(0.0, cpu - self._before.get(pid, 0.0))
        return spent


def _kind(process: psutil.Process) -> str:
    words = " ".join([process.name(), *process.cmdline()])
    for part, kind in (
        ("postgres", "postgresql"),
        ("valkey-server", "valkey"),
        ("granian", "web"),
        ("dramatiq", "worker"),
    ):
        if part in words:
            return kind
    return "other"


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)
