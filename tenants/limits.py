"""Rate limits shared by all processes, kept in Redis."""

from dataclasses import dataclass

import redis

from tenants import context
from tenants.redis import client

# Generic cell rate algorithm: one key, one number (the theoretical arrival time), no clock
# but Redis's own. KEYS[1] the limit; ARGV: seconds per item, burst, cost.
_GCRA = """
local now = redis.call('TIME')
now = tonumber(now[1]) + tonumber(now[2]) / 1000000
local step, burst, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local arrival = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local allowed_at = arrival + step * cost - step * burst
if allowed_at > now then
  return {0, tostring(allowed_at - now), tostring(0)}
end
local next_arrival = arrival + step * cost
local kept = math.ceil((next_arrival - now) * 1000) + 1000
redis.call('SET', KEYS[1], tostring(next_arrival), 'PX', kept)
return {1, '0', tostring(math.floor((now + step * burst - next_arrival) / step))}
"""


# The same key moved on, so that nothing fits before the pause is over; never moved back.
_HOLD = """
local now = redis.call('TIME')
now = tonumber(now[1]) + tonumber(now[2]) / 1000000
local step, burst, pause = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local held = now + pause + step * (burst - 1)
local arrival = math.max(tonumber(redis.call('GET', KEYS[1]) or now), held)
redis.call('SET', KEYS[1], tostring(arrival), 'PX', math.ceil((arrival - now) * 1000) + 1000)
"""


@dataclass(frozen=True, slots=True)
class Rate:
    """``count`` items per ``seconds``, of which up to ``burst`` at once (default: all of them)."""

    count: int
    seconds: float
    burst: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether there was room; if not, in how many seconds there will be."""

    allowed: bool
    wait_seconds: float
    remaining: int


def take(name: str, rate: Rate, *, cost: int = 1) -> Verdict:
    """Take room under this company's limit ``name``.

    Where Redis is away the answer is yes: the vendor's own limit still stands behind ours.
    """
    try:
        allowed, wait, remaining = client().eval(
            _GCRA,
            1,
            context.scoped("limit", name),
            str(rate.seconds / rate.count),
            str(rate.burst or rate.count),
            str(cost),
        )
    except redis.RedisError:
        return Verdict(True, 0.0, 0)
    return Verdict(bool(int(allowed)), float(wait), int(remaining))


def hold(name: str, rate: Rate, *, seconds: float) -> None:
    """Let nothing through under this limit for some seconds; after them one at a time."""
    try:
        client().eval(
            _HOLD,
            1,
            context.scoped("limit", name),
            str(rate.seconds / rate.count),
            str(rate.burst or rate.count),
            str(seconds),
        )
    except redis.RedisError:
        return  # the vendor says it again
