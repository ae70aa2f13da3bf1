"""Durations in buckets, so that medians of many days can be told without the single values.

Bucket b holds from 2^(b/2) up to 2^((b+1)/2) seconds: a percentile is right to about a fifth.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

LARGEST = 60  # 2^30 seconds


def bucket_of(seconds: float) -> int:
    """The bucket of a duration; anything below a second lies in the first."""
    return min(max(math.floor(2 * math.log2(max(seconds, 1.0))), 0), LARGEST)


# The same in SQL, over a column or expression of seconds.
IN_SQL = "LEAST(FLOOR(2 * LN(GREATEST({seconds}, 1)) / LN(2)), 60)::int"


def added(histograms: Iterable[Mapping[Any, int]]) -> dict[int, int]:
    """Several put together; JSON has their buckets as text."""
    whole: dict[int, int] = {}
    for each in histograms:
        for bucket, count in each.items():
            whole[int(bucket)] = whole.get(int(bucket), 0) + int(count)
    return whole


def percentile(buckets: Mapping[int, int], share: float) -> float | None:
    """Seconds below which this share lies, in the middle of its bucket; None of nothing."""
    wanted = share * sum(buckets.values())
    if not wanted:
        return None
    seen = 0
    for bucket in sorted(buckets):
        seen += buckets[bucket]
        if seen >= wanted:
            return float(2 ** ((bucket + 0.5) / 2))
    return None
