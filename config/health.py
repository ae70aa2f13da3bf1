"""Whether this process lives, whether it can work, and how much it did."""

from collections.abc import Callable
from hmac import compare_digest
from typing import Any

import psycopg
import redis
from django.conf import settings
from django.db import DatabaseError
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import REGISTRY, GaugeMetricFamily
from prometheus_client.registry import Collector

from tenants import context
from tenants.models import Company
from tenants.operators.queues import queues

PATIENCE = 2  # seconds; whoever asks wants to know now
ADDRESS = ("dbname", "host", "port", "user", "password", "sslmode", "sslrootcert")
LOOPBACK = {"127.0.0.1", "::1"}


class HealthMiddleware:
    """Answers /healthz and /readyz on every host, before anything that could be broken."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == "/healthz":
            return JsonResponse({"status": "ok"})
        if request.path_info == "/readyz":
            return readyz()
        return self.get_response(request)


def readyz() -> HttpResponse:
    """200 when database, queue and migrations are fine; else 503 and a reason for each."""
    checks = {"database": _database(), "queue": _queue()}
    checks["migrations"] = _migrations() if checks["database"] == "ok" else "unknown"
    ready = all(answer == "ok" for answer in checks.values())
    return JsonResponse(
        {"status": "ok" if ready else "unavailable", "checks": checks},
        status=200 if ready else 503,
    )


def _database() -> str:
    # Not through the pool: it would wait for a connection as long as a page may.
    given = context.connection.get_connection_params()
    where = {name: given[name] for name in ADDRESS if given.get(name)}
    try:
        with psycopg.connect(**where, connect_timeout=PATIENCE) as direct:
            direct.execute("SELECT 1")
    except psycopg.Error as error:
        return f"unreachable ({type(error).__name__})"
    return "ok"


def _queue() -> str:
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
        ) as direct:
            direct.ping()
    except redis.RedisError as error:
        return f"unreachable ({type(error).__name__})"
    return "ok"


_migrated: set[str] = set()  # what was found complete stays so while this process lives


def _migrations() -> str:
    """Public, the oldest and the newest company: a migration that stopped halfway shows."""
    try:
        context.leave()
        pending = [] if _is_migrated(context.PUBLIC) else [context.PUBLIC]
        if not pending:
            for company in {Company.objects.order_by(order).first() for order in ("pk", "-pk")}:
                if company is not None and company.schema_name not in _migrated:
                    with context.inside(company):
                        if not _is_migrated(company.schema_name):
                            pending.append(company.schema_name)
    except DatabaseError as error:
        return f"unknown ({type(error).__name__})"
    return f"pending in {', '.join(pending)}" if pending else "ok"


def _is_migrated(schema: str) -> bool:
    if schema not in _migrated:
        executor = MigrationExecutor(context.connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        _migrated.add(schema)
    return True


class Queues(Collector):
    """How much waits in each queue, is delayed, or has died; asked of Redis at each scrape."""

    def collect(self) -> Any:
        waiting = GaugeMetricFamily(
            "leadwire_queue_messages", "Messages in a queue", labels=["queue", "state"]
        )
        found = list(queues())
        for queue in found:
            waiting.add_metric([queue.name, "waiting"], queue.waiting)
            waiting.add_metric([queue.name, "delayed"], queue.delayed)
            waiting.add_metric([queue.name, "dead"], queue.dead)
        if found:
            yield waiting

    def describe(self) -> Any:
        return []


REGISTRY.register(Queues())


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format, for loopback or whoever knows METRICS_TOKEN."""
    if not _may_scrape(request):
        return HttpResponseNotFound()
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


def _may_scrape(request: HttpRequest) -> bool:
    claimed = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
    if settings.METRICS_TOKEN:
        return compare_digest(claimed, settings.METRICS_TOKEN.encode())
    # A proxy on this machine calls from loopback too, but says for whom.
    is_proxied = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return request.META.get("REMOTE_ADDR") in LOOPBACK and not is_proxied
