from itertools import islice
from typing import Any

from django.core.management.base import CommandError, CommandParser

from tenants import context
from tenants.audit.models import AuditEntry
from tenants.audit.services import find_damage
from tenants.commands import JsonCommand
from tenants.models import Company
from tenants.services import company_named

NAMED = 20


class Command(JsonCommand):
    help = "Prove that no audit log was rewritten: one JSON line a company, exit 1 on damage."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--company", metavar="S", help="only this one (default: all)")

    def run(self, **options: Any) -> None:
        chosen = options["company"]
        companies = [company_named(chosen)] if chosen else list(Company.objects.all())
        damaged = [company.schema_name for company in companies if not self._is_sound(company)]
        if damaged:
            raise CommandError(f"The audit log of {', '.join(damaged)} is damaged.", returncode=1)

    def _is_sound(self, company: Company) -> bool:
        with context.inside(company):
            found = [
                {"entry": damage.sequence, "reason": damage.reason}
                for damage in islice(find_damage(), NAMED)
            ]
            entries = AuditEntry.objects.count()
        self.say(company=company.schema_name, entries=entries, sound=not found, damage=found)
        return not found
