"""Figures of a day are what its rows say, whenever the rows came in."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from channels_app import services as channels
from channels_app.models import Breach, Message
from leads.services import apply_understanding, override_score, set_stage
from tenants import context
from tenants.figures import rolling
from tenants.figures.models import Figure, Watermark
from tenants.figures.sources import SOURCES
from tests.factories import make_connection, make_conversation, make_message, make_user


@pytest.fixture
def noon(north):
    """Noon of the day before yesterday, in the company's zone."""
    return timezone.now().replace(hour=11, minute=0, second=0, microsecond=0) - timedelta(days=2)


def said(talk, at, direction="in", author="contact", **kwargs):
    return make_message(
        conversation=talk,
        direction=direction,
        author=author,
        provider_time=at,
        state="received" if direction == "in" else "sent",
        **kwargs,
    )


def figures(kind, **where):
    return {
        (row.day, row.channel, row.agent): row.n
        for row in Figure.objects.filter(kind=kind, **where)
    }


def one(kind, **where):
    return Figure.objects.get(kind=kind, **where)


def test_volume_and_first_answers_by_channel_and_person(noon):
    talk = make_conversation()
    person = make_user(role="agent")
    said(talk, noon)
    said(talk, noon + timedelta(seconds=30))  # the same turn
    said(talk, noon + timedelta(seconds=90), "out", "ai")
    said(talk, noon + timedelta(minutes=5))
    said(talk, noon + timedelta(minutes=15), "out", "human", user=person)
    said(talk, noon + timedelta(minutes=20))
    rolling.roll_up()

    day, channel = noon.date(), talk.connection.platform
    assert figures("messages_in") == {(day, channel, ""): 4}
    assert figures("messages_out") == {
        (day, channel, "ai"): 1,
        (day, channel, f"user:{person.pk}"): 1,
    }
    by_ai = one("responses", agent="ai")
    assert (by_ai.n, by_ai.total) == (1, 90)
    assert one("responses", agent=f"user:{person.pk}").total == 600
    assert figures("unanswered") == {(day, channel, ""): 1}


def test_an_answer_that_comes_days_later_belongs_to_the_day_of_the_question(noon):
    talk = make_conversation()
    asked = noon - timedelta(days=5)
    said(talk, asked)
    rolling.roll_up()
    assert figures("unanswered") == {(asked.date(), talk.connection.platform, ""): 1}

    said(talk, noon, "out", "human")
    rolling.roll_up()
    assert figures("unanswered") == {}
    assert one("responses").day == asked.date()
    assert one("responses").total == 5 * 24 * 3600


def test_a_message_that_comes_in_late_is_counted_on_its_own_day(noon):
    talk = make_conversation()
    said(talk, noon)
    rolling.roll_up()
    said(talk, noon - timedelta(days=20))
    rolling.roll_up()
    assert {day for day, *_ in figures("messages_in")} == {
        noon.date(),
        (noon - timedelta(days=20)).date(),
    }
    before = list(Figure.objects.values_list("day", "kind", "n"))
    rolling.roll_up()
    assert list(Figure.objects.values_list("day", "kind", "n")) == before


def test_what_retention_has_removed_is_not_counted_away(noon):
    talk = make_conversation()
    old = noon - timedelta(days=89)
    Figure.objects.create(day=old.date(), kind="messages_in", channel="telegram", n=70)
    said(talk, old)
    rolling.roll_up()
    assert one("messages_in", day=old.date()).n == 70


def test_days_are_the_company_s_own_and_begin_anew_with_its_zone(north):
    talk = make_conversation()
    late = datetime.combine(timezone.now().date() - timedelta(days=3), datetime.min.time(), UTC)
    said(talk, late + timedelta(hours=23, minutes=30))  # in Madrid it is the next day
    rolling.roll_up()
    assert {day for day, *_ in figures("messages_in")} == {late.date() + timedelta(days=1)}
    north.time_zone = "America/Lima"
    rolling.roll_up()
    assert {day for day, *_ in figures("messages_in")} == {late.date()}


def test_failed_messages_answer_nobody(noon):
    talk = make_conversation()
    said(talk, noon)
    Message.objects.filter(pk=said(talk, noon + timedelta(minutes=1), "out", "ai").pk).update(
        state="failed"
    )
    rolling.roll_up()
    assert (one("messages_failed").n, one("unanswered").n) == (1, 1)
    assert not figures("responses")


def test_a_broken_promise_counts_on_the_day_it_was_due(noon):
    talk, person = make_conversation(), make_user(role="agent")
    for target, whose in (("first", person), ("resolve", None)):
        Breach.objects.create(
            conversation=talk, target=target, since=noon, due_at=noon, assignee=whose
        )
    said(talk, noon - timedelta(hours=1))
    said(talk, noon, "out", "system")  # that nobody is there is no answer
    rolling.roll_up()
    key = (noon.date(), talk.connection.platform)
    assert figures("promises_broken") == {(*key, f"user:{person.pk}"): 1, (*key, ""): 1}
    assert one("unanswered").n == 1
    assert not figures("responses")


def test_each_closing_counts_with_the_time_it_took(north, people):
    talk = make_conversation()
    said(talk, timezone.now() - timedelta(hours=2))
    channels.close(conversation=talk, user=people["agent"])
    channels.reopen(conversation=talk, user=people["agent"])
    said(talk, timezone.now())
    channels.close(conversation=talk, user=people["agent"])
    rolling.roll_up()
    closed = one("resolved")
    assert (closed.n, closed.agent) == (2, f"user:{people['agent'].pk}")
    assert 7190 < closed.total < 7260


def test_the_funnel_counts_each_lead_once_a_stage(north):
    message = make_message(conversation=make_conversation(), text="I want to buy")
    lead = apply_understanding(
        conversation=message.conversation, message=message, facts={}, intent="sales"
    )
    override_score(lead=lead, score=80, actor="user:1")
    for stage in ("contacted", "new", "contacted", "won"):
        set_stage(lead=lead, stage=stage, actor="user:1")
    rolling.roll_up()
    channel = message.connection.platform
    rows = Figure.objects.filter(channel=channel, kind__startswith="leads")
    assert dict(rows.values_list("kind", "n")) == {
        "leads": 1,
        "leads_new": 1,
        "leads_hot": 1,
        "leads_contacted": 1,
        "leads_won": 1,
    }


def test_no_two_sources_count_the_same(north):
    kinds = [kind for source in SOURCES.values() for kind in source.kinds]
    assert len(kinds) == len(set(kinds))
    rolling.roll_up()
    assert {mark.source for mark in Watermark.objects.all()} == set(SOURCES)


def test_the_other_company_has_its_own(noon, south):
    said(make_conversation(connection=make_connection()), noon)
    rolling.roll_up()
    with context.inside(south):
        rolling.roll_up()
        assert not Figure.objects.exists()


def test_the_oldest_day_follows_the_company_s_retention(north):
    assert rolling.oldest_day() == timezone.localdate() - timedelta(days=89)
