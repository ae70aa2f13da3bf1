"""``python -m tests.crash.mail SEED``: letters lie at a mail server; worker and Valkey are killed.

The worker has to look for the letters (IMAP) and hands its replies over (SMTP). Twice, the server
numbers all its letters anew. A process of its own with its own servers (``throwaway``). Prints
one JSON object.
"""

import json
import os
import random
import sys
import time
from collections import Counter
from email import message_from_bytes
from email.policy import default
from email.utils import format_datetime

MAILS, PEOPLE = 42, 28  # some people write twice
SECONDS = 0.15  # that the server takes over each letter, so that kills hit letters in their middle
SETTLE_SECONDS = 90
SHOP = "shop@stage.example"
TEXTS = (
    "How much does the Acme Breeze city bike cost?",
    "¿Cuánto cuesta la bicicleta eléctrica Acme Volt?",
)


def main(seed: int) -> None:
    import django

    django.setup()
    from config.demo.stage import open_bare_company, set_stage
    from config.simulator.mailhouse import MailHouse
    from tenants import context

    chance = random.Random(seed)  # noqa: S311 (repeatable, not secret)
    # One in each part of the letters, in any order. A reader is a worker that fetches a letter
    # just now, a courier one that sends.
    victims = chance.sample(["reader", "valkey", "courier", "reader", "courier"], 5)
    part = MAILS // len(victims)
    moments = [chance.randint(n * part + 2, (n + 1) * part - 1) for n in range(len(victims))]
    with MailHouse() as house, set_stage(open_bare_company, processes=("worker",)) as stage:
        with context.inside(stage.company):
            mailbox = furnish(house)
        with stage.machine, context.inside(stage.company):
            kills = dict(zip(moments, victims, strict=True))
            write_and_kill(stage, house, mailbox, kills, chance)
            rounds = settle(stage, mailbox)
            found = count(house)
    sys.stdout.write(json.dumps(found | {"kills": victims, "rounds": rounds}) + "\n")


def furnish(house):
    from django.test.utils import override_settings

    from channels_app.services import connect, poll
    from config.seed import add_demo_knowledge
    from tenants.workspace.models import Profile

    profile = Profile.current()
    profile.languages, profile.quiet_seconds = ["en", "es"], 0.2
    profile.save()
    add_demo_knowledge()
    config = {"inbound": "imap", "outbound": "smtp", "webhook_secret": "s3cret"}
    for protocol, port in (("imap", house.imap_port), ("smtp", house.smtp_port)):
        server = {"host": "127.0.0.1", "port": str(port), "security": "none", "user": "shop"}
        server["password"] = house.password
        config |= {f"{protocol}_{name}": value for name, value in server.items()}
    with override_settings(ALLOW_PRIVATE_ADDRESSES=True):
        mailbox = connect(platform="email", account_id=SHOP, config=config, vouched=True)
        poll(connection_id=mailbox.pk)  # the empty folder
    return mailbox


def write_and_kill(stage, house, mailbox, kills, chance):
    from channels_app.models import Message

    house.seconds = SECONDS
    for number in range(MAILS):
        house.folder.put(letter(number, house))
        look(mailbox)
        if number == 0:
            wait_until(lambda: Message.objects.exists())  # the worker is there
        if number == PEOPLE - 1:
            wait_until(lambda: len(house.taken) > PEOPLE // 3)  # so that some answer our answers
        time.sleep(0.2)
        if number in kills:
            harm(stage, house, mailbox, kills[number], chance.random() * SECONDS)


def harm(stage, house, mailbox, victim, moment):
    from config import sweeping
    from tests.crash.scenario import kill

    if victim == "reader":
        before = len(house.fetched)
        house.folder.renumber()  # so that there is something to fetch, and known already
        look(mailbox, whoever_has_it_is_dead=True)
        wait_until(lambda: len(house.fetched) > before)
    if victim == "courier":
        wait_until(is_sending)
    time.sleep(moment)
    kill(stage, "valkey" if victim == "valkey" else "worker")
    look(mailbox, whoever_has_it_is_dead=True)
    sweeping.sweep()


def wait_until(is_so):
    until = time.monotonic() + 12
    while not is_so() and time.monotonic() < until:
        time.sleep(0.01)


def is_sending() -> bool:
    """Just now: the letters of those who were killed before are in dead hands."""
    from datetime import timedelta

    from django.utils import timezone

    from channels_app.models import Message

    fresh = timezone.now() - timedelta(seconds=SECONDS)
    return Message.objects.filter(state="sending", state_at__gte=fresh).exists()


def letter(number, house) -> bytes:
    """A second one of the same person answers ours, where that has come already."""
    from django.utils import timezone

    person = number % PEOPLE
    lines = [
        f"From: Person {person} <{address(person)}>",
        f"To: {SHOP}",
        f"Message-ID: {name(number)}",
        f"Date: {format_datetime(timezone.now())}",
        f"Subject: {'Re: ' if number >= PEOPLE else ''}Bikes {person}",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
    ]
    if number >= PEOPLE:
        ours = [each["Message-ID"] for to, each in sent(house) if to == address(person)]
        before = [name(person), *ours]
        lines += [f"In-Reply-To: {before[-1]}", f"References: {' '.join(before)}"]
    return "\r\n".join([*lines, "", TEXTS[number % len(TEXTS)], ""]).encode()


def name(number) -> str:
    return f"<letter-{number}@people.example>"


def address(person) -> str:
    return f"person{person}@people.example"


def sent(house):
    """To whom, and what: every letter of ours that the server took."""
    return [
        (taken.recipient, message_from_bytes(taken.content, policy=default))
        for taken in list(house.taken)
    ]


def look(mailbox, *, whoever_has_it_is_dead=False):
    """As beat does, with the clock set on; the lease of one who looks just now is respected."""
    from datetime import timedelta

    from django.utils import timezone

    from channels_app.models import ChannelConnection
    from channels_app.services import ring_due_polls

    now = timezone.now()
    row = ChannelConnection.objects.filter(pk=mailbox.pk)
    if not whoever_has_it_is_dead:
        row = row.filter(poll_due_at__lt=now + timedelta(minutes=3))
    row.update(poll_due_at=now)
    ring_due_polls()


def settle(stage, mailbox) -> int:
    """Restart the worker, let dead claims run out, sweep, until nothing is unfinished."""
    from config import sweeping
    from tests.crash.scenario import let_time_pass

    rounds = 0
    deadline = time.monotonic() + SETTLE_SECONDS
    while rounds == 0 or (unfinished() and time.monotonic() < deadline):
        stage.machine.stop("worker")
        let_time_pass()
        stage.machine.start("worker")
        look(mailbox, whoever_has_it_is_dead=True)
        sweeping.sweep()
        rounds += 1
        until = min(deadline, time.monotonic() + 25)
        while unfinished() and time.monotonic() < until:
            time.sleep(0.5)
            look(mailbox)
    return rounds


def unfinished() -> bool:
    from agents.models import Run
    from channels_app.models import InboundEvent, Message

    return (
        Message.objects.filter(direction="in").count() < MAILS
        or InboundEvent.objects.filter(status="pending").exists()
        or Run.objects.open().exists()
        or Message.objects.filter(state__in=["queued", "sending"]).exists()
    )


def count(house):
    from django.db.models import Count

    from channels_app.models import Conversation, Message

    inbound = Message.objects.filter(direction="in")
    ours = Message.objects.filter(direction="out")
    letters = sent(house)
    answered = Counter(each["In-Reply-To"] for _, each in letters)
    names = Counter(each["Message-ID"] for _, each in letters)
    got = {recipient for recipient, _ in letters}
    excused = {
        row.external_thread
        for row in Conversation.objects.all()
        if row.controller == "human" or row.messages.filter(state="unknown").exists()
    }
    people = set(map(address, range(PEOPLE)))
    return {
        "rows": inbound.count(),
        "different": inbound.values("external_key").distinct().count(),
        "conversations": Conversation.objects.count(),
        "replies": len(letters),
        "answered_twice": [name for name, times in answered.items() if times > 1],
        "left_twice": [name for name, times in names.items() if times > 1],
        "not_ours": sorted(set(names) - {message_id(row) for row in ours}),
        "out_of_thread": [to for to, each in letters if not is_in_thread(to, each)],
        "silent": sorted(people - got - excused),
        "states": dict(ours.values_list("state").annotate(Count("pk")).order_by()),
        "fetched": len(house.fetched),
        "answers_to_ours": sum("@stage" in str(each["References"]) for _, each in letters),
    }


def message_id(row) -> str:
    return f"<{row.reference}@{SHOP.partition('@')[2]}>"


def is_in_thread(recipient, reply) -> bool:
    """It answers a letter of this very person, names the first one, and keeps the subject."""
    person = int(recipient.removeprefix("person").partition("@")[0])
    theirs = [name(number) for number in range(person, MAILS, PEOPLE)]
    references = str(reply["References"]).split()
    return (
        reply["In-Reply-To"] in theirs
        and references[0] == theirs[0]
        and references[-1] == reply["In-Reply-To"]
        and reply["Subject"] == f"Re: Bikes {person}"
    )


if __name__ == "__main__":
    if os.environ.get("LEADWIRE_CRASH") != "inside":
        from config.demo.throwaway import run_throwaway

        arguments = ["-m", "tests.crash.mail", *sys.argv[1:]]
        variables = {"LEADWIRE_CRASH": "inside", "DJANGO_SETTINGS_MODULE": "config.settings"}
        variables |= {"WORKER_PROCESSES": "1", "WORKER_THREADS": "8"}
        sys.exit(run_throwaway(arguments, **variables))
    main(int(sys.argv[1]))
