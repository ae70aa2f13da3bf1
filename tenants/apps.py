import threading
from collections.abc import Iterator, MutableMapping
from typing import Any

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = "Companies"

    def ready(self) -> None:
        from django.contrib.contenttypes.models import ContentType
        from django_tenants.signals import schema_migrated

        from tenants import blueprint
        from tenants.api import schema  # noqa: F401 (tells drf-spectacular about our sign-in)
        from tenants.pages import cards  # noqa: F401 (registers what it offers)

        schema_migrated.connect(blueprint.follow_migrations, dispatch_uid="tenants.blueprint")

        # Django keeps the ids of content types in one dictionary for all threads, and
        # django-tenants clears it at every switch of schema. Two threads in two companies
        # would still fill it for each other in between; the ids differ between schemas.
        # (Django copies the manager when it likes, from the one that was declared.)
        per_thread = PerThread()
        for manager in (ContentType.objects, *ContentType._meta.local_managers):
            manager._cache = per_thread  # type: ignore[attr-defined]


class PerThread(threading.local, MutableMapping[str, Any]):
    """A dictionary of which each thread sees its own."""

    def __init__(self) -> None:
        self.items_here: dict[str, Any] = {}

    def __getitem__(self, key: str) -> Any:
        return self.items_here[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.items_here[key] = value

    def __delitem__(self, key: str) -> None:
        del self.items_here[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.items_here)

    def __len__(self) -> int:
        return len(self.items_here)
