"""``manage.py sweep``: what the beat does each minute, by hand and with its numbers."""

from argparse import ArgumentParser
from typing import Any

from config import sweeping
from tenants import context
from tenants.commands import JsonCommand
from tenants.services import company_named


class Command(JsonCommand):
    help = "Ring again what was committed and never finished; one JSON line a company."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--company", metavar="S", help="only this one, by its subdomain")

    def run(self, **options: Any) -> None:
        name = options["company"]
        for company in [company_named(name)] if name else sweeping.swept_companies():
            with context.inside(company):
                self.say(company=company.subdomain, **sweeping.sweep())
