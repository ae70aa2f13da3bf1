"""What starts by itself: each minute a sweep, every five a push, one message a company."""

import json
from datetime import timedelta

import dramatiq
import pytest
from django.core.management import call_command
from django.utils import timezone
from dramatiq.message import Message

from channels_app.models import Incident
from config import actors, pruning
from tenants import context
from tenants.deadletters.models import ReplayOrder
from tenants.notices.models import Notice
from tenants.outgoing.models import Event
from tests.deadletters.scene import dead_delivery, dead_hook_event
from tests.factories import make_conversation, make_hook, make_user


@pytest.fixture
def queued(public):
    broker = dramatiq.get_broker()
    broker.flush_all()

    def read():
        found = []
        for queue in broker.queues.values():
            while not queue.empty():
                message = Message.decode(queue.get_nowait())
                queue.task_done()
                found.append((message.actor_name, message.options["schema"]))
        return sorted(found)

    return read


def test_the_clock_knows_both():
    from dramatiq_crontab import scheduler

    from config import tasks  # noqa: F401  (registers them)

    names = {job.name for job in scheduler.get_jobs()}
    assert {"sweep_companies", "push_companies", "prune_companies"} <= names


@pytest.mark.parametrize(
    ("actor", "rung"),
    [
        (actors.sweep_companies, "sweep_company"),
        (actors.push_companies, "push_everywhere"),
        (actors.prune_companies, "prune_company"),
    ],
)
def test_each_company_gets_a_message_of_its_own(queued, actor, rung):
    import crm.actors  # noqa: F401  (a worker has them all loaded)

    actor.fn()

    assert queued() == [(rung, "north"), (rung, "south")]
    assert context.schema() == "public"


def test_a_suspended_company_is_left_alone(queued, south):
    south.is_suspended = True
    south.save()

    actors.sweep_companies.fn()

    assert queued() == [("sweep_company", "north")]


def test_the_command_says_what_it_rang(public, capsys):
    call_command("sweep")

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["company"] for line in lines] == ["north", "south"]
    assert lines[0]["channels"]["events"] == lines[0]["agents"]["runs"] == 0


def test_the_command_takes_one_company(public, capsys):
    call_command("sweep", company="south")

    assert json.loads(capsys.readouterr().out)["company"] == "south"


def test_what_ended_long_ago_goes_and_the_rest_stays(north, settings):
    settings.FINISHED_KEPT_DAYS = 30
    now = timezone.now()
    old, young = now - timedelta(days=31), now - timedelta(days=29)
    talk = make_conversation()

    def incident(**more):
        return Incident.objects.create(
            kind="unanswered", connection=talk.connection, since=old, **more
        )

    def order(**more):
        return ReplayOrder.objects.create(kind="crm", ordered_by="user:1", **more)

    def told(moment, **more):
        delivery = dead_delivery(**more)
        Event.objects.filter(pk=delivery.event_id).update(created_at=moment)
        return delivery

    hook = make_hook()
    person = make_user()

    def notice(moment, subject):
        return Notice.objects.create(
            user=person, kind="hot_lead", subject=subject, created_at=moment
        )

    gone = [
        notice(old, 1),
        incident(resolved_at=old, resolution="answered"),
        order(state="done", finished_at=old),
        dead_hook_event(hook, state="handled", processed_at=old),
        told(old, state="delivered"),
    ]
    kept = [
        notice(young, 2),
        incident(resolved_at=young, resolution="answered"),
        incident(opened_at=old),  # open, however old
        order(state="done", finished_at=young),
        order(),
        dead_hook_event(hook, state="unsupported", processed_at=young),
        dead_hook_event(hook, processed_at=old),  # somebody has to look at it
        told(old),  # the same
        told(young, state="delivered"),
    ]

    pruned = pruning.prune()
    assert pruned == {
        "incidents": 1,
        "orders": 1,
        "webhook_events": 1,
        "hook_events": 1,
        "notices": 1,
    }

    assert not any(type(row).objects.filter(pk=row.pk).exists() for row in gone)
    assert all(type(row).objects.filter(pk=row.pk).exists() for row in kept)
