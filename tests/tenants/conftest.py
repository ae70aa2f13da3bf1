import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry


@pytest.fixture
def redis_away():
    """A client of a Redis that is not there; give it to a module by monkeypatch."""
    return redis.Redis(port=1, retry=Retry(NoBackoff(), 0))
