"""Everything the simulator remembers between two calls."""

import time
from collections import deque
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

KEPT = 20_000


@dataclass(slots=True)
class Account:
    """A page, phone number or bot: where its webhooks go and how they are signed."""

    platform: str
    account_id: str
    webhook_url: str = ""
    secret: str = ""
    verify_token: str = ""
    token: str = ""
    app_id: str = "1500000000000001"


@dataclass(slots=True)
class Person:
    """Somebody who writes to an account. ``state``: ok, blocked, off or unreachable."""

    last_wrote: float | None = None
    state: str = "ok"


@dataclass(slots=True)
class Behaviour:
    """How a vendor behaves while nothing is wrong. Times in seconds."""

    latency: float = 0.0
    statuses: bool = True  # delivered, read, echoes
    status_delay: float = 0.05
    reads: bool = True  # whether people open what they got
    echo_first: bool = False  # the echo overtakes the answer to the send
    limits: bool = True  # the documented rate limits
    batch: float = 0.005  # how long webhook items gather into one request
    reorder: bool = False
    duplicate: bool = False
    retry_after: float = 0.5  # first wait before a refused webhook is sent again
    tries: int = 10
    clock: float = 0.0  # seconds since 1970 at which it stands still; 0: it goes


@dataclass(slots=True)
class Fault:
    """What goes wrong with the next ``count`` calls whose path contains ``match``.

    ``kind``: error (the vendor's documented body for ``code``), drop (does the work, then the
    connection ends without an answer), refuse (the connection ends, nothing was done), cut (the
    answer ends in the middle), malformed (an answer that is not JSON), delay.
    """

    vendor: str
    kind: str = "error"
    count: int = 1
    match: str = ""
    status: int = 0
    code: int = 0
    subcode: int = 0
    message: str = ""
    retry_after: float = 0.0
    seconds: float = 0.0


@dataclass(slots=True)
class Bucket:
    """A token bucket; ``wait`` is how many seconds are missing."""

    rate: float
    burst: float
    level: float = field(init=False)
    at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.level = self.burst

    def take(self) -> bool:
        now = time.monotonic()
        self.level = min(self.burst, self.level + (now - self.at) * self.rate)
        self.at = now
        if self.level < 1:
            return False
        self.level -= 1
        return True


class Journal:
    """What was asked and answered, numbered from 1, the newest ``KEPT``."""

    def __init__(self) -> None:
        self.entries: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self.count = 0

    def write(self, vendor: str, kind: str, **fields: Any) -> None:
        self.count += 1
        self.entries.append(
            {"number": self.count, "at": time.time(), "vendor": vendor, "kind": kind, **fields}
        )

    def read(self, *, since: int = 0, **equal: str) -> list[dict[str, Any]]:
        return [
            entry
            for entry in self.entries
            if entry["number"] > since
            and all(str(entry.get(name, "")) == value for name, value in equal.items())
        ]


class World:
    """Accounts, people, objects, faults, behaviour and the journal."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.base = ""  # our own address, as whoever asked last wrote it
        self.reset()

    def reset(self) -> None:
        self.accounts: dict[tuple[str, str], Account] = {}
        self.people: dict[tuple[str, str, str], Person] = {}
        self.behaviours: dict[str, Behaviour] = {}
        self.faults: list[Fault] = []
        self.buckets: dict[tuple[str, ...], Bucket] = {}
        self.store: dict[str, Any] = {}
        self.counters: dict[str, int] = {}
        self.journal.entries.clear()

    def account(self, platform: str, account_id: str) -> Account:
        """The account, made on first mention: a vendor knows more accounts than it was told."""
        key = (platform, account_id)
        if key not in self.accounts:
            self.accounts[key] = Account(platform, account_id)
        return self.accounts[key]

    def by_token(self, platform: str, token: str) -> Account | None:
        for account in self.accounts.values():
            if account.platform == platform and account.token and account.token == token:
                return account
        return None

    def person(self, platform: str, account_id: str, person_id: str) -> Person:
        return self.people.setdefault((platform, account_id, person_id), Person())

    def stamp(self, vendor: str) -> str:
        """What time it is at this vendor, as CRMs write it."""
        clock = self.behaviour(vendor).clock
        now = datetime.fromtimestamp(clock, tz=UTC) if clock else datetime.now(tz=UTC)
        return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def behaviour(self, vendor: str) -> Behaviour:
        return self.behaviours.setdefault(vendor, Behaviour())

    def room(self, rate: float, burst: float, *key: str) -> bool:
        """Whether a documented rate limit leaves room for one more."""
        return self.buckets.setdefault(key, Bucket(rate, burst)).take()

    def fault_for(self, vendor: str, path: str) -> Fault | None:
        for fault in self.faults:
            if fault.vendor == vendor and fault.match in path:
                fault.count -= 1
                if fault.count <= 0:
                    self.faults.remove(fault)
                return fault
        return None

    def next_number(self, name: str, start: int = 1) -> int:
        """One more than the last one of this name."""
        self.counters[name] = self.counters.get(name, start - 1) + 1
        return self.counters[name]

    def next_id(self, name: str) -> int:
        """A number that this name has not had, not even before a restart: who received it then
        would take it for a repetition."""
        milliseconds = time.time_ns() // 1_000_000
        return self.next_number(name, start=milliseconds % 2_000_000_000)

    def shown(self) -> dict[str, Any]:
        return {
            "accounts": [asdict(account) for account in self.accounts.values()],
            "faults": [asdict(fault) for fault in self.faults],
            "behaviour": {name: asdict(value) for name, value in self.behaviours.items()},
            "entries": self.journal.count,
        }
