"""``manage.py webhook_events > docs/webhook-events.md``"""

from typing import Any

from django.core.management.base import BaseCommand

from tenants.outgoing.reference import as_markdown


class Command(BaseCommand):
    help = "The catalogue of webhook events as a page in Markdown."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(as_markdown(), ending="")
