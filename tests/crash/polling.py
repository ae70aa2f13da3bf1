"""``python -m tests.crash.polling``: comments to be looked for; worker and Valkey are killed.

A process of its own with its own servers (``throwaway``). Prints one JSON object.
"""

import json
import os
import sys
import time
from collections import Counter

COMMENTS, PAGE = 180, "96072893"
KILLS = {40: "worker", 90: "valkey", 130: "worker"}
SETTLE_SECONDS = 60


def main() -> None:
    import django

    django.setup()
    from config.demo.stage import open_bare_company, set_stage
    from tenants import context

    with set_stage(open_bare_company, processes=("web", "worker")) as stage:
        with context.inside(stage.company):
            connection = furnish(stage)
        with stage.machine, context.inside(stage.company):
            struck = write_and_kill(stage, connection)
            settle(connection)
            found = count()
    sys.stdout.write(json.dumps(found | {"struck": struck}) + "\n")


def furnish(stage):
    from channels_app.services import connect, poll
    from tenants.workspace.models import Profile

    # Its answers come back as echoes, more or fewer of them as the machine is fast or slow.
    profile = Profile.current()
    profile.ai_enabled = False
    profile.save()
    stage.simulator.account("linkedin", PAGE)
    config = {"app_secret": "s", "access_token": "t", "accepts_terms": True}
    connection = connect(platform="linkedin", account_id=PAGE, config=config)
    while poll(connection_id=connection.pk):
        pass
    return connection


def write_and_kill(stage, connection) -> int:
    """How many looks were killed in their middle."""
    from tests.crash.scenario import kill

    struck = 0
    stage.simulator.behave("linkedin", latency=0.2)
    for number in range(COMMENTS):
        stage.simulator.inbound("linkedin", PAGE, f"Comment {number}", sender_id=f"p{number % 9}")
        if number % 5 == 0:
            look(connection)
        if number in KILLS and KILLS[number] == "worker":
            struck += kill_who_looks(stage, connection)
        elif number in KILLS:
            kill(stage, KILLS[number])
        time.sleep(0.02)
    return struck


def kill_who_looks(stage, connection) -> bool:
    """A worker that has asked and not been answered; False if the answer was faster than we."""
    from tests.crash.scenario import kill

    stage.simulator.behave("linkedin", latency=2)
    before = cursor_of(connection)
    asked = len(looks(stage))
    until = time.monotonic() + 40  # it may have been killed a moment ago, and be starting
    look(connection)
    while len(looks(stage)) == asked and time.monotonic() < until:
        time.sleep(0.02)
    kill(stage, "worker")
    stage.simulator.behave("linkedin", latency=0.2)
    return len(looks(stage)) > asked and cursor_of(connection) == before


def looks(stage) -> list:
    found = stage.simulator.journal(vendor="linkedin", method="GET", brief=1)
    return [each for each in found if each["path"].endswith("Notifications")]


def cursor_of(connection) -> dict:
    from channels_app.models import ChannelConnection

    return ChannelConnection.objects.get(pk=connection.pk).poll_cursor


def look(connection):
    """As beat does every minute, with the clock set on."""
    from django.utils import timezone

    from channels_app.models import ChannelConnection
    from channels_app.services import ring_due_polls

    ChannelConnection.objects.filter(pk=connection.pk).update(poll_due_at=timezone.now())
    ring_due_polls()


def settle(connection):
    from config import sweeping
    from tests.crash.scenario import let_time_pass

    deadline = time.monotonic() + SETTLE_SECONDS
    while count()["rows"] < COMMENTS and time.monotonic() < deadline:
        let_time_pass()
        look(connection)
        sweeping.sweep()
        time.sleep(2)


def count():
    from channels_app.models import InboundEvent, Message

    texts = [message.text for message in Message.objects.filter(direction="in")]
    return {
        "rows": len(texts),
        "different": len(set(texts)),
        "outcomes": Counter(InboundEvent.objects.values_list("outcome", flat=True)),
        "pending": InboundEvent.objects.filter(status="pending").count(),
    }


if __name__ == "__main__":
    if os.environ.get("LEADWIRE_CRASH") != "inside":
        from config.demo.throwaway import run_throwaway

        variables = {"LEADWIRE_CRASH": "inside", "DJANGO_SETTINGS_MODULE": "config.settings"}
        variables |= {"WORKER_PROCESSES": "1", "WORKER_THREADS": "8"}
        sys.exit(run_throwaway(["-m", "tests.crash.polling"], **variables))
    main()
