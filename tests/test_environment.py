"""What is wrong with the environment is one sentence, never a traceback."""

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

BASE_DIR = Path(__file__).resolve().parent.parent


def sentence(**variables):
    done = subprocess.run(
        [sys.executable, "manage.py", "sweep"],
        env={**os.environ, **variables},
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr.rstrip("\n")


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("PORT", "eighty", "PORT is not understood"),
        ("WEB_THREADS", "1.5", "WEB_THREADS is not understood"),
        ("DATABASE_URL", "localhost/leadwire", "must begin with postgresql:// or postgres://"),
        ("DATABASE_URL", "postgresql://me:secret@here:port/db", "DATABASE_URL is not understood"),
        ("REDIS_URL", "http://127.0.0.1:6379", "must begin with redis:// or rediss://"),
        ("MASTER_KEYS", "short", "MASTER_KEYS must be 32 bytes each, in base64"),
        ("MASTER_KEYS", base64.b64encode(b"x" * 31).decode(), "MASTER_KEYS must be 32 bytes"),
        ("DATA_DIR", "/dev/null", "Cannot use /dev/null"),
    ],
)
def test_a_value_that_cannot_be_read_is_named(variable, value, words):
    told = sentence(**{variable: value})

    assert words in told
    assert "\n" not in told
    assert "secret@" not in told


def test_a_data_folder_that_lies_too_deep_for_a_socket_is_named(tmp_path):
    assert "DATA_DIR is too deep" in sentence(DATA_DIR=str(tmp_path / ("x" * 90)))


def test_an_empty_url_is_an_unset_one(monkeypatch):
    from config.environment import Environment

    monkeypatch.setenv("REDIS_URL", "")

    assert Environment().server("REDIS_URL", "redis", default="redis://here") == "redis://here"
