"""A profile that is remembered for a moment, and every way in which it changes."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tenants import context, moments
from tenants.workspace.models import Profile
from tenants.workspace.services import change_profile, profile


def by_save(about):
    row = Profile.current()
    row.about = about
    row.save()


def by_service(about):
    change_profile(actor="user:1", about=about)


def by_update(about):
    Profile.current()
    Profile.objects.update(about=about)


@pytest.mark.parametrize("change", [by_save, by_service, by_update])
def test_a_change_is_seen_at_once(north, change):
    for about in ("One", "Two"):
        change(about)
        assert profile().about == about


def test_it_is_read_once_a_moment(north, monkeypatch):
    profile()
    with CaptureQueriesContext(connection) as asked:
        profile()
    assert not asked.captured_queries

    monkeypatch.setattr(moments, "MOMENT", 0)
    with CaptureQueriesContext(connection) as asked:
        profile()
    assert asked.captured_queries


def test_each_company_has_its_own(north, south):
    by_save("North")
    assert profile().about == "North"
    with context.inside(south):
        assert profile().about != "North"


def test_what_is_rolled_back_was_never_remembered(north):
    by_save("Before")
    with transaction.atomic():
        by_save("Never")
        assert profile().about == "Never"
        transaction.set_rollback(True)

    assert profile().about == "Before"


def test_what_another_thread_reads_meanwhile_is_forgotten_at_the_commit(
    north, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        by_save("After")
        profile._known["north"] = (float("inf"), Profile(about="Before"))
    assert profile().about == "After"
