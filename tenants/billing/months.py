"""A calendar month of a company's own."""

import calendar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone

from tenants.models import Company


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """By its first day."""

    first: date

    @classmethod
    def of(cls, day: date) -> Self:
        return cls(day.replace(day=1))

    @classmethod
    def named(cls, text: str) -> Self:
        """From ``2026-11``; raises ValueError."""
        year, dash, month = text.partition("-")
        if not (dash and len(year) == 4 and len(month) == 2 and (year + month).isascii()):
            raise ValueError(text)
        return cls(date(int(year), int(month), 1))

    @classmethod
    def now(cls, company: Company) -> Self:
        return cls.of(today_of(company))

    @property
    def name(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def length(self) -> int:
        return calendar.monthrange(self.first.year, self.first.month)[1]

    @property
    def last(self) -> date:
        return self.first.replace(day=self.length)

    @property
    def next(self) -> "Month":
        return Month(self.last + timedelta(days=1))

    @property
    def before(self) -> "Month":
        return Month.of(self.first - timedelta(days=1))

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range(self.length)]

    def ends_at(self, company: Company) -> datetime:
        """The first moment that is not in it any more, on the company's clock."""
        return datetime.combine(self.next.first, time.min, zone_of(company))


def zone_of(company: Company) -> ZoneInfo:
    try:
        return ZoneInfo(company.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def today_of(company: Company) -> date:
    return timezone.now().astimezone(zone_of(company)).date()


def first_month_of(company: Company) -> Month:
    """The one in which it was opened."""
    return Month.of(company.created_at.astimezone(zone_of(company)).date())
