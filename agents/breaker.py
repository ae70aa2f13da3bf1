"""A circuit breaker per provider and model, shared by all processes and all companies.

After ``FAILURES`` failures in a row nobody asks for ``OPEN_SECONDS``; then one caller may probe,
and its success closes the circuit. Where Redis is away every call is allowed: the chain and the
deadline still stand. While nothing fails, a process asks twice a second and not for each call.
"""

import time
from dataclasses import dataclass

import redis

from tenants.redis import client

FAILURES = 5
OPEN_SECONDS = 20.0
PROBE_SECONDS = 15.0
FORGET_SECONDS = 120
CALM_SECONDS = 0.5

_calm_until: dict[str, float] = {}  # routes of which this process knows that nothing failed

# KEYS: failures, open, probe. ARGV: failures that open it, milliseconds a probe may take.
# Returns {allowed, is a probe, failures so far}.
_ALLOW = """
local failures = tonumber(redis.call('GET', KEYS[1]) or '0')
if redis.call('EXISTS', KEYS[2]) == 1 then return {0, 0, failures} end
if failures < tonumber(ARGV[1]) then return {1, 0, failures} end
if redis.call('SET', KEYS[3], '1', 'NX', 'PX', ARGV[2]) then return {1, 1, failures} end
return {0, 0, failures}
"""

# KEYS: failures, open, probe. ARGV: failures that open it, milliseconds open, forget seconds,
# how many failures this one weighs.
_FAIL = """
local failures = redis.call('INCRBY', KEYS[1], ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('DEL', KEYS[3])
if failures >= tonumber(ARGV[1]) then redis.call('SET', KEYS[2], '1', 'PX', ARGV[2]) end
return failures
"""


@dataclass(frozen=True, slots=True)
class Permit:
    """Whether a call may go out, and what its success would have to mend."""

    allowed: bool
    probing: bool = False
    failures: int = 0


def permit(route: str) -> Permit:
    """Ask before calling ``provider/model``."""
    now = time.monotonic()
    if now < _calm_until.get(route, 0.0):
        return Permit(True)
    try:
        allowed, probing, failures = client().eval(
            _ALLOW, 3, *_keys(route), str(FAILURES), str(int(PROBE_SECONDS * 1000))
        )
    except redis.RedisError:
        return Permit(True)
    if allowed and not failures:
        _calm_until[route] = now + CALM_SECONDS
    return Permit(bool(allowed), bool(probing), int(failures))


def succeeded(route: str, given: Permit) -> None:
    """Close the circuit; costs nothing where nothing had failed."""
    if not given.probing and not given.failures:
        return
    try:
        client().delete(*_keys(route))
    except redis.RedisError:
        return


def failed(route: str, *, retry_after: float | None = None, at_once: bool = False) -> None:
    """Count a failure. ``at_once`` opens the circuit now, as for a key that was refused;
    so does a vendor that says how long it wants to be left alone."""
    _calm_until.pop(route, None)
    open_for = max(OPEN_SECONDS, min(retry_after or 0.0, 300.0))
    try:
        client().eval(
            _FAIL,
            3,
            *_keys(route),
            str(FAILURES),
            str(int(open_for * 1000)),
            str(FORGET_SECONDS + int(open_for)),
            str(FAILURES if at_once or retry_after else 1),
        )
    except redis.RedisError:
        return


def _keys(route: str) -> tuple[str, str, str]:
    # No schema: the account with the vendor is ours, and so is its trouble. The empty part
    # where others have one keeps the key apart from every company's.
    return tuple(f"lw::breaker:{route}:{part}" for part in ("failures", "open", "probe"))  # type: ignore[return-value]
