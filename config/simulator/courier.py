"""Webhooks on their way out: bundled, signed, and sent again until somebody answers 2xx."""

import asyncio
import hashlib
import random
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import httpx

from config.simulator.world import Account, Behaviour, World

BATCH_MAX = 1_000  # https://developers.facebook.com/docs/graph-api/webhooks/getting-started
PATIENCE = 20.0  # seconds a vendor waits for our answer


class Parcel(NamedTuple):
    """One signed request."""

    body: bytes
    headers: dict[str, str]


# Turns an account's items into the requests its vendor would make of them.
Bundler = Callable[[Account, list[dict[str, Any]]], list[Parcel]]


class Courier:
    """Sends webhooks in the background."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._waiting: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._client: httpx.AsyncClient | None = None

    def client(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=PATIENCE, trust_env=False)
        return self._client

    def soon(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def visit(self, vendor: str, url: str) -> None:
        """Fetch a file that we were only told the address of, as vendors do with links."""
        self.soon(self._visit(vendor, url))

    async def _visit(self, vendor: str, url: str) -> None:
        status, content, mime = 0, b"", ""
        try:
            response = await self.client().get(url)
            status, content = response.status_code, response.content
            mime = response.headers.get("content-type", "")
        except httpx.TransportError:
            status = 0
        digest = hashlib.sha256(content).hexdigest()
        self.world.journal.write(
            vendor, "fetch", url=url, status=status, size=len(content), mime=mime, sha256=digest
        )

    def send(
        self, account: Account, bundler: Bundler, items: Iterable[dict[str, Any]], after: float = 0
    ) -> None:
        """Deliver items after some seconds, together with whatever else is due then."""
        if account.webhook_url:
            self.soon(self._gather(account, bundler, list(items), after))

    async def _gather(
        self, account: Account, bundler: Bundler, items: list[dict[str, Any]], after: float
    ) -> None:
        behaviour = self.world.behaviour(account.platform)
        await asyncio.sleep(after)
        key = (account.platform, account.account_id)
        waiting = self._waiting.setdefault(key, [])
        waiting.extend(items)
        if len(waiting) > len(items):  # somebody else waits for this batch
            return
        await asyncio.sleep(behaviour.batch)
        batch = self._waiting.pop(key, [])
        if behaviour.duplicate:
            batch += batch
        if behaviour.reorder:
            random.shuffle(batch)
        for start in range(0, len(batch), BATCH_MAX):
            for parcel in bundler(account, batch[start : start + BATCH_MAX]):
                self.soon(self.deliver(account, parcel, behaviour))

    async def deliver(self, account: Account, parcel: Parcel, behaviour: Behaviour) -> int:
        """Post until 2xx, with doubling waits; the last status, 0 if nobody answered."""
        status = 0
        for attempt in range(1, behaviour.tries + 1):
            status = await self.post(account, parcel, attempt)
            if 200 <= status < 300:
                break
            await asyncio.sleep(min(behaviour.retry_after * 2 ** (attempt - 1), 60))
        return status

    async def post(self, account: Account, parcel: Parcel, attempt: int = 1) -> int:
        headers = {"content-type": "application/json", **parcel.headers}
        try:
            response = await self.client().post(
                account.webhook_url, content=parcel.body, headers=headers
            )
            status = response.status_code
        except httpx.TransportError:
            status = 0
        self.world.journal.write(
            account.platform,
            "webhook",
            account=account.account_id,
            status=status,
            attempt=attempt,
            body=parcel.body.decode(),
        )
        return status
