"""``?fields=id,name``: of each resource in an answer, only what was asked for.

One word for every GET: of a list the fields of its rows, of a resource its own.
"""

from collections.abc import Iterable
from typing import Any

FIELDS = "fields"


class UnknownField(ValueError):
    """A name that no resource in this answer has."""


def only(data: Any, wanted: str) -> Any:
    """The same answer with the wanted fields; raises UnknownField."""
    names = [name for each in wanted.split(",") if (name := each.strip())]
    if not names:
        return data
    if isinstance(data, dict) and isinstance(data.get("results"), list):
        return {**data, "results": _of_each(data["results"], names)}
    if isinstance(data, list):
        return _of_each(data, names)
    return _of_each([data], names)[0] if isinstance(data, dict) else data


def _of_each(rows: Iterable[Any], names: list[str]) -> list[Any]:
    rows = list(rows)
    known = {name for row in rows if isinstance(row, dict) for name in row}
    if rows and (missing := [name for name in names if name not in known]):
        raise UnknownField(f"There is no field {', '.join(missing)} here.")
    kept = set(names)
    return [
        {name: value for name, value in row.items() if name in kept}
        if isinstance(row, dict)
        else row
        for row in rows
    ]
