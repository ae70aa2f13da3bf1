"""The servers a company's data needs are looked at before anything is set up."""

import pytest

from config import setup
from config.launcher import CannotRun


def test_the_servers_of_the_tests_will_do(public):
    setup.check_servers()


def test_an_old_pgvector_is_named_with_the_version_that_is_needed(public, monkeypatch):
    monkeypatch.setattr(setup, "PGVECTOR", (99, 0))
    with pytest.raises(CannotRun, match=r"has pgvector \d+\.\d+.*; 99\.0 or newer is needed"):
        setup.check_servers()


def test_a_redis_that_does_not_answer_is_named(public, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    with pytest.raises(CannotRun, match="Cannot reach Redis"):
        setup.check_servers()


def test_an_old_redis_is_named_with_the_version_that_is_needed(public, monkeypatch):
    monkeypatch.setattr(setup, "REDIS", 99)
    with pytest.raises(CannotRun, match=r"Redis \(REDIS_URL\) is \d+\..*; 99 or newer is needed"):
        setup.check_servers()
