"""How long a CRM was behind: by CRM, on the day of the change, whenever it is brought in step."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm.models import SyncAttempt, SyncRecord, TimelineEntry
from leads.models import Lead, LeadChange
from tenants.figures import rolling
from tenants.figures.models import Figure
from tenants.figures.reading import Period, report
from tests.factories import make_contact, make_crm, make_hook

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def noon(north):
    return timezone.now().replace(hour=11, minute=0, second=0, microsecond=0) - 5 * DAY


@pytest.fixture
def record(noon):
    crm = make_crm()
    type(crm).objects.update(created_at=noon - 30 * DAY)
    lead = Lead.objects.create(contact=make_contact())
    return SyncRecord.objects.create(connection=crm, lead=lead)


def change(record, at):
    return LeadChange.objects.create(lead=record.lead, field="score", actor="ai", at=at)


def pushed(record, at, error="", milliseconds=0):
    SyncAttempt.objects.create(
        record=record, version=1, delivery_id="d", at=at, error_code=error,
        milliseconds=milliseconds,
    )  # fmt: skip


def lags():
    rolling.roll_up()
    return {
        (row.day, row.channel): (row.n, row.total) for row in Figure.objects.filter(kind="crm_lag")
    }


def test_from_the_oldest_change_until_the_crm_had_it(noon, record):
    change(record, noon)
    change(record, noon + MINUTE)  # goes along with it
    pushed(record, noon + 4 * MINUTE, error="503")
    pushed(record, noon + 5 * MINUTE)
    change(record, noon + 10 * MINUTE)
    pushed(record, noon + 11 * MINUTE)
    assert lags() == {(noon.date(), "hubspot"): (2, 360.0)}


def test_what_was_brought_in_days_later_counts_on_the_day_of_the_change(noon, record):
    change(record, noon)
    change(record, noon + DAY)
    assert lags() == {}
    pushed(record, noon + 3 * DAY)
    assert lags() == {(noon.date(), "hubspot"): (1, 3 * 24 * 3600.0)}
    assert lags() == {(noon.date(), "hubspot"): (1, 3 * 24 * 3600.0)}  # counted twice: the same


def test_what_changed_while_it_was_pushed_waits_for_the_next(noon, record):
    """The CRM was told what stood there when the push began."""
    change(record, noon)
    change(record, noon + 50 * MINUTE)
    pushed(record, noon + 60 * MINUTE, milliseconds=20 * 60 * 1000)
    pushed(record, noon + 70 * MINUTE)
    assert lags() == {(noon.date(), "hubspot"): (2, (60 + 20) * 60.0)}


def test_each_crm_has_its_own_and_none_for_changes_before_it_was_connected(noon, record):
    later = make_crm(kind="webhook")
    type(later).objects.filter(pk=later.pk).update(created_at=noon + DAY)
    other = SyncRecord.objects.create(connection=later, lead=record.lead)
    change(record, noon)
    change(record, noon + 2 * DAY)
    for each in (record, other):
        pushed(each, noon + 2 * DAY + MINUTE)
    assert lags() == {
        (noon.date(), "hubspot"): (1, 2 * 24 * 3600.0 + 60),
        ((noon + 2 * DAY).date(), "webhook"): (1, 60.0),
    }
    period = Period(noon.date(), timezone.localdate())
    parts = dict(report(period, by="crm").parts)
    assert {key: part.crm_changes for key, part in parts.items()} == {"hubspot": 1, "webhook": 1}
    assert parts["webhook"].crm_lag_median_seconds == pytest.approx(60, rel=0.25)
    assert report(period, by="channel").parts == []  # a CRM is no network
    assert report(period).totals.crm_changes == 2


def test_seconds_of_calls_grow_with_what_is_told_of_them(noon):
    entry = TimelineEntry.objects.create(
        hook=make_hook(), key="1", kind="call", status="ended", happens_at=noon,
        details={"seconds": 60},
    )  # fmt: skip
    TimelineEntry.objects.create(
        hook=entry.hook, key="2", kind="meeting", status="booked", happens_at=noon,
        details={"seconds": 60},
    )  # fmt: skip
    rolling.roll_up()
    assert Figure.objects.get(kind="call_seconds").n == 60
    entry.details = {"seconds": 90}
    entry.told_at = timezone.now()
    entry.save()
    rolling.roll_up()
    figure = Figure.objects.get(kind="call_seconds")
    assert (figure.day, figure.n) == (noon.date(), 90)
