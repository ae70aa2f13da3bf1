"""How each company is doing, measured inside its schema and kept in public.

A floor adds its own readings::

    @watched
    def inbox_vitals() -> list[Reading]: ...
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from django.db.models import Sum

from tenants import context
from tenants.accounts.models import User
from tenants.models import Company, CompanyVitals
from tenants.workspace.models import UsageDay

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Reading:
    """One number and whether the operator should look; ``value`` as people read it."""

    title: str
    value: str
    is_worry: bool = False


Measure = Callable[[], list[Reading]]
_measures: list[Measure] = []


def watched(measure: Measure) -> Measure:
    """Register readings of a company; they are taken in its schema."""
    _measures.append(measure)
    return measure


def take_vitals() -> CompanyVitals:
    """Measure the company whose schema this is."""
    readings = [reading for measure in _measures for reading in measure()]
    row, _is_new = CompanyVitals.objects.update_or_create(
        company=context.current_company(),
        defaults={
            "readings": [asdict(reading) for reading in readings],
            "worries": sum(reading.is_worry for reading in readings),
        },
    )
    return row


def by_company() -> list[Company]:
    """All companies with their vitals, those with worries first; one query."""
    return list(
        Company.objects.select_related("vitals", "plan").order_by("-vitals__worries", "name")
    )


@watched
def workspace_vitals() -> list[Reading]:
    """People, what the month used so far, and the room it takes."""
    month = datetime.now(UTC).date().replace(day=1)
    used = dict(
        UsageDay.objects.filter(day__gte=month, kind__in=["messages", "cost"])
        .values_list("kind")
        .annotate(total=Sum("amount"))
    )
    return [
        Reading("People", str(User.objects.filter(is_active=True).count())),
        Reading("Messages this month", f"{used.get('messages', 0):.0f}"),
        Reading("Model cost this month", f"${used.get('cost', 0):.2f}"),
        Reading("Database", f"{_bytes() / MEGABYTE:.0f} MB"),
    ]


def _bytes() -> int:
    with context.connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class "
            "WHERE relnamespace = %s::regnamespace AND relkind = 'r'",
            [context.connection.ops.quote_name(context.schema())],
        )
        [size] = cursor.fetchone()
    return int(size)
