"""A message comes in by webhook, one stage of its way breaks, time passes: somebody is told.

The whole pipeline runs for real, with one thing broken in it; ``test_silence`` beside the
channels goes through the states of rows one by one.
"""

import json
from contextlib import suppress
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db.models import F

from agents import gateway
from agents.gateway import NoAnswer
from agents.models import Run
from channels_app import services
from channels_app.models import Conversation, InboundEvent, Incident, Message
from channels_app.providers import CHANNELS
from channels_app.services import connect, fresh_config, inbound, ringing, watch_silence
from channels_app.signals import message_received
from tenants import context
from tenants.plugins.errors import AnswerLost, PayloadRejected, Rejected
from tenants.workspace.models import Profile

QUESTION = "How much does the standing desk Nova cost?"
TELEGRAM = CHANNELS.get("telegram")


class Broken(RuntimeError):
    """A bug, a full disk, a killed worker."""


def breaks(*args, **kwargs):
    raise Broken


def raises(error):
    def broken(*args, **kwargs):
        raise error

    return broken


# -- the stages, each with what is broken, and the incident that tells of it


def nothing_is_rung(patch):
    patch.setattr(ringing, "ring_now", lambda *args, **kwargs: False)
    patch.setattr(services.ringing, "ring_now", lambda *args, **kwargs: False)


def reading_crashes(patch):
    patch.setattr(inbound, "_process", breaks)


def reading_refuses(patch):
    patch.setattr(TELEGRAM, "parse", raises(PayloadRejected("update is a riddle.")))


def nobody_hears_the_bell(patch):
    patch.setattr(message_received, "receivers", [])
    message_received.sender_receivers_cache.clear()


def thinking_crashes(patch):
    patch.setattr("agents.services.thinking._act", breaks)


def every_model_is_down(patch):
    patch.setattr(gateway, "complete", raises(NoAnswer("all down", [])))


def the_ai_is_off(patch):
    Profile.objects.update(ai_enabled=False)


def delivering_crashes(patch):
    patch.setattr(TELEGRAM, "send", breaks)


def the_network_refuses(patch):
    patch.setattr(TELEGRAM, "send", raises(Rejected("no such chat", code="400")))


def the_answer_is_lost(patch):
    patch.setattr(TELEGRAM, "send", raises(AnswerLost("timed out")))


BROKEN = [
    (nothing_is_rung, "unread", "events_stuck"),
    (reading_crashes, "unread", "events_stuck"),
    (reading_refuses, "unread", "events_rejected"),
    (nobody_hears_the_bell, "unanswered", "no_run"),
    (thinking_crashes, "unanswered", "run_stuck"),
    (every_model_is_down, "waiting", "person_silent"),
    (the_ai_is_off, "unanswered", "ai_off"),
    (delivering_crashes, "undelivered", "stuck"),
    (the_network_refuses, "undelivered", "400"),
    (the_answer_is_lost, "undelivered", "stuck"),
]


@pytest.fixture
def bot(company, telegram):
    return connect(
        platform="telegram",
        account_id="7000001",
        name="Bot",
        config=fresh_config(platform="telegram", given={"token": "t0k"}),
    )


@pytest.fixture
def asks(bot, client, north, django_capture_on_commit_callbacks):
    """A customer writes to the bot, as Telegram would tell us."""

    def write(text=QUESTION):
        chat = {"id": 42, "type": "private", "first_name": "Mia"}
        told = {"message_id": 5, "date": 1763629200, "chat": chat, "from": {**chat}, "text": text}
        body = json.dumps({"update_id": 7, "message": told}).encode()
        with django_capture_on_commit_callbacks(execute=True):
            answer = client.post(
                urlsplit(services.webhook_url(bot)).path,
                body,
                content_type="application/json",
                headers=bot.provider().signed(body),
                HTTP_HOST="localhost",
            )
        context.enter_company(north)
        assert answer.status_code == 200

    return write


@pytest.fixture
def struggle(work):
    """What workers do: run what is queued, whatever falls over."""

    def go():
        for _ in range(20):
            with suppress(Broken):
                work()
                return

    return go


def time_passes(minutes=70):
    """Everything happened that much earlier."""
    span = timedelta(minutes=minutes)
    moved = {
        Conversation: ("waiting_since", "last_inbound_at", "last_message_at"),
        InboundEvent: ("received_at", "processed_at"),
        Message: ("received_at", "state_at", "provider_time"),
        Run: ("due_at", "claimed_until"),
    }
    for model, fields in moved.items():
        model._default_manager.update(**{name: F(name) - span for name in fields})


def test_whole_and_in_time_there_is_no_incident(asks, work):
    asks()
    work()
    time_passes()

    assert watch_silence() == {"opened": 0, "ended": 0}
    assert Message.objects.get(direction="out").state == "accepted"


@pytest.mark.parametrize(
    ("broken", "kind", "cause"), BROKEN, ids=[broken.__name__ for broken, *_ in BROKEN]
)
def test_one_broken_stage_is_one_incident(asks, struggle, monkeypatch, broken, kind, cause):
    with monkeypatch.context() as patch:
        broken(patch)
        asks()
        struggle()
    message_received.sender_receivers_cache.clear()
    time_passes()

    assert watch_silence()["opened"] == 1

    incident = Incident.objects.get()
    assert (incident.kind, incident.cause) == (kind, cause)


MENDS = [one for one in BROKEN if one[0] in {reading_crashes, thinking_crashes, nothing_is_rung}]


@pytest.mark.parametrize(
    ("broken", "kind", "cause"), MENDS, ids=[broken.__name__ for broken, *_ in MENDS]
)
def test_once_mended_the_sweeper_answers_and_the_incident_ends(
    asks, struggle, work, monkeypatch, django_capture_on_commit_callbacks, broken, kind, cause
):
    from config import sweeping

    with monkeypatch.context() as patch:
        broken(patch)
        asks()
        struggle()
    time_passes()
    watch_silence()

    with django_capture_on_commit_callbacks(execute=True):
        sweeping.sweep()
    work()

    assert "349" in Message.objects.get(direction="out").text
    assert watch_silence()["ended"] == 1
    assert not Incident.objects.open().exists()


def test_what_the_ai_leaves_unsaid_for_a_reason_is_no_incident(asks, work):
    """Somebody says goodbye: nothing is left to answer, and the conversation says so."""
    asks("Thank you, goodbye!")
    work()
    time_passes()

    run, talk = Run.objects.get(), Conversation.objects.get()
    assert (run.outcome, run.outcome_reason) == (Run.Outcome.SILENT, "closing")
    assert (talk.waiting_since, talk.closing_reason) == (None, "closing")
    assert watch_silence()["opened"] == 0
