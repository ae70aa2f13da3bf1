"""What Salesforce's records hold of a lead, and what its answers say. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from channels_app import wire
from crm.providers.base import Found, Outcome, Part, Property, Upsert
from tenants.plugins.errors import (
    CredentialsRejected,
    ProviderError,
    RateLimited,
    Rejected,
    Unavailable,
)

VERSION = "v64.0"
NOTE, SUBJECT = "note", "Leadwire: what we know"
GONE = {"ENTITY_IS_DELETED", "NOT_FOUND", "INVALID_CROSS_REFERENCE_KEY"}
KEY = "Leadwire_Id__c"
# A lead must have both: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_lead.htm
NAMELESS, NO_COMPANY = "Lead {key}", "[not provided]"
# A daily allowance that is used up is no business of ours to shorten.
LATER = 900.0  # seconds
LIMITS = {"REQUEST_LIMIT_EXCEEDED", "TXN_SECURITY_METERING_ERROR"}
PASSING = {"UNABLE_TO_LOCK_ROW", "QUERY_TIMEOUT", "SERVER_UNAVAILABLE"}
BAD_CLIENT = {"invalid_client", "invalid_client_id", "invalid_client_credentials", "invalid_grant"}
NO_FIELD = (
    f"Salesforce knows no field {KEY} on Lead: make it, of type text, as unique external id,"
    " and let the app's user see it."
)


def record_of(record: Upsert) -> dict[str, Any]:
    made: dict[str, Any] = dict(record.properties)
    if not made.get("LastName"):  # one word is a last name there
        first = made.pop("FirstName", "")
        if first or not record.external_id:
            made["LastName"] = first or NAMELESS.format(key=record.key)
    if not made.get("Company") and not record.external_id:
        made["Company"] = NO_COMPANY
    return {"attributes": {"type": "Lead"}, **made, KEY: record.key}


def outcome_of(record: Upsert, result: Any, status: int) -> Outcome:
    said = result if isinstance(result, dict) else {}
    if said.get("success") is True:
        return Outcome(record.key, str(said.get("id") or record.external_id), status)
    errors = said.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else {}
    first = first if isinstance(first, dict) else {}
    code, text = str(first.get("statusCode") or "refused"), str(first.get("message") or "")[:500]
    kind = Unavailable if code in PASSING else Rejected
    error = kind(text or "Salesforce refused this record.", code=code, status=400)
    return Outcome(record.key, "", 400, "", error)


# https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/field_types.htm
TYPES = {
    "string": ("text", "text"),
    "url": ("text", "text"),
    "textarea": ("long_text", "long_text"),
    "email": ("email", "email"),
    "phone": ("phone", "phone"),
    "picklist": ("choice", "choice"),
    "boolean": ("flag", "flag"),
    "date": ("day", "day"),
    "datetime": ("moment", "moment"),
    "int": ("number", "integer"),
    "double": ("number", "integer"),
    "currency": ("number", "integer"),
    "percent": ("number", "integer"),
}


def described(row: Mapping[str, Any]) -> Property:
    type_, kind = TYPES.get(str(row.get("type")), ("other", "text"))
    name = str(row.get("name"))
    choices = tuple(
        str(one.get("value")) for one in row.get("picklistValues") or [] if one.get("active")
    )
    length = row.get("length")
    most = length if isinstance(length, int) else 0
    return Property(name, str(row.get("label") or name), type_, kind, choices, max_length=most)


def held_of(row: Mapping[str, Any], names: Sequence[str]) -> dict[str, Found]:
    at = wire.moment(row.get("SystemModstamp"))
    return {name: Found(written(row[name]), at) for name in names if row.get(name) is not None}


def written(value: Any) -> str:
    """As we write it ourselves: every number of Salesforce's is one with a point."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def news_of(record: Upsert) -> str:
    """What the task shall say, where it does not say so yet."""
    text = str(record.parts.get(NOTE, {}).get("Description") or "")
    return text if text and record.known.get(NOTE, Part()).told != digest(text) else ""


def task_of(text: str) -> dict[str, Any]:
    return {
        "attributes": {"type": "Task"},
        "Subject": SUBJECT,
        "Description": text,
        "Status": "Completed",  # nobody has to do it
    }


def noted(outcome: Outcome, result: Any, record: Upsert, text: str) -> Outcome:
    """The outcome of a lead, with what became of its task."""
    if result is None:
        return replace(outcome, parts={**record.known, **outcome.parts})
    task = outcome_of(replace(record, external_id=""), result, outcome.status)
    if task.error is None:
        parts = {NOTE: Part(task.external_id, digest(text))}
        return replace(outcome, parts={**outcome.parts, **parts})
    if isinstance(task.error, Rejected) and task.error.code in GONE:
        # Somebody deleted it; the next time it is made anew.
        return replace(outcome, parts={**outcome.parts, NOTE: Part()})
    return replace(outcome, error=task.error, status=task.status)


def digest(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def owner_of(row: Mapping[str, Any]) -> str:
    """Whoever made it owns it until somebody says otherwise: of what we made, nobody has."""
    owner = row.get("Owner")
    if not isinstance(owner, dict) or row.get("OwnerId") == row.get("CreatedById"):
        return ""
    return str(owner.get("Email") or "")


def named(values: Sequence[str]) -> str:
    """For an ``IN`` of SOQL."""
    return ", ".join(f"'{quoted(value)}'" for value in values)


def quoted(value: str) -> str:
    """Inside the single quotes of SOQL."""
    return value.replace("\\", "\\\\").replace("'", "\\'")


def meant(error: ProviderError) -> ProviderError:
    """What the first of Salesforce's own codes says beside the status."""
    said = error.payload[0] if isinstance(error.payload, list) and error.payload else {}
    code = str(said.get("errorCode") or "") if isinstance(said, dict) else ""
    if code in LIMITS:
        return RateLimited(
            str(error), code=code, status=error.status, retry_after=error.retry_after or LATER
        )
    if KEY in str(error) and code in {"NOT_FOUND", "INVALID_FIELD"}:
        return CredentialsRejected(NO_FIELD, code=code, status=error.status)
    if code:
        error.code = code
    return error
