"""A month's use as a line, worked out on the server: the page draws it beside a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.formats import date_format

from tenants.billing.months import Month
from tenants.billing.reading import Used
from tenants.billing.words import quantity
from tenants.meters import Kind

WIDTH, HEIGHT, LEFT, TOP, FLOOR = 640, 190, 56, 12, 162
MARKS = 6  # dates that fit below


@dataclass(frozen=True, slots=True)
class Curve:
    """Places within the picture, as text: no language's decimal comma gets into the SVG."""

    line: str  # what was used so far
    area: str
    dots: Sequence[dict[str, str]]
    expected: str  # from today on to the month's end
    limit_y: str  # empty: there is none, or it lies far above
    limit_label: str
    grid: Sequence[dict[str, str]]
    marks: Sequence[dict[str, str]]
    rows: Sequence[dict[str, str]]  # the table


def curve_of(used: Used, month: Month, *, until: date, limit: Decimal | None) -> Curve:
    """What was used up to each day; of what is there, how much it was on that day."""
    days = [day for day in month.days if day <= until]
    heights = _running(used, days)
    top = max([*heights, used.forecast, Decimal(0)])
    # A limit that is far away would press the line to the floor.
    near = limit is not None and limit <= 3 * top
    scale = max(top, limit or Decimal(0)) if near else top
    scale = scale * Decimal("1.08") or Decimal(1)

    def x(position: int) -> Decimal:
        return LEFT + (WIDTH - LEFT - 8) * Decimal(position) / max(month.length - 1, 1)

    def y(amount: Decimal) -> Decimal:
        return FLOOR - (FLOOR - TOP) * amount / scale

    points = [(x(number), y(amount)) for number, amount in enumerate(heights)]
    line = " ".join(f"{_point(a)},{_point(b)}" for a, b in points)
    end = f"{_point(x(month.length - 1))},{_point(y(used.forecast))}"
    every = max(month.length // MARKS, 1)
    return Curve(
        line=line,
        area=_area(points, line),
        dots=[
            {
                "x": _point(place[0]),
                "y": _point(place[1]),
                "title": f"{date_format(day, 'j M')}: {quantity(amount, used.meter)}",
            }
            for place, day, amount in zip(points, days, heights, strict=True)
        ],
        expected=f"{line.rpartition(' ')[2]} {end}" if points and until < month.last else "",
        limit_y=_point(y(limit)) if near and limit is not None else "",
        limit_label=quantity(limit, used.meter) if near and limit is not None else "",
        grid=[
            {"y": _point(y(part)), "label": quantity(part, used.meter)}
            for part in (_grid(top) if top else [Decimal(0)])
        ],
        marks=[
            {"x": _point(x(number)), "label": date_format(day, "j M")}
            for number, day in enumerate(month.days)
            if number % every == 0 and number + every // 2 < month.length
        ],
        rows=[
            {
                "day": date_format(day, "j M"),
                "amount": quantity(used.days.get(day, Decimal(0)), used.meter),
                "sum": quantity(amount, used.meter),
            }
            for day, amount in zip(days, heights, strict=True)
        ],
    )


def _area(points: Sequence[tuple[Decimal, Decimal]], line: str) -> str:
    """The line, closed along the floor."""
    if not points:
        return ""
    return f"{_point(points[0][0])},{FLOOR} {line} {_point(points[-1][0])},{FLOOR}"


def _running(used: Used, days: Sequence[date]) -> list[Decimal]:
    found: list[Decimal] = []
    for day in days:
        amount = used.days.get(day, Decimal(0))
        if used.meter.kind is Kind.FLOW:
            amount += found[-1] if found else Decimal(0)
        found.append(amount)
    return found


def _grid(top: Decimal) -> list[Decimal]:
    return [Decimal(0), top / 2, top]


def _point(number: Decimal) -> str:
    return f"{number:.1f}"
