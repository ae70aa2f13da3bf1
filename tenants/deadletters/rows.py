"""Letter boxes over the rows of one table: how such rows are asked for is said once."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Count, QuerySet

from tenants.deadletters.boxes import Behind, Letter, LetterBox, Tally, Wanted, behind


class RowsBox(LetterBox):
    """A box that says which rows are dead and what a letter makes of one."""

    # Columns: what letters are gathered by, where they belong, when they were given up.
    reason: ClassVar[str]
    platform: ClassVar[str]
    at: ClassVar[str]
    key: ClassVar[type[int] | type[UUID]] = int

    @abstractmethod
    def dead(self) -> QuerySet[Any]:
        """All rows that were given up, with the three columns."""

    @abstractmethod
    def listed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows with what ``letter`` reads, and no more."""

    @abstractmethod
    def letter(self, row: Any) -> Letter:
        """One row as a letter."""

    def meant(self, wanted: Wanted) -> QuerySet[Any]:
        given = {
            self.reason: wanted.reason,
            self.platform: wanted.platform,
            f"{self.at}__gte": wanted.since,
            f"{self.at}__lte": wanted.until,
        }
        return self.dead().filter(**{name: value for name, value in given.items() if value})

    def chosen(self, ids: Sequence[str]) -> QuerySet[Any]:
        """Those of the ids that are dead."""
        return self.dead().filter(pk__in=[self.key(each) for each in ids if self.reads(each)])

    def letters(
        self, wanted: Wanted, *, start: Behind | None = None, limit: int = 50
    ) -> list[Letter]:
        rows = self.meant(wanted).filter(behind(start, at=self.at, pk="pk", value=self.key))
        shown = self.listed(rows).order_by(f"-{self.at}", "-pk")[:limit]
        return [self.letter(row) for row in shown]

    def tally(self, wanted: Wanted) -> list[Tally]:
        counted = (
            self.meant(wanted)
            .values(self.reason, self.platform)
            .annotate(count=Count("pk"))
            .order_by()
        )
        return [
            Tally(self.kind, row[self.reason], row[self.platform], row["count"]) for row in counted
        ]

    def find(self, letter_id: str) -> Letter | None:
        row = self.listed(self.chosen([letter_id])).first()
        return self.letter(row) if row else None

    def ids(self, wanted: Wanted, *, after: str, limit: int) -> list[str]:
        rows = self.meant(wanted)
        if after:
            rows = rows.filter(pk__gt=self.key(after))
        return [str(pk) for pk in rows.order_by("pk").values_list("pk", flat=True)[:limit]]
