"""The figures, in the order in which they are measured."""

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from channels_app.services import connect, fresh_config
from config.demo.stage import Stage, open_bare_company, set_stage
from config.seed import add_demo_knowledge
from crm.services import connect as connect_crm
from tenants import context
from tenants.services import open_company
from tenants.workspace.models import Profile
from tests.benchmarks.answers import PATIENCE, answers, warm
from tests.benchmarks.doors import bare_view, batch, doors, drain
from tests.benchmarks.inbox import inbox
from tests.benchmarks.meter import Meter
from tests.benchmarks.records import analytics, crm, leads
from tests.benchmarks.retrieval import retrieval
from tests.benchmarks.screens import screens
from tests.benchmarks.stand import PAGE, SECRET, Figures, forget_events, line, load
from tests.benchmarks.thrift import memory, thrift, waits_of

LATENCY = 0.4  # seconds a call to the model stand-in takes
ACK_ROUNDS, ACK_SECONDS, ACK_CONNECTIONS = 3, 4, 16
PIPELINE_MESSAGES = 1_200


def measure(names: list[str]) -> int:
    """Print the figures with these names, or all; a missed aim says so in its line."""
    started = time.monotonic()
    routes = json.dumps({"*": ["openai/stand-in"]})
    with set_stage(
        open_bare_company,
        variables={
            "OPENAI_API_KEY": "sk-bench",
            "MODEL_ROUTES": routes,
            "META_APP_SECRET": SECRET,
        },
    ) as stage:
        _furnish(stage)
        for name, figure in FIGURES.items():
            if names and name not in names:
                continue
            for line in figure(stage):
                sys.stdout.write(json.dumps(line) + "\n")
                sys.stdout.flush()
    sys.stderr.write(f"measured in {time.monotonic() - started:.0f} s\n")
    return 0


def _furnish(stage: Stage) -> None:
    with context.inside(stage.company):
        profile = Profile.current()
        profile.about = "Acme Bikes sells and repairs city bikes in Valencia."
        profile.languages = ["en", "es", "ar"]
        profile.quiet_seconds = 0  # every message is a turn of its own
        profile.save()
        add_demo_knowledge()
        given = {"secret": SECRET, "token": "page-token", "verify_token": "verify"}
        config = fresh_config(platform="messenger", given=given)
        connect(platform="messenger", account_id=PAGE, name="Bench", config=config, vouched=True)
        connect_crm(kind="hubspot", name="HubSpot", config={"token": "pat"})
    stage.simulator.behave("openai", latency=LATENCY)
    stage.simulator.behave("messenger", limits=False)
    stage.simulator.behave("hubspot", limits=False)


# -- webhooks


def acks(stage: Stage) -> Figures:
    """The real address and the bare view in turns, on the same server, nobody else at work."""
    stage.machine.names = ("web",)
    rounds: dict[str, list[dict[str, Any]]] = {"warm": [], "bare": [], "real": []}
    with stage.machine, bare_view(stage) as bare_port:
        for number in range(-1, ACK_ROUNDS):
            for kind in ("bare", "real"):
                loaded = load(
                    stage,
                    bare_port if kind == "bare" else stage.plan.ports.web,
                    "/webhooks/bare/" if kind == "bare" else "/webhooks/messenger/",
                    run=f"{kind}{number}",
                    count=12_000,
                    seconds=ACK_SECONDS if number >= 0 else 1,
                    connections=ACK_CONNECTIONS,
                )
                assert set(loaded["statuses"]) == {"200"}, loaded["statuses"]
                rounds[kind if number >= 0 else "warm"].append(loaded)
    rate = {
        kind: statistics.median(one["done"] / one["seconds"] for one in rounds[kind])
        for kind in ("bare", "real")
    }
    ratio = rate["real"] / rate["bare"]
    forget_events(stage)
    yield line("webhook_acks_per_second", rate["real"], "1/s", bare=round(rate["bare"], 1))
    yield line("webhook_ack_ratio_to_bare", ratio, "", aim=">= 0.6", met=ratio >= 0.6, peer=0.27)
    for kind in ("real", "bare"):
        p99 = statistics.median(one["p99"] for one in rounds[kind]) * 1000
        yield line(f"webhook_ack_p99_{kind}", p99, "ms", connections=ACK_CONNECTIONS)


# -- the whole way


def pipeline(stage: Stage) -> Figures:
    """As many messages as fast as they are taken, until every one is answered."""
    stage.machine.names = ("web", "worker")
    with stage.machine:
        warm(stage, "w", 200)
        stage.simulator.forget_journal()
        meter = Meter(stage.machine.pid(name) for name in stage.machine.names)
        meter.start()
        loaded = load(
            stage,
            stage.plan.ports.web,
            "/webhooks/messenger/",
            run="pipe",
            people="pipe",
            count=PIPELINE_MESSAGES,
            seconds=PATIENCE,
            connections=8,
        )
        entries = answers(stage, PIPELINE_MESSAGES, "pipe")
        cpu = meter.stop()
        models = stage.simulator.journal(kind="model", brief=1)
        moments = sorted(entry["at"] for entry in entries)
    answered = len(entries)
    took = (moments[-1] if moments else time.time()) - loaded["began"]
    rate, each = answered / took, cpu * 1000 / max(answered, 1)
    calls = len(models) / max(answered, 1)
    tokens = sum(entry["prompt_tokens"] for entry in models) / max(answered, 1)
    yield line(
        "pipeline_messages_per_second",
        rate,
        "1/s",
        aim=">= 84",
        met=rate >= 84,
        peer=84,
        answered=answered,
        sent=loaded["done"],
        model_ms=int(LATENCY * 1000),
    )
    spent = {k: round(v * 1000 / max(answered, 1), 2) for k, v in meter.by_kind().items()}
    yield line("cpu_per_message", each, "ms", aim="<= 20", met=each <= 20, peer="19-21", of=spent)
    yield line("model_calls_per_answer", calls, "", aim="<= 2", met=calls <= 2, peer=3.0)
    yield line("prompt_tokens_per_answer", tokens, "tokens")
    yield line(
        "peak_memory", meter.peak_megabytes, "MB", of="web, worker, PostgreSQL, Valkey (PSS)"
    )


def latency(stage: Stage) -> Figures:
    """A gentle stream: from the webhook's arrival to the reply at the vendor, in both modes."""
    count = 60
    stage.machine.names = ("web", "worker")
    for mode, aim, texts in (("", 2.3, 3_000), ("_fast", 1.4, 4_000)):
        with context.inside(stage.company):
            Profile.objects.update(thinks_ahead=bool(mode))
        people = f"lat{mode.strip('_')}"
        with stage.machine:
            warm(stage, f"l{mode}")
            stage.simulator.forget_journal()
            loaded = load(
                stage,
                stage.plan.ports.web,
                "/webhooks/messenger/",
                run=people,
                people=people,
                count=count,
                texts_from=texts,
                rate=5,
                seconds=PATIENCE,
                connections=1,
            )
            waits = waits_of(loaded["moments"], answers(stage, count, people), people)
            calls = stage.simulator.journal(kind="model", brief=1)
        p50 = statistics.median(waits) / LATENCY if waits else 0.0
        p95 = waits[int(len(waits) * 0.95)] / LATENCY if waits else 0.0
        yield line(
            f"reply_p50{mode}",
            p50,
            "model latencies",
            aim=f"<= {aim}",
            met=0 < p50 <= aim,
            peer=3.1,
            milliseconds=round(p50 * LATENCY * 1000),
            p95=round(p95, 2),
            p95_ms=round(p95 * LATENCY * 1000),
            model_calls=round(len(calls) / max(len(waits), 1), 2),
            answered=len(waits),
            sent=count,
            quiet_seconds=0,
        )
    with context.inside(stage.company):
        Profile.objects.update(thinks_ahead=False)


# -- companies


def opening(stage: Stage) -> Figures:
    seconds = []
    for number in range(3):
        started = time.perf_counter()
        open_company(
            name=f"New {number}",
            subdomain=f"new{number}",
            admin_email="admin@new.example",
            password="a long password 7",
        )
        seconds.append(time.perf_counter() - started)
    value = statistics.median(seconds)
    yield line("open_company", value, "s", aim="< 2", met=value < 2)


FIGURES: dict[str, Callable[[Stage], Figures]] = {
    "acks": acks,
    "doors": doors,
    "drain": drain,
    "batch": batch,
    "pipeline": pipeline,
    "latency": latency,
    "thrift": thrift,
    "memory": memory,
    "opening": opening,
    "retrieval": retrieval,
    "leads": leads,
    "crm": crm,
    "analytics": analytics,
    "screens": screens,
    "inbox": inbox,
}
