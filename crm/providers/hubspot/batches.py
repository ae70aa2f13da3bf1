"""What goes into a batch of HubSpot's and what its answer says of each record. Pure.

https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/guide
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tenants.plugins.errors import ProviderError, Rejected

KEY = "leadwire_id"  # the property of ours with unique values, on every kind of object
CONFLICT = 409
MOST = 100  # inputs of a batch
# The words for one fault: a property of ours was never made there, or somebody deleted it.
MISSING = re.compile(r"PROPERTY_DOESNT_EXIST|does not exist|not (?:a )?(?:valid|unique)", re.I)
STATUS_OF = {"VALIDATION_ERROR": 400, "CONFLICT": CONFLICT, "OBJECT_NOT_FOUND": 404}


def upsert(key: str, properties: Mapping[str, Any], *, by: str = KEY) -> dict[str, Any]:
    """One input; ``key`` is ours, and stands in the record's own property for it."""
    return {
        "idProperty": by,
        "id": key if by == KEY else properties[by],
        "objectWriteTraceId": key,  # handed back beside each result and each error
        "properties": {**properties, KEY: key},
    }


def judged(
    keys: Sequence[str], answer: Mapping[str, Any]
) -> tuple[dict[str, str], dict[str, Mapping[str, Any]]]:
    """Which records were taken (their ids there), and which were refused (why)."""
    results, errors = answer.get("results") or [], answer.get("errors") or []
    taken = {}
    for position, result in enumerate(results):
        key = result.get("objectWriteTraceId") or (result.get("properties") or {}).get(KEY)
        if key not in keys and len(results) == len(keys):
            key = keys[position]
        taken[str(key)] = str(result["id"])
    left = [key for key in keys if key not in taken]
    refused: dict[str, Mapping[str, Any]] = {}
    for position, error in enumerate(errors):
        named = [key for key in _named_in(error) if key in left]
        if not named and len(errors) == len(left):
            named = [left[position]]
        refused.update(dict.fromkeys(named, error))
    return taken, refused


def error_of(problem: Mapping[str, Any]) -> ProviderError:
    """One record's error inside a 207: its category says what its status only half does."""
    category = str(problem.get("category", ""))
    status = STATUS_OF.get(category, 0)
    code = str(problem.get("code") or "")
    status = status or (int(code) if code.isdigit() else 400)
    return Rejected(str(problem.get("message", ""))[:500], code=category or code, status=status)


def lacks_our_properties(error: ProviderError) -> bool:
    text = str(error)
    return error.status == 400 and "leadwire_" in text and bool(MISSING.search(text))


def _named_in(error: Mapping[str, Any]) -> Iterator[str]:
    context = error.get("context") or {}
    for name in ("objectWriteTraceId", "ids", "id"):
        found = context.get(name) or []
        yield from map(str, found if isinstance(found, list) else [found])
