"""New keys for old secrets, without stopping anything.

The first byte of a stored value names its key, so the rows themselves know what is still to
do: a rotation that was interrupted is simply run again. A retired key is dropped when no row
needs it and every process has had time to learn of its successor.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from tenants import context, crypto
from tenants.audit.services import record
from tenants.fields import EncryptedField
from tenants.models import Company, PlatformKeyring

BATCH = 500
# Far longer than a process remembers a keyring (crypto.REMEMBERED_SECONDS).
KEPT_AFTER_RETIRING = timedelta(hours=1)
SECRETS_OF_SECOND_FACTORS = ("secret", "seed")


@dataclass(slots=True)
class Rotation:
    """What a rotation did: values moved to the new key, and the keys that are gone for good."""

    current_key: int
    values: int = 0
    dropped_keys: list[str] = field(default_factory=list)


def rotate_keys(*, company: Company, now: datetime | None = None) -> Rotation:
    """Give the company a new data key and move every value of its schema to it.

    Open the company's schema first. A key that was retired less than an hour ago means the
    last rotation is recent or was interrupted: it is finished, and no further key is made.
    """
    now = now or timezone.now()
    ring = _with_fresh_key(company, now)
    moved = sum(_move_column(column) for column in encrypted_columns()) + _move_second_factors()
    dropped = _drop_retired(company, now)
    record(
        action="keys.rotated",
        subject=f"company:{company.schema_name}",
        details={"current_key": ring["current"], "values": moved, "dropped_keys": dropped},
    )
    return Rotation(int(ring["current"]), moved, dropped)


def rewrap_keyrings() -> int:
    """Wrap every keyring, public's included, under the first of MASTER_KEYS."""
    rewrapped = 0
    for model in (Company, PlatformKeyring):
        for pk in model.objects.values_list("pk", flat=True):
            with transaction.atomic():
                row = model.objects.select_for_update().get(pk=pk)
                if not row.keyring:
                    continue  # an erased company
                row.keyring = crypto.rewrapped(row.keyring)
                row.save(update_fields=["keyring"])
                rewrapped += 1
    return rewrapped


def encrypted_columns() -> Iterator[EncryptedField]:
    """Every encrypted column that a company's schema has."""
    for config in apps.get_app_configs():
        if config.name in settings.TENANT_APPS:
            for model in config.get_models():
                for column in model._meta.local_concrete_fields:
                    if isinstance(column, EncryptedField):
                        yield column


@transaction.atomic
def _with_fresh_key(company: Company, now: datetime) -> dict[str, Any]:
    row = Company.objects.select_for_update().get(pk=company.pk)
    if not any(_is_recent(at, now) for at in row.keyring.get("retired", {}).values()):
        row.keyring = crypto.with_new_key(row.keyring, now=now.isoformat())
        row.save(update_fields=["keyring"])
    crypto.forget(company.schema_name)
    return row.keyring


@transaction.atomic
def _drop_retired(company: Company, now: datetime) -> list[str]:
    row = Company.objects.select_for_update().get(pk=company.pk)
    old = [key for key, at in row.keyring.get("retired", {}).items() if not _is_recent(at, now)]
    gone = [key for key in old if not any(_uses_key(c, int(key)) for c in encrypted_columns())]
    row.keyring = crypto.without_keys(row.keyring, gone)
    row.save(update_fields=["keyring"])
    crypto.forget(company.schema_name)
    return gone


def _is_recent(retired_at: str, now: datetime) -> bool:
    return bool(retired_at) and now - datetime.fromisoformat(retired_at) < KEPT_AFTER_RETIRING


def _move_column(column: EncryptedField) -> int:
    moved = 0
    while batch := _move_batch(column):
        moved += batch
    return moved


@transaction.atomic
def _move_batch(column: EncryptedField) -> int:
    table, name, pk = _quoted(column)
    with context.connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {pk}, {name} FROM {table} WHERE length({name}) > 0"  # noqa: S608 (our names)
            f" AND get_byte({name}, 0) <> %s LIMIT %s FOR UPDATE",
            [crypto.current_key_id(), BATCH],
        )
        rows = cursor.fetchall()
        where = f"{column.model._meta.db_table}.{column.column}"
        cursor.executemany(
            f"UPDATE {table} SET {name} = %s WHERE {pk} = %s",  # noqa: S608 (our names)
            [
                (crypto.encrypt(crypto.decrypt(bytes(value), column=where), column=where), key)
                for key, value in rows
            ],
        )
    return len(rows)


def _uses_key(column: EncryptedField, key_id: int) -> bool:
    table, name, _ = _quoted(column)
    with context.connection.cursor() as cursor:
        cursor.execute(
            f"SELECT EXISTS (SELECT FROM {table} WHERE length({name}) > 0"  # noqa: S608
            f" AND get_byte({name}, 0) = %s)",
            [key_id % 256],
        )
        return bool(cursor.fetchone()[0])


def _quoted(column: EncryptedField) -> tuple[str, str, str]:
    quote = context.connection.ops.quote_name
    meta = column.model._meta
    primary: models.Field = meta.pk
    return quote(meta.db_table), quote(column.column), quote(primary.column)


@transaction.atomic
def _move_second_factors() -> int:
    """Second factors keep their secrets inside JSON; they are few, so all of them move."""
    adapter = get_mfa_adapter()
    moved = 0
    for factor in Authenticator.objects.select_for_update():
        names = [name for name in SECRETS_OF_SECOND_FACTORS if name in factor.data]
        for name in names:
            factor.data[name] = adapter.encrypt(adapter.decrypt(factor.data[name]))
        if names:
            factor.save(update_fields=["data"])
            moved += 1
    return moved
