"""The one door into a company's schema. No other module switches schemas.

Imports no model: Dramatiq's middleware needs this before Django's apps are ready.
"""

from typing import TYPE_CHECKING, Any

from django.db import connection as django_connection
from django_tenants.utils import get_public_schema_name, get_tenant_model, tenant_context

if TYPE_CHECKING:
    from tenants.models import Company

connection: Any = django_connection  # django-tenants adds what the stubs do not know

inside = tenant_context  # with inside(company): ...   Open it outside any transaction.

PUBLIC = get_public_schema_name()


def schema() -> str:
    """The schema this connection is in."""
    return connection.schema_name


def enter(schema_name: str) -> None:
    connection.set_schema(schema_name)


def enter_company(company: "Company") -> None:
    """Enter for a request: the connection then knows the company's row as well."""
    connection.set_tenant(company)


def leave() -> None:
    connection.set_schema_to_public()


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


def scoped(*parts: str | int) -> str:
    """A key for cache, lock, limit, file or live group that no other company can form."""
    return ":".join(["lw", schema(), *map(str, parts)])
