"""What is counted of CRMs and telephony: how long CRMs were behind, and how long people talked."""

from collections.abc import Iterable, Mapping
from typing import Any

from crm.models import TimelineEntry
from tenants.figures.histogram import IN_SQL
from tenants.figures.sources import Count, Day, Source, count_with, gathered, rows


@count_with
class Lag(Source):
    """From a lead's change until the CRM had it, by CRM.

    Changes that went together are one, as old as the oldest of them, and count on its day: what
    is brought in step days later still belongs to the day of the change. Changes from before the
    CRM was connected are none.
    """

    name = "crm"
    kinds = ("crm_lag",)
    table = "crm_syncattempt"

    days_touched = """
        SELECT DISTINCT (c.at AT TIME ZONE %(zone)s)::date
        FROM crm_syncattempt a
        JOIN crm_syncrecord r ON r.id = a.record_id
        JOIN leads_leadchange c ON c.lead_id = r.lead_id
        WHERE a.id > %(since)s AND a.error_code = ''
          AND c.at <= a.at - a.milliseconds * interval '1 millisecond'
          AND c.at > COALESCE((
              SELECT MAX(p.at - p.milliseconds * interval '1 millisecond')
              FROM crm_syncattempt p
              WHERE p.record_id = a.record_id AND p.error_code = '' AND p.id < a.id
          ), '-infinity')
    """

    def count(self, day: Day) -> Iterable[Count]:
        return gathered(rows(_LAG, day.window))


# What a CRM is told was read just before it was asked. The first try that got through after a
# change brought it; an older change that the same try brought is the one that counts.
_LAG = f"""
WITH brought AS (
    SELECT k.kind, r.id AS record_id, r.lead_id, k.created_at, t.at, t.told,
           MIN(c.at) AS changed
    FROM leads_leadchange c
    JOIN crm_syncrecord r ON r.lead_id = c.lead_id
    JOIN crm_crmconnection k ON k.id = r.connection_id
    CROSS JOIN LATERAL (
        SELECT a.at, a.at - a.milliseconds * interval '1 millisecond' AS told
        FROM crm_syncattempt a
        WHERE a.record_id = r.id AND a.error_code = ''
          AND a.at - a.milliseconds * interval '1 millisecond' >= c.at
        ORDER BY a.at LIMIT 1
    ) t
    WHERE c.at >= %(start)s AND c.at < %(end)s AND c.at >= k.created_at
    GROUP BY 1, 2, 3, 4, 5, 6
), lags AS (
    SELECT b.kind, EXTRACT(EPOCH FROM b.at - b.changed) AS took
    FROM brought b
    WHERE NOT EXISTS (
        SELECT FROM leads_leadchange e
        WHERE e.lead_id = b.lead_id AND e.at < %(start)s AND e.at >= b.created_at
          AND e.at > COALESCE((
              SELECT MAX(p.at - p.milliseconds * interval '1 millisecond')
              FROM crm_syncattempt p
              WHERE p.record_id = b.record_id AND p.error_code = '' AND p.at < b.at
          ), '-infinity')
    )
)
SELECT 'crm_lag', kind, '', {IN_SQL.format(seconds="took")}, COUNT(*), SUM(took)
FROM lags GROUP BY 2, 4
"""  # noqa: S608 (our own text)


@count_with
class Calls(Source):
    """Seconds of calls, on the day on which they began; a call is told of again as it goes on."""

    name = "calls"
    kinds = ("call_seconds",)
    table = "crm_timelineentry"
    days_touched = """
        SELECT DISTINCT (t.happens_at AT TIME ZONE %(zone)s)::date
        FROM crm_timelineentry t
        WHERE t.kind = 'call'
          AND (t.id > %(since)s OR t.told_at > now() - interval '2 days')
    """

    def count(self, day: Day) -> Iterable[Count]:
        # How long it took stands among what is encrypted: only who holds the key can add it up.
        calls = TimelineEntry.objects.filter(
            kind=TimelineEntry.Kind.CALL, happens_at__gte=day.start, happens_at__lt=day.end
        )
        seconds = [_seconds(details) for details in calls.values_list("details", flat=True)]
        return [Count("call_seconds", n=sum(seconds))] if seconds else []


def _seconds(details: Mapping[str, Any]) -> int:
    told = details.get("seconds")
    return max(int(told), 0) if isinstance(told, int | float) else 0
