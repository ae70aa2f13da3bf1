"""Figures as the page and the API tell them."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from tenants import context
from tenants.figures import histogram
from tenants.figures.models import Figure, Watermark
from tenants.figures.reading import Period, report
from tests.factories import make_user

pytestmark = pytest.mark.usefixtures("memories_last")

MAY = date(2026, 5, 1)


def counted(kind, n, *, day=MAY, channel="telegram", agent="", total=0.0, buckets=None):
    Figure.objects.create(
        day=day, kind=kind, channel=channel, agent=agent, n=n, total=total, buckets=buckets or {}
    )


@pytest.fixture
def may(north):
    """Two days on two networks."""
    counted("messages_in", 10)
    counted("messages_in", 5, channel="email", day=MAY + timedelta(days=2))
    counted("messages_out", 6, agent="ai")
    counted("messages_out", 2, agent="user:1")
    counted("responses", 4, agent="ai", total=40, buckets={histogram.bucket_of(10): 4})
    counted("responses", 4, agent="user:1", total=4000, buckets={histogram.bucket_of(1000): 4})
    counted("runs", 8, total=0.04)
    counted("runs_sent", 4)
    counted("runs_handed_over", 2)
    counted("sentiment", 4, total=-2)
    counted("leads", 4)
    counted("leads_won", 1)
    return Period(MAY, MAY + timedelta(days=2))


def test_the_totals_of_a_period(may):
    totals = report(may).totals
    assert (totals.messages_in, totals.messages_out, totals.responses) == (15, 8, 8)
    assert (totals.ai_share, totals.escalation_rate, totals.sentiment) == (0.75, 0.25, -0.5)
    assert (totals.conversion, totals.ai_cost, totals.cost_per_answer) == (0.25, 0.04, 0.01)
    assert totals.first_response_median_seconds == pytest.approx(10, rel=0.25)
    assert totals.first_response_p90_seconds == pytest.approx(1000, rel=0.25)
    assert totals.resolution_median_seconds is None


def test_days_without_anything_are_told_too(may):
    parts = dict(report(may).parts)
    assert [measures.messages_in for measures in parts.values()] == [10, 0, 5]
    assert list(parts) == ["2026-05-01", "2026-05-02", "2026-05-03"]


def test_parts_by_channel_and_by_person_add_up(may):
    by_channel = dict(report(may, by="channel").parts)
    assert {key: part.messages_in for key, part in by_channel.items()} == {
        "email": 5,
        "telegram": 10,
    }
    by_agent = dict(report(may, by="agent").parts)
    assert {key: part.messages_out for key, part in by_agent.items()} == {"ai": 6, "user:1": 2}
    assert report(may, by="agent").totals == report(may).totals


def test_nothing_is_none_and_not_zero(north):
    totals = report(Period(MAY, MAY)).totals
    assert totals.messages_in == 0
    assert (totals.ai_share, totals.sentiment, totals.conversion) == (None, None, None)


@given(st.lists(st.floats(1, 10_000_000), min_size=1, max_size=60))
def test_a_percentile_is_right_to_a_fifth(durations):
    buckets = histogram.added({histogram.bucket_of(each): 1} for each in durations)
    middle = sorted(durations)[(len(durations) - 1) // 2]
    assert histogram.percentile(buckets, 0.5) == pytest.approx(middle, rel=0.21)


def test_sql_and_python_choose_the_same_bucket(north):
    for seconds in (0, 0.2, 1, 1.4, 1.5, 2, 59, 60, 3600, 86_400, 10**12):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {histogram.IN_SQL.format(seconds='%s::float')}", [seconds])
            assert cursor.fetchone() == (histogram.bucket_of(seconds),)


def test_programs_ask_for_a_period_and_its_parts(sign_in, may):
    told = (
        sign_in("viewer")
        .get("/api/v1/analytics/?since=2026-05-01&until=2026-05-03&by=channel")
        .json()
    )
    assert (told["since"], told["until"], told["time_zone"]) == (
        "2026-05-01",
        "2026-05-03",
        "Europe/Madrid",
    )
    assert told["totals"]["messages_in"] == 15
    assert [part["key"] for part in told["parts"]] == ["email", "telegram"]


@pytest.mark.parametrize(
    "query",
    ["since=x", "since=2026-05-02&until=2026-05-01", "since=2020-01-01", "days=0", "by=hour"],
)
def test_periods_that_make_no_sense_are_refused(sign_in, query):
    answer = sign_in("viewer").get(f"/api/v1/analytics/?{query}")
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_the_page_shows_a_period(sign_in, may):
    person = make_user(role="agent")
    Figure.objects.filter(agent="user:1").update(agent=f"user:{person.pk}")
    page = (
        sign_in("viewer")
        .get(reverse("figures:analytics") + "?since=2026-05-01&until=2026-05-03")
        .content.decode()
    )
    for shown in ("Telegram", "75 %", str(person), "$0.04"):
        assert shown in page, shown
    assert "Nothing was said" not in page


def test_an_empty_page_says_what_to_do(sign_in):
    page = sign_in("viewer").get(reverse("figures:analytics")).content.decode()
    assert "Nothing was said in this period" in page
    assert "Connect a channel" in page


def test_a_wrong_period_is_said_and_the_usual_one_shown(sign_in, may):
    answer = sign_in("viewer").get(
        reverse("figures:analytics") + "?since=2026-05-09&until=2026-05-01"
    )
    assert answer.status_code == 422
    assert "This is after the last day." in answer.content.decode()


def test_the_table_holds_every_figure(sign_in, may):
    answer = sign_in("viewer").get(reverse("figures:table") + "?since=2026-05-01&until=2026-05-01")
    lines = answer.content.decode().splitlines()
    assert lines[0] == "day,kind,channel,agent,n,total"
    assert len(lines) == 1 + Figure.objects.filter(day=MAY).count()


def test_more_days_cost_no_more_queries(sign_in, may):
    viewer = sign_in("viewer")

    def cost(days):
        with CaptureQueriesContext(connection) as asked:
            viewer.get(reverse("figures:analytics") + f"?days={days}")
        return len(asked)

    cost(1)
    for n in range(200):
        counted("messages_in", 1, day=Period.last(200).since + timedelta(days=n), channel="x")
    assert cost(2) == cost(200)


def test_the_other_company_sees_nothing_of_it(may, south):
    Watermark.objects.create(source="conversations")
    with context.inside(south):
        found = report(may)
        assert found.totals.messages_in == 0
        assert found.counted_at is None
