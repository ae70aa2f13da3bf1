"""A cheap load generator in a process of its own: signed Messenger webhooks over raw sockets.

Reads a job as JSON from stdin, writes what happened as JSON to stdout. Requests are made before
the clock starts, so that the generator takes as little of the machine as it can.
"""

import asyncio
import contextlib
import hashlib
import hmac
import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

TEXTS = (
    "Hello, how much is the city bike and do you deliver to Madrid?",
    "Hola, ¿cuánto cuesta la bicicleta de ciudad y tienen envío a Sevilla?",
    "مرحبا، كم سعر دراجة المدينة وهل يوجد توصيل؟",
    "We need 12 bikes for our team, budget is 9000 EUR, please call me back.",
)


def text_of(number: int) -> str:
    """No two messages are the same: whoever remembers texts gains nothing by it."""
    return f"{TEXTS[number % len(TEXTS)]} ({number})"


def request(job: dict[str, Any], number: int) -> bytes:
    """One complete HTTP request: a new message of a new person, written when it will be sent.

    Of an older moment it would stand further down in the inbox, where nobody looks for it.
    """
    now = int((time.time() + (number / job["rate"] if job.get("rate") else 0)) * 1000)
    person = f"{job.get('people', 'p')}{number}"
    text = text_of(number + job.get("texts_from", 0))
    item = {
        "sender": {"id": person},
        "recipient": {"id": job["page"]},
        "timestamp": now,
        "message": {"mid": f"m_{job['run']}_{number}", "text": text},
    }
    entry = {"id": job["page"], "time": now, "messaging": [item]}
    body = json.dumps({"object": "page", "entry": [entry]}).encode()
    digest = hmac.new(job["secret"].encode(), body, hashlib.sha256).hexdigest()
    head = (
        f"POST {job['path']} HTTP/1.1\r\nHost: {job['host']}\r\n"
        f"Content-Type: application/json\r\nX-Hub-Signature-256: sha256={digest}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def kept(path: str) -> list[bytes]:
    """Requests that somebody else has made and signed; see ``keep``."""
    content, found, at = Path(path).read_bytes(), [], 0
    while at < len(content):
        size = int.from_bytes(content[at : at + 4])
        found.append(content[at + 4 : at + 4 + size])
        at += 4 + size
    return found


def keep(path: Path, requests: Iterable[bytes]) -> None:
    path.write_bytes(b"".join(len(one).to_bytes(4) + one for one in requests))


async def answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    at = lower.find(b"content-length:")
    if at >= 0:
        length = int(lower[at + 15 : lower.index(b"\r\n", at)])
        await reader.readexactly(length)
    elif b"chunked" in lower:
        await reader.readuntil(b"0\r\n\r\n")
    return int(head[9:12])


async def worker(job: dict[str, Any], queue: list[bytes], deadline: float, out: Any) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", job["port"])
    while queue and time.perf_counter() < deadline:
        payload = queue.pop()
        started = time.perf_counter()
        writer.write(payload)
        status = await answer(reader)
        out.append((time.perf_counter() - started, status))
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def paced(job: dict[str, Any], queue: list[bytes], out: Any, moments: list[float]) -> None:
    """An open loop: one request every ``1/rate`` seconds, whatever the answers take."""
    started = time.perf_counter()

    async def one(payload: bytes) -> None:
        moments.append(time.time())
        await worker({**job, "rate": 0}, [payload], time.perf_counter() + 60, out)

    tasks = []
    for number, payload in enumerate(reversed(queue)):
        await asyncio.sleep(max(0, started + number / job["rate"] - time.perf_counter()))
        tasks.append(asyncio.create_task(one(payload)))
    await asyncio.gather(*tasks)


async def run(job: dict[str, Any]) -> dict[str, Any]:
    if "file" in job:
        queue = kept(job["file"])
    else:
        queue = [request(job, number) for number in reversed(range(job["count"]))]
    results: list[tuple[float, int]] = []
    moments: list[float] = []
    began, started = time.time(), time.perf_counter()
    if job.get("rate"):
        await paced(job, queue, results, moments)
    else:
        deadline = started + job["seconds"]
        connections = (worker(job, queue, deadline, results) for _ in range(job["connections"]))
        await asyncio.gather(*connections)
    took = time.perf_counter() - started
    statuses: dict[str, int] = {}
    for _, status in results:
        statuses[str(status)] = statuses.get(str(status), 0) + 1
    times = sorted(seconds for seconds, _ in results)
    return {
        "began": began,
        "moments": moments,
        "seconds": took,
        "done": len(results),
        "statuses": statuses,
        "p50": times[len(times) // 2] if times else 0.0,
        "p99": times[int(len(times) * 0.99)] if times else 0.0,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(run(json.load(sys.stdin)))))
