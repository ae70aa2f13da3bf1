"""One row of every model a company has, made from the model's own description."""

import datetime
import uuid
from decimal import Decimal
from itertools import count
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone

from tenants.fields import EncryptedField, EncryptedJSONField

# The same everywhere, so that one value fits into any address; no other row has it.
NUMBER = 900_001
IDENTIFIER = uuid.UUID("5ec2e750-0000-4000-8000-000000900001")
MARK = "onlysouthknows"

# Written by the database, by Django or by libraries whenever somebody merely looks.
NOT_OURS = ("django_migrations", "django_session", "django_admin_log")

# Counters that must not fall below zero when a row they counted goes, and the like.
TALLIES: dict[str, dict[str, Any]] = {
    "workspace.Profile": {"other_days": ""},  # it is read as days
    "leads.RuleSet": {"number": 9},  # 1 is the built-in one
    "agents.OwnIntent": {"examples": ["onlysouthknows", "onlysouthknows too"]},  # never fewer
    "knowledge.KnowledgeState": {"id": 1, "passages": 9, "stems": 9_000},
}

_numbers = count(1)


def company_models() -> list[type[models.Model]]:
    """Every model with a table in a company's schema."""
    return [
        model
        for config in apps.get_app_configs()
        if config.name in settings.TENANT_APPS
        for model in config.get_models()
        if model._meta.managed and not model._meta.proxy
    ]


def make_all() -> dict[type[models.Model], models.Model]:
    """One row of each, with known keys and the mark in every text."""
    made: dict[type[models.Model], models.Model] = {}
    for model in company_models():
        if model._meta.app_label not in {"contenttypes", "auth", "sessions", "admin"}:
            make(model, made)
    return made


def make(model: type[models.Model], made: dict[type[models.Model], models.Model]) -> models.Model:
    existing = made.get(model)
    if existing is None:
        values = {
            field.attname: value
            for field in model._meta.local_concrete_fields
            if (value := _value(field, model, made)) is not models.NOT_PROVIDED
        }
        existing = made[model] = model(**{**values, **TALLIES.get(model._meta.label, {})})
        with transaction.atomic():
            existing.save_base(raw=True, force_insert=True)
    return existing


def _value(field: models.Field, model: type[models.Model], made: dict) -> Any:
    if field.primary_key and not field.is_relation:
        return _key(field)
    if isinstance(field, models.ForeignKey):
        return _related(field, model, made)
    if field.choices:
        return field.get_default() if field.has_default() else field.flatchoices[0][0]
    if isinstance(field, EncryptedJSONField | models.JSONField):
        return field.get_default() if field.has_default() else {"text": MARK}
    if isinstance(field, EncryptedField):
        return MARK.encode() if "Bytes" in type(field).__name__ else MARK
    if isinstance(field, models.EmailField):
        return f"{MARK}{next(_numbers)}@south.example"
    if isinstance(field, models.CharField | models.TextField):
        text = f"{MARK}{next(_numbers)}"
        return text[: field.max_length] if field.max_length else text
    return _plain(field)


def _key(field: models.Field) -> Any:
    if isinstance(field, models.UUIDField):
        return IDENTIFIER
    if isinstance(field, models.DateField):
        return datetime.date(2026, 1, 1)
    return NUMBER if isinstance(field, models.IntegerField) else f"{MARK}{next(_numbers)}"


def _related(field: models.ForeignKey, model: type[models.Model], made: dict) -> Any:
    if field.null:
        return made[field.related_model].pk if field.related_model in made else None
    if field.related_model is model:
        return models.NOT_PROVIDED
    if field.related_model._meta.app_label in {"contenttypes", "auth"}:
        return field.related_model._default_manager.values_list("pk", flat=True).first()
    return make(field.related_model, made).pk


def _plain(field: models.Field) -> Any:
    if field.has_default():
        return models.NOT_PROVIDED
    kinds: list[tuple[type[models.Field], Any]] = [
        (models.BooleanField, False),
        (models.DateTimeField, timezone.now()),
        (models.DateField, datetime.date(2026, 1, 1)),
        (models.DecimalField, Decimal(0)),
        (models.FloatField, 0.0),
        (models.IntegerField, 0),
        (models.UUIDField, IDENTIFIER),
        (models.BinaryField, b""),
        (models.GenericIPAddressField, "192.0.2.7"),
    ]
    for kind, value in kinds:
        if isinstance(field, kind):
            return None if field.null and not isinstance(field, models.DateTimeField) else value
    if field.null:
        return None
    if hasattr(field, "dimensions"):  # a vector
        return [0.0] * field.dimensions
    return ""


def fingerprint(schema: str) -> dict[str, str]:
    """Table -> a digest of all its rows, whatever schema the test is in."""
    tables = sorted(
        name
        for name in {model._meta.db_table for model in company_models()}
        if name not in NOT_OURS
    )
    parts = [
        f"SELECT '{table}', count(*) || ':' || coalesce(md5(string_agg(t::text, '|'"  # noqa: S608
        f' ORDER BY t::text)), \'\') FROM "{schema}"."{table}" t'
        for table in tables
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return dict(cursor.fetchall())


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return [table for table, digest in before.items() if after[table] != digest]
