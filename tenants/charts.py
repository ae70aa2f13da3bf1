"""Bars, worked out on the server: the page draws them as SVG and repeats them as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT, LEFT, TOP, FLOOR = 640, 180, 36, 10, 154
STEPS = (1, 2, 3, 4, 6, 8)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two numbers of one day."""

    label: str
    first: int
    second: int
    mark: str = ""  # what fits under the bars; the label where empty


def bar_chart(
    *, title: str, first_label: str, second_label: str, pairs: Sequence[Pair]
) -> dict[str, Any]:
    """What ``components/bars.html`` needs: every place already calculated."""
    top = _round_up(max([1, *(max(p.first, p.second) for p in pairs)]))
    room = (WIDTH - LEFT) / max(len(pairs), 1)
    bar = max(3.0, min(16.0, room * 0.34))
    days = []
    for index, pair in enumerate(pairs):
        middle = LEFT + room * (index + 0.5)
        first, second = _height(pair.first, top), _height(pair.second, top)
        days.append(
            {
                "label": pair.label,
                "mark": pair.mark or pair.label,
                "is_odd": _is_odd(pairs, index),
                "first": pair.first,
                "second": pair.second,
                "x": _point(middle - bar - 1),
                "x2": _point(middle + 1),
                "middle": _point(middle),
                "first_y": _point(FLOOR - first),
                "first_height": _point(first),
                "second_y": _point(FLOOR - second),
                "second_height": _point(second),
            }
        )
    return {
        "title": title,
        "first_label": first_label,
        "second_label": second_label,
        "days": days,
        "bar_width": _point(bar),
        "lines": [
            {"y": round(FLOOR - _height(value, top)), "label": f"{value:g}"}
            for value in sorted({0, top / 2, top})
        ],
    }


def _is_odd(pairs: Sequence[Pair], index: int) -> bool:
    """Every other of the marks, which a phone has no room for."""
    return bool(sum(1 for pair in pairs[:index] if (pair.mark or pair.label).strip()) % 2)


def _height(value: float, top: float) -> float:
    return value / top * (FLOOR - TOP)


def _point(number: float) -> str:
    # Text, so that no language's decimal comma gets into the SVG.
    return f"{number:.1f}"


def _round_up(number: int) -> int:
    """The next scale people can read, with a whole number in its middle where it can."""
    power = 1
    while True:
        for step in STEPS:
            if step * power >= max(number, 4):
                return step * power
        power *= 10
