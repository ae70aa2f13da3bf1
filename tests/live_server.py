"""The live server's applications over real HTTP on loopback, inside one test's transaction."""

import asyncio
import queue
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from tenants import context


@asynccontextmanager
async def serving(application):
    """The application behind a real server; gives its port."""
    config = uvicorn.Config(
        application, host="127.0.0.1", port=0, lifespan="off", log_level="error"
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.005)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await running


class Aside(Executor):
    """Runs something asynchronous in a thread beside the test; what needs rows is handed back
    and done here, in the test's own transaction, instead of in a thread of its own."""

    def __init__(self) -> None:
        self._wanted: queue.Queue[Any] = queue.Queue()

    def submit(self, work, /, *args, **kwargs):
        done: Future[Any] = Future()
        self._wanted.put((done, work, args, kwargs))
        return done

    async def over_there(self, work, *args):
        return await asyncio.wrap_future(self.submit(work, *args))

    def __call__(self, started):
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(asyncio.run, started)
            running.add_done_callback(lambda _: self._wanted.put(None))
            while (next_one := self._wanted.get(timeout=60)) is not None:
                self._do(*next_one)
            return running.result()

    def _do(self, done, work, args, kwargs) -> None:
        here = context.connection.tenant
        try:
            done.set_result(work(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 (it is raised where it was asked for)
            done.set_exception(error)
        finally:
            context.connection.set_tenant(here)


@pytest.fixture
def aside(monkeypatch):
    runner = Aside()
    monkeypatch.setattr("tenants.api.entrance.asyncio.to_thread", runner.over_there)
    return runner
