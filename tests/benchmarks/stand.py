"""What every figure needs: a line, a load, a clean table."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
from django.conf import settings

from config.demo.stage import Stage
from tenants import context
from tenants.redis import client
from tests.benchmarks import bare

PAGE, SECRET = "104500000000001", "bench-secret"

Figures = Iterator[dict[str, Any]]


def line(
    name: str, value: float, unit: str, *, aim: str = "", met: bool | None = None, **more: Any
) -> dict[str, Any]:
    said: dict[str, Any] = {"name": name, "value": round(value, 3), "unit": unit}
    if aim:
        said |= {"aim": aim, "met": met}
    return {**said, **more}


def load(stage: Stage, port: int, path: str, **job: Any) -> dict[str, Any]:
    """Run the load generator in a process of its own."""
    asked = {"host": "localhost", "port": port, "path": path, "page": PAGE, "secret": SECRET, **job}
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.load"],
        input=json.dumps(asked).encode(),
        stdout=subprocess.PIPE,
        check=True,
        cwd=settings.BASE_DIR,
    )
    return json.loads(done.stdout)


def prepare_bare() -> None:
    with psycopg.connect(settings.EMBEDDED.database_url, autocommit=True) as connection:
        connection.execute(bare.TABLE)


def forget_events(stage: Stage) -> None:
    """What was only to be acknowledged is not to be answered."""
    with context.inside(stage.company), context.connection.cursor() as cursor:
        cursor.execute("TRUNCATE channels_app_inboundevent CASCADE")
    client().flushall()
