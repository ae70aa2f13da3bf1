"""North with real commits, for races that one test's transaction would hide; swept afterwards."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

from django.db import connection, connections, transaction

from tenants import context
from tenants.models import AuditHead, Company, WebhookRoute


@contextmanager
def committed() -> Iterator[Company]:
    """What is written inside is there for every thread, and gone when the block ends."""
    company = Company.objects.get(schema_name="north")
    context.enter_company(company)
    tables = _tables()
    empty = set(tables) - _holding_rows(tables)
    head = AuditHead.objects.filter(schema_name="north").values("sequence", "hash").first()
    try:
        yield company
    finally:
        context.enter_company(company)
        _empty(sorted(empty & _holding_rows(tables)))
        WebhookRoute.objects.filter(company=company).delete()
        heads = AuditHead.objects.filter(schema_name="north")
        if head is None:
            heads.delete()
        else:
            heads.update(**head)
        context.leave()
        connection.close()


class Threads:
    """Deeds at the same time, each with its own connection; what failed is kept."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []

    def run(self, deeds: list[Callable[[], None]], *, seconds: float = 60) -> None:
        threads = [Thread(target=self._guarded, args=(deed,), daemon=True) for deed in deeds]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=seconds)
            assert not thread.is_alive(), "a thread hangs"

    def _guarded(self, deed: Callable[[], None]) -> None:
        try:
            context.enter("north")
            deed()
        except BaseException as error:  # noqa: BLE001
            self.errors.append(error)
        finally:
            connections.close_all()


def _tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'north'")
        return sorted(name for (name,) in cursor.fetchall() if name != "django_migrations")


def _holding_rows(tables: list[str]) -> set[str]:
    asked = (f"SELECT '{name}' WHERE EXISTS (SELECT FROM north.\"{name}\")" for name in tables)  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(asked))
        return {name for (name,) in cursor.fetchall()}


@transaction.atomic
def _empty(tables: list[str]) -> None:
    """The log of deeds refuses to be emptied; its trigger looks away for a moment."""
    if not tables:
        return
    named = ", ".join(f'north."{table}"' for table in tables)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE north.audit_auditentry DISABLE TRIGGER USER")
        cursor.execute(f"TRUNCATE {named} CASCADE")
        cursor.execute("ALTER TABLE north.audit_auditentry ENABLE TRIGGER USER")
