"""What starts by itself: each minute a sweep, every five a push, one message a company."""

import json

import dramatiq
import pytest
from django.core.management import call_command
from dramatiq.message import Message

from config import actors
from tenants import context


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
    assert {"sweep_companies", "push_companies"} <= names


@pytest.mark.parametrize(
    ("actor", "rung"),
    [(actors.sweep_companies, "sweep_company"), (actors.push_companies, "push_everywhere")],
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
