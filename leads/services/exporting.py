"""Leads as a file that can be imported again, line after line."""

import csv
from collections.abc import Iterator

from django.db.models import QuerySet

from leads import tables
from leads.models import Lead

BATCH = 500
COLUMNS = (*tables.FIELDS, *tables.OWN, "score", "tier", "created_at")


class _Line:
    """What ``csv`` writes to: the line itself."""

    def write(self, line: str) -> str:
        return line


def lines_of(rows: QuerySet[Lead]) -> Iterator[str]:
    """The header and a line a lead, read in batches."""
    writer = csv.writer(_Line())
    yield "\ufeff" + writer.writerow(COLUMNS)  # the mark by which Excel knows UTF-8
    found = rows.order_by("pk").select_related("contact", "owner").prefetch_related("tags")
    last = 0
    while batch := list(found.filter(pk__gt=last)[:BATCH]):
        for lead in batch:
            yield writer.writerow([tables.guarded(cell) for cell in _cells(lead)])
        last = batch[-1].pk


def _cells(lead: Lead) -> list[str]:
    known = {"name": lead.name, "email": lead.email, "phone": lead.phone}
    facts = [known.get(name) or str(lead.facts.get(name, "")) for name in tables.FIELDS]
    tags = ", ".join(tag.name for tag in lead.tags.all())
    owner = lead.owner.email if lead.owner else ""
    return [
        *facts,
        lead.stage,
        tags,
        owner,
        str(lead.score),
        lead.tier,
        lead.created_at.isoformat(),
    ]
