"""Every network's own webhook address, a backlog of 10,000 events, a batch of 1,000 items.

Each part ends by the clock, whatever the machine: together they take about a minute.
"""

import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from channels_app.models import ChannelConnection, InboundEvent
from channels_app.providers.values import RawItem
from channels_app.services import connect, fresh_config, ring_events, store, webhook_url
from config.demo.stage import Stage
from config.launcher import wait_until_up
from config.simulator.serving import free_port
from tenants import context
from tenants.workspace.models import Profile
from tests.benchmarks.bodies import ACCOUNT, MAKERS, body, content_type, page_item, page_of
from tests.benchmarks.load import keep
from tests.benchmarks.meter import Meter
from tests.benchmarks.stand import Figures, forget_events, line, load, prepare_bare

DOOR_ROUNDS, DOOR_SECONDS = 2, 0.4
DOOR_REQUESTS, DOOR_CONNECTIONS = 1_200, 16
BACKLOG, PEOPLE = 10_000, 2_000
DRAIN_SECONDS = 12  # what is not drained by then is not waited for
BATCH, BATCHES, POISON_EVERY = 1_000, 3, 20
BATCH_SECONDS, START_SECONDS = 10, 30
# Words that these platforms want otherwise than the rest.
OWN = {
    "custom": {"token": "https://erp.example/hook"},
    "webchat": {"secret": "bench-secret-of-at-least-32-bytes"},
}


def doors(stage: Stage) -> Figures:
    """Acknowledgements a second at each network's own address, the bare view's beside it."""
    connections = _connect_all(stage)
    stage.machine.names = ("web",)
    with tempfile.TemporaryDirectory() as folder, stage.machine, bare_view(stage) as bare_port:
        file = Path(folder) / "requests"

        def real(connection: ChannelConnection, run: str, seconds: float) -> float:
            keep(file, _requests(connection, f"{connection.platform}{run}"))
            port = stage.plan.ports.web
            return _rate(stage, port, "", seconds, file=str(file))

        def bare(run: str, seconds: float) -> float:
            job = {"run": run, "count": DOOR_REQUESTS}
            return _rate(stage, bare_port, "/webhooks/bare/", seconds, **job)

        bare("warm", DOOR_SECONDS)
        for platform, connection in connections.items():
            real(connection, "warm", DOOR_SECONDS / 2)
            beside, rates = [], []
            for number in range(DOOR_ROUNDS):
                beside.append(bare(f"{platform}{number}", DOOR_SECONDS))
                rates.append(real(connection, f"r{number}", DOOR_SECONDS))
            rate, least = statistics.mean(rates), statistics.mean(beside)
            yield line(
                f"webhook_acks_per_second_{platform}", rate, "1/s",
                bare=round(least, 1), ratio=round(rate / least, 3),
            )  # fmt: skip
    forget_events(stage)


def _rate(stage: Stage, port: int, path: str, seconds: float, **job: Any) -> float:
    done = load(stage, port, path, seconds=seconds, connections=DOOR_CONNECTIONS, **job)
    assert set(done["statuses"]) == {"200"}, done["statuses"]
    return done["done"] / done["seconds"]


@contextmanager
def bare_view(stage: Stage) -> Iterator[int]:
    """The least a durable webhook can be, on a server of its own; yields its port."""
    prepare_bare()
    port = free_port()
    settings_module = "tests.benchmarks.bare_settings"
    environment = {**stage.plan.environment, "DJANGO_SETTINGS_MODULE": settings_module}
    command = stage.plan.commands["web"].replace(f"--port {stage.plan.ports.web}", f"--port {port}")
    command = command.replace("config.wsgi:application", "tests.benchmarks.bare:application")
    server = subprocess.Popen(  # noqa: S603 (our own command)
        command.removeprefix("exec ").split(),
        env=environment,
        cwd=settings.BASE_DIR,
        stdout=subprocess.DEVNULL,  # ours is for figures
    )
    try:
        wait_until_up(f"http://127.0.0.1:{port}/healthz", 20)
        yield port
    finally:
        server.terminate()
        server.wait()


def _connect_all(stage: Stage) -> dict[str, ChannelConnection]:
    """One account at each network; the messenger page is there already."""
    given = {"secret": "bench-secret", "token": "bench-token", "verify_token": "verify"}
    with context.inside(stage.company):
        found = {each.platform: each for each in ChannelConnection.objects.all()}
        for platform in MAKERS:
            if platform not in found:
                config = fresh_config(platform=platform, given=given | OWN.get(platform, {}))
                account = "shop@example.org" if platform == "email" else ACCOUNT
                found[platform] = connect(
                    platform=platform,
                    account_id=account,
                    config={**config, "accepts_terms": True, "account_sid": "AC01"},
                    vouched=True,
                )
    return {platform: found[platform] for platform in MAKERS}


def _requests(connection: ChannelConnection, run: str) -> Iterable[bytes]:
    """Whole HTTP requests, signed as the network signs."""
    provider, path = connection.provider(), urlsplit(webhook_url(connection)).path
    for number in range(DOOR_REQUESTS):
        content = body(connection.platform, run, number)
        headers = {
            "Host": "localhost",
            "Content-Type": content_type(connection.platform),
            "Content-Length": str(len(content)),
            **provider.signed(content),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        yield f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + content


# -- a backlog


def drain(stage: Stage) -> Figures:
    """10,000 events are there when the workers start, and the AI is switched off: what taking
    them in costs, from raw bytes to contact, conversation and message."""
    with _without_ai(stage):
        connection = ChannelConnection.objects.get(platform="messenger")
        ids: list[str] = []
        for start in range(0, BACKLOG, 500):
            numbers = range(start, start + 500)
            ids += store(connection_id=connection.pk, items=[_item(n) for n in numbers])
        ring_events(ids)
        stage.machine.names = ("worker",)
        with stage.machine:
            while _pending() > BACKLOG - 250:  # until they are warm
                time.sleep(0.1)
            meter = Meter([stage.machine.pid("worker")])
            meter.start()
            before, began = _pending(), time.monotonic()
            while (left := _pending()) and time.monotonic() - began < DRAIN_SECONDS:
                time.sleep(0.2)
            took, done = time.monotonic() - began, before - left
            cpu = meter.stop()
        spent = {k: round(v * 1000 / max(done, 1), 2) for k, v in meter.by_kind().items()}
    forget_events(stage)
    yield line("drain_events_per_second", done / took, "1/s", drained=done, backlog=BACKLOG)
    yield line("drain_cpu_per_event", cpu * 1000 / max(done, 1), "ms", of=spent)


def _item(number: int) -> RawItem:
    """What the webhook would have kept."""
    content = page_item("drain", number, person=f"drain{number % PEOPLE}")
    return RawItem(ACCOUNT, f"drain{number:059d}", "message", json.dumps(content).encode())


# -- a batch


def batch(stage: Stage) -> Figures:
    """1,000 items in one webhook, every twentieth poisoned: the answer, and until all are read."""
    acks, processed = [], []
    with _without_ai(stage):
        connection = ChannelConnection.objects.get(platform="messenger")
        stage.machine.names = ("web", "worker")
        with stage.machine:
            for number in range(-1, BATCHES):
                content = json.dumps(page_of("page", _mixed(number))).encode()
                headers = connection.provider().signed(content)
                began = time.perf_counter()
                url = f"http://localhost:{stage.plan.ports.web}"
                answer = httpx.post(
                    url + urlsplit(webhook_url(connection)).path,
                    content=content,
                    headers={**headers, "Content-Type": "application/json"},
                    timeout=30,
                )
                acked = time.perf_counter()
                assert answer.status_code == 200, answer.status_code
                patience = BATCH_SECONDS if number >= 0 else START_SECONDS
                while _pending() and time.perf_counter() - began < patience:
                    time.sleep(0.02)
                if number >= 0:  # the first warms the workers up
                    acks.append((acked - began) * 1000)
                    processed.append(time.perf_counter() - began)
        rejected = InboundEvent.objects.filter(status="rejected").count()
    forget_events(stage)
    dead = rejected // (BATCHES + 1)
    yield line("batch_of_1000_ack", statistics.median(acks), "ms", bytes=len(content))
    yield line("batch_of_1000_processed", statistics.median(processed), "s", dead_letters=dead)


def _mixed(batch_number: int) -> list[Any]:
    run = f"batch{batch_number}"
    return [
        {"sender": {"id": "5"}, "message": {"mid": [n], "text": run}}
        if n % POISON_EVERY == 0
        else page_item(run, n)
        for n in range(BATCH)
    ]


@contextmanager
def _without_ai(stage: Stage) -> Iterator[None]:
    with context.inside(stage.company):
        Profile.objects.update_or_create(pk=1, defaults={"ai_enabled": False})
        try:
            yield
        finally:
            Profile.objects.update(ai_enabled=True)


def _pending() -> int:
    return InboundEvent.objects.filter(status="pending").count()
