"""Model fields that keep a company's secrets and people's data secret at rest.

They cannot be filtered or ordered on; keep a ``crypto.blind_index`` beside them for look-ups.
Table and column name are authenticated with each value: a migration that renames either has to
re-encrypt the column.
"""

import json
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import FieldError
from django.db import models

from tenants import crypto


class EncryptedField(models.Field):
    """Bytes on disk, something else in Python; subclasses say how to get from one to the other."""

    empty_strings_allowed = True

    def db_type(self, connection: Any) -> str:
        return "bytea"

    def to_plain(self, value: Any) -> bytes:
        raise NotImplementedError

    def of_plain(self, plain: bytes) -> Any:
        raise NotImplementedError

    @cached_property
    def _column(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if value is None or hasattr(value, "as_sql"):
            return value
        return crypto.encrypt(self.to_plain(value), column=self._column)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        if value is None:
            return None
        return self.of_plain(crypto.decrypt(bytes(value), column=self._column))

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise FieldError(f"{self.name} is encrypted: look it up by its blind index.")

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.value_from_object(obj))

    def formfield(self, **kwargs: Any) -> Any:
        """None: what these fields hold is read and written by services."""
        return None


class EncryptedTextField(EncryptedField):
    """Text of any length. Lone surrogates and NUL survive the journey."""

    def to_python(self, value: Any) -> Any:
        return value if value is None else str(value)

    def to_plain(self, value: Any) -> bytes:
        return str(value).encode("utf-8", "surrogatepass")

    def of_plain(self, plain: bytes) -> str:
        return plain.decode("utf-8", "surrogatepass")

    def formfield(self, **kwargs: Any) -> Any:
        return models.Field.formfield(self, **{"widget": forms.Textarea, **kwargs})


class EncryptedJSONField(EncryptedField):
    """Anything ``json`` can write. ``None`` is SQL's NULL."""

    empty_strings_allowed = False

    def formfield(self, **kwargs: Any) -> Any:
        return models.Field.formfield(self, form_class=forms.JSONField, **kwargs)

    def to_plain(self, value: Any) -> bytes:
        return json.dumps(value, separators=(",", ":")).encode()

    def of_plain(self, plain: bytes) -> Any:
        return json.loads(plain)


class EncryptedBytesField(EncryptedField):
    """Raw bytes, such as a webhook's body."""

    def to_plain(self, value: Any) -> bytes:
        return bytes(value)

    def of_plain(self, plain: bytes) -> bytes:
        return plain
