"""The one door into a company's schema. No other module switches schemas.

Imports no model: Dramatiq's middleware needs this before Django's apps are ready.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError
from django.db import connection as django_connection
from django_tenants.utils import get_public_schema_name, get_tenant_model, tenant_context

if TYPE_CHECKING:
    from tenants.models import Company

connection: Any = django_connection  # django-tenants adds what the stubs do not know


class inside(tenant_context):  # noqa: N801 (reads as a word: with inside(company): ...)
    """The company's schema for a while, then the one before.

    Refused inside a transaction that began in another schema: what waits for its commit
    (jobs, live events) would fire after the company was left, and belong to nobody.
    """

    def __enter__(self) -> None:
        if self.tenant.schema_name != schema() and in_transaction():
            raise RuntimeError("Enter a company outside any transaction of another schema.")
        super().__enter__()


PUBLIC = get_public_schema_name()
REMEMBERED_SECONDS = 5.0

# Company rows by schema, for reading only: threads share them.
_companies: dict[str, tuple[float, "Company | None"]] = {}


class UnknownCompany(LookupError):
    """No company has this schema (any more)."""


def schema() -> str:
    """The schema this connection is in."""
    return connection.schema_name


def enter(schema_name: str) -> None:
    connection.set_schema(schema_name)


def enter_company(company: "Company") -> None:
    """Enter for a request: the connection then knows the company's row as well."""
    connection.set_tenant(company)


def enter_for_job(schema_name: str) -> None:
    """Enter the schema a message names; raises UnknownCompany if there is none of that name.

    Costs a query only when this process has not met the company for some seconds. Where the
    database is away we enter without ``public`` behind us: the job's own first query then
    fails and is tried again, and a schema that is gone cannot read public's tables instead.
    """
    if schema_name == PUBLIC:
        leave()
        return
    try:
        company = company_of_schema(schema_name)
    except DatabaseError:
        connection.set_schema(schema_name, include_public=False)
        return
    if company is None:
        raise UnknownCompany(schema_name)
    enter_company(company)


def leave() -> None:
    connection.set_schema_to_public()


@contextmanager
def in_public() -> Iterator[None]:
    """Public for a moment, to read what the operator keeps there; nothing is written or rung."""
    here = connection.tenant
    leave()
    try:
        yield
    finally:
        connection.set_tenant(here)


def in_transaction() -> bool:
    """Whether a transaction is open; the one that a test rolls back does not count."""
    return connection.in_atomic_block and not connection.atomic_blocks[-1]._from_testcase


def release() -> None:
    """Give the connection back to the pool; the schema stays chosen.

    Called before anything slow that needs no rows (a model call, an HTTP request),
    so that a few connections serve many waiting threads.
    """
    if not connection.in_atomic_block:
        connection.close()


def current_company() -> "Company":
    """The company whose schema this is; raises Company.DoesNotExist in public."""
    company = getattr(connection, "tenant", None)
    if company is not None and getattr(company, "pk", None) is not None:
        return company
    return get_tenant_model().objects.get(schema_name=schema())


def company_of_schema(schema_name: str) -> "Company | None":
    """The company's row, remembered for a few seconds; a change is seen by then everywhere."""
    now = time.monotonic()
    seen = _companies.get(schema_name)
    if seen is not None and now - seen[0] < REMEMBERED_SECONDS:
        return seen[1]
    company = get_tenant_model().objects.filter(schema_name=schema_name).first()
    _companies[schema_name] = (now, company)
    return company


def forget_companies() -> None:
    """Look every company up anew."""
    _companies.clear()


def scoped(*parts: str | int) -> str:
    """A key for cache, lock, limit, file or live group that no other company can form."""
    return ":".join(["lw", schema(), *map(str, parts)])
