"""``python -m tests.crash.media``: pictures to be fetched; worker and Valkey are killed meanwhile.

A process of its own with its own servers (``throwaway``). Prints one JSON object.
"""

import base64
import hashlib
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

PICTURES, PHONE = 120, "104500000000001"
SECONDS = 0.4  # that the vendor takes for each, so that kills hit downloads in their middle
KILLS = {30: "worker", 60: "valkey", 80: "worker", 110: "worker"}
SETTLE_SECONDS = 90


def main() -> None:
    import django

    django.setup()
    from config.demo.stage import open_bare_company, set_stage
    from tenants import context

    with set_stage(open_bare_company, processes=("web", "worker")) as stage:
        with context.inside(stage.company):
            furnish(stage)
        with stage.machine, context.inside(stage.company):
            sent = send_and_kill(stage)
            rounds = settle(stage)
            found = count(stage, sent)
    sys.stdout.write(json.dumps(found | {"rounds": rounds}) + "\n")


def furnish(stage):
    from channels_app.services import connect, webhook_url
    from tenants.workspace.models import Profile

    profile = Profile.current()
    profile.ai_enabled = False
    profile.save()
    config = {"app_secret": "s", "access_token": "t", "verify_token": "v"}
    connection = connect(
        platform="whatsapp", account_id=PHONE, name="Phone", config=config, vouched=True
    )
    stage.simulator.account(
        "whatsapp", PHONE, webhook_url=webhook_url(connection), secret="s", token="t"
    )
    stage.simulator.behave("whatsapp", tries=30)


def picture(number: int) -> bytes:
    """Some 150 KB that no other has: three pieces of a stored file."""
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x03\0\0\0\x02"
    return head + hashlib.sha256(str(number).encode()).digest() * 4_800


def send_and_kill(stage) -> dict[str, str]:
    from tests.crash.scenario import kill

    digests = {}
    with ThreadPoolExecutor(4) as senders:
        for number in range(PICTURES):
            content = picture(number)
            digests[f"wamid.{number}"] = hashlib.sha256(content).hexdigest()
            senders.submit(
                stage.simulator.inbound,
                "whatsapp",
                PHONE,
                "",
                sender_id=f"3460000{number % 9:04}",
                id=f"wamid.{number}",
                file={
                    "content": base64.b64encode(content).decode(),
                    "mime": "image/png",
                    "seconds": SECONDS,
                },
            )
            time.sleep(0.05)
            if number in KILLS:
                wait_for_a_download()
                kill(stage, KILLS[number])
    return digests


def wait_for_a_download():
    """Until a worker has some in its hands; it may have been killed a moment ago."""
    from channels_app.models import Media

    until = time.monotonic() + 20
    while time.monotonic() < until:
        if Media.objects.filter(state="pending", claimed_until__isnull=False).count() >= 3:
            time.sleep(SECONDS / 2)
            return
        time.sleep(0.05)


def settle(stage) -> int:
    """Let dead claims run out and sweep, until every file is here."""
    from config import sweeping
    from tests.crash.scenario import let_time_pass

    rounds = 0
    deadline = time.monotonic() + SETTLE_SECONDS
    while unfinished() and time.monotonic() < deadline:
        stage.machine.stop("worker")
        let_time_pass()
        let_files_wait()
        stage.machine.start("worker")
        sweeping.sweep()
        rounds += 1
        until = min(deadline, time.monotonic() + 20)
        while unfinished() and time.monotonic() < until:
            time.sleep(0.25)
    return rounds


def let_files_wait():
    """Five minutes, as for every other clock that the sweeper looks at."""
    from django.db.models import F

    from channels_app.models import Media

    five = timedelta(minutes=5)
    Media.objects.update(
        created_at=F("created_at") - five,
        claimed_until=F("claimed_until") - five,
        next_attempt_at=F("next_attempt_at") - five,
    )


def unfinished() -> bool:
    from channels_app.models import Media, Message

    stored = Media.objects.filter(state="stored").count()
    return stored < PICTURES or Message.objects.filter(direction="in").count() < PICTURES


def count(stage, sent):
    from django.db.models import Count

    from channels_app.media import upkeep, vault
    from channels_app.media.services import read
    from channels_app.models import Media

    rows = list(Media.objects.select_related("message"))
    whole = sum(
        media.is_stored
        and hashlib.sha256(b"".join(read(media))).hexdigest()
        == media.sha256
        == sent[media.message.external_id]
        for media in rows
    )
    before = len(files_of(vault))
    cleared = upkeep.clear_orphans(young=timedelta(0))
    return {
        "rows": len(rows),
        "whole": whole,
        "states": dict(Media.objects.values_list("state").annotate(Count("pk")).order_by()),
        "tried_again": sum(media.attempts > 1 for media in rows),
        "files_before": before,
        "orphans": cleared,
        "files": len(files_of(vault)),
        "served": len(stage.simulator.journal(kind="file", vendor="meta", brief=1)),
    }


def files_of(vault) -> list[str]:
    from channels_app.media.upkeep import SHARDS, _names_in

    return [name for shard in SHARDS for name in _names_in(shard)]


if __name__ == "__main__":
    if os.environ.get("LEADWIRE_CRASH") != "inside":
        from config.demo.throwaway import run_throwaway

        variables = {"LEADWIRE_CRASH": "inside", "DJANGO_SETTINGS_MODULE": "config.settings"}
        variables |= {"WORKER_PROCESSES": "1", "WORKER_THREADS": "8"}
        sys.exit(run_throwaway(["-m", "tests.crash.media"], **variables))
    main()
