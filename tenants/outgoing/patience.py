"""How long a delivery waits for its next try, and an address after trouble. Pure."""

import random
from datetime import timedelta

# After the first, second, … try; ten tries in a good day. The specification's own schedule is
# of the same length. https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
PAUSES = (5, 60, 300, 1_800, 3_600, 7_200, 14_400, 28_800, 36_000)
TRIES = len(PAUSES) + 1
LONGEST_ASKED = 6 * 3_600  # of a Retry-After
RESTS = (5, 15, 60, 300)  # an address that answers nobody is asked this often
# Nothing was taken for so long, over so many tries: it is switched off.
GIVEN_UP_AFTER = timedelta(days=3)
GIVEN_UP_TRIES = 20


def pause_after(attempts: int, *, asked: float | None = None) -> float | None:
    """Seconds until a delivery that failed ``attempts`` times is tried again; None: given up."""
    if attempts >= TRIES:
        return None
    spread = PAUSES[attempts - 1] * random.uniform(0.85, 1.15)  # noqa: S311 (no secret)
    return max(spread, min(asked or 0, LONGEST_ASKED))


def rest_after(failures: int, *, asked: float | None = None) -> float:
    """Seconds in which an address in trouble is left alone."""
    rest = RESTS[min(max(failures, 1), len(RESTS)) - 1]
    return max(rest, min(asked or 0, LONGEST_ASKED))
