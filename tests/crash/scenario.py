"""``python -m tests.crash.scenario SEED``: write 300 messages, kill, restart, sweep, count.

A process of its own with its own servers (``throwaway``). Prints one JSON object.
"""

import json
import os
import random
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

MESSAGES, PEOPLE = 300, 240  # some people write twice
WRITERS = 8
SETTLE_SECONDS = 30
PAGE = "104500000000001"
TEXTS = (
    "How much does the Acme Breeze city bike cost?",
    "¿Cuánto cuesta la bicicleta eléctrica Acme Volt?",
    "I want to buy ten bikes for my company, my email is person{0}@example.com",
    "Can you store my piano over the winter?",
)


def main(seed: int) -> None:
    import django

    django.setup()
    from config.demo.stage import open_bare_company, set_stage
    from tenants import context

    chance = random.Random(seed)  # noqa: S311 (repeatable, not secret)
    # One in each quarter of the messages, in any order.
    victims = chance.sample(["web", "worker", "valkey", "worker"], 4)
    moments = [chance.randint(n * MESSAGES // 4 + 5, (n + 1) * MESSAGES // 4 - 5) for n in range(4)]
    variables = {
        "OPENAI_API_KEY": "sk-crash",
        "MODEL_ROUTES": json.dumps({"*": ["openai/stand-in"]}),
    }
    with set_stage(open_bare_company, variables=variables) as stage:
        with context.inside(stage.company):
            furnish(stage)
        with stage.machine:
            taken = write_and_kill(stage, dict(zip(moments, victims, strict=True)))
            with context.inside(stage.company):
                rounds = settle(stage)
                found = count(stage)
        found |= {"kills": victims, "taken": taken, "rounds": rounds}
    sys.stdout.write(json.dumps(found) + "\n")


def furnish(stage):
    from channels_app.services import connect, fresh_config, webhook_url
    from config.seed import add_demo_knowledge
    from crm.services import connect as connect_crm
    from tenants.workspace.models import Profile

    profile = Profile.current()
    profile.languages, profile.quiet_seconds = ["en", "es"], 0.2
    profile.save()
    add_demo_knowledge()
    given = {"secret": "crash-secret", "token": "page-token", "verify_token": "verify"}
    config = {**fresh_config(platform="messenger", given=given), "app_id": "1500000000000001"}
    connection = connect(platform="messenger", account_id=PAGE, name="Page", config=config)
    connect_crm(kind="hubspot", name="HubSpot", config={"token": "pat"})
    stage.simulator.behave("openai", latency=0.05)
    stage.simulator.behave("messenger", tries=30)
    stage.simulator.account(
        "messenger", PAGE, webhook_url=webhook_url(connection), secret="crash-secret"
    )


def write_and_kill(stage, kills):
    """People write through the vendor, which re-delivers until we take it; meanwhile, kills."""
    lock, written = threading.Lock(), 0

    def write(number):
        nonlocal written
        person = number % PEOPLE
        taken = stage.simulator.inbound(
            "messenger",
            PAGE,
            TEXTS[person % len(TEXTS)].format(person),
            sender_id=f"p{person}",
            sender_name=f"Person {person}",
            id=f"m_crash_{number}",
        )
        with lock:
            written += 1
            victim = kills.pop(written, None)
        if victim:
            kill(stage, victim)
        return taken["status"]

    with ThreadPoolExecutor(WRITERS) as writers:
        return list(writers.map(write, range(MESSAGES))).count(200)


def kill(stage, victim):
    if victim == "valkey":
        kill_valkey()
    else:
        stage.machine.kill(victim)
        stage.machine.start(victim)


def kill_valkey():
    """SIGKILL, and everything it knew is gone."""
    import psutil
    from django.conf import settings

    from config.embedded import Embedded

    for process in psutil.process_iter(["name", "cmdline"]):
        mine = str(settings.DATA_DIR) in " ".join(process.info["cmdline"] or [])
        if process.info["name"] == "valkey-server" and mine:
            process.kill()
            # A zombie to whoever started it, but its socket answers no more.
            while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.01)
    (Path(settings.DATA_DIR) / "dump.rdb").unlink(missing_ok=True)
    Embedded(settings.DATA_DIR, needs_postgres=False, needs_valkey=True).start()


def settle(stage):
    """Restart the worker, let dead claims run out, sweep, until nothing is unfinished."""
    from config import sweeping

    rounds = 0
    deadline = time.monotonic() + 5 * SETTLE_SECONDS
    while rounds == 0 or (unfinished() and time.monotonic() < deadline):
        stage.machine.stop("worker")
        let_time_pass()
        stage.machine.start("worker")
        sweeping.sweep()
        rounds += 1
        until = min(deadline, time.monotonic() + SETTLE_SECONDS)
        while unfinished() and time.monotonic() < until:
            time.sleep(0.25)
    return rounds


def let_time_pass():
    """Five minutes, for every clock in the rows that the sweeper looks at."""
    from django.db.models import F

    from agents.models import Run
    from channels_app.models import InboundEvent, Message
    from crm.models import SyncRecord

    five = timedelta(minutes=5)
    InboundEvent.objects.update(received_at=F("received_at") - five)
    Message.objects.update(
        state_at=F("state_at") - five, next_attempt_at=F("next_attempt_at") - five
    )
    Run.objects.update(due_at=F("due_at") - five, claimed_until=F("claimed_until") - five)
    SyncRecord.objects.update(
        claimed_at=F("claimed_at") - five, next_attempt_at=F("next_attempt_at") - five
    )


def unfinished():
    from agents.models import Run
    from channels_app.models import InboundEvent, Message
    from crm.models import SyncRecord
    from leads.models import Lead

    States = SyncRecord.State  # noqa: N806
    return any(
        [
            InboundEvent.objects.filter(status="pending").exists(),
            Run.objects.open().exists(),
            Message.objects.filter(state__in=["queued", "sending"]).exists(),
            SyncRecord.objects.exclude(state=States.CLEAN).exists(),
            SyncRecord.objects.count() < Lead.objects.count(),
        ]
    )


def count(stage):
    from django.db import models

    from agents.models import Run
    from channels_app.models import Conversation, Message
    from crm.models import SyncRecord
    from leads.models import Lead

    inbound = Message.objects.filter(direction="in")
    wrote: dict[str, int] = {}
    for message in inbound.select_related("conversation__contact"):
        person = message.conversation.contact.identities.first().external_id
        wrote[person] = wrote.get(person, 0) + 1
    sends = stage.simulator.sends(platform="messenger", brief=1)
    replies: dict[str, int] = {}
    for entry in sends:
        replies[entry["recipient"]] = replies.get(entry["recipient"], 0) + 1
    ours = Message.objects.filter(direction="out")
    contacts = stage.simulator.objects()
    keys = [contact["properties"].get("leadwire_id") for contact in contacts]
    silent = [
        person
        for person in wrote
        if person not in replies
        and not ours.filter(
            conversation__contact__identities__external_id_index=_index(person),
            state__in=["unknown", "failed"],
        ).exists()
        and not Conversation.objects.filter(
            contact__identities__external_id_index=_index(person), controller="human"
        ).exists()
    ]
    return {
        "rows": inbound.count(),
        "different": inbound.values("external_key").distinct().count(),
        "people": len(wrote),
        "replies": len(sends),
        "too_many": [person for person in replies if replies[person] > wrote.get(person, 0)],
        "silent": silent,
        "unknown": ours.filter(state="unknown").count(),
        "outcomes": dict(Run.objects.values_list("outcome").annotate(models.Count("pk"))),
        "reasons": dict(Run.objects.values_list("outcome_reason").annotate(models.Count("pk"))),
        "open_runs": Run.objects.open().count(),
        "leads": Lead.objects.count(),
        "crm_contacts": len(contacts),
        "crm_contacts_twice": len(keys) - len(set(keys)),
        "crm_behind": SyncRecord.objects.exclude(state="clean").count(),
        "sync_states": dict(SyncRecord.objects.values_list("state").annotate(models.Count("pk"))),
        "sync_errors": sorted(set(SyncRecord.objects.values_list("error_code", flat=True))),
        "crm_writes": sum(contact["writes"] for contact in contacts),
    }


def _index(person):
    from channels_app.models import id_index

    return id_index(person)


if __name__ == "__main__":
    if os.environ.get("LEADWIRE_CRASH") != "inside":
        from config.demo.throwaway import run_throwaway

        arguments = ["-m", "tests.crash.scenario", *sys.argv[1:]]
        variables = {"LEADWIRE_CRASH": "inside", "DJANGO_SETTINGS_MODULE": "config.settings"}
        variables |= {"WORKER_PROCESSES": "1", "WORKER_THREADS": "24"}  # quick to start again
        sys.exit(run_throwaway(arguments, **variables))
    main(int(sys.argv[1]))
