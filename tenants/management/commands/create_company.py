from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from tenants.commands import JsonCommand
from tenants.services import open_company


class Command(JsonCommand):
    help = "Open a company: its schema, its domain and its first admin."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--subdomain", required=True)
        parser.add_argument("--admin-email", required=True)
        parser.add_argument("--password", required=True)
        parser.add_argument("--time-zone", default="UTC")

    def run(self, **options: Any) -> None:
        made = open_company(
            name=options["name"],
            subdomain=options["subdomain"],
            admin_email=options["admin_email"],
            password=options["password"],
            time_zone=options["time_zone"],
        )
        self.say(
            company=made.company.schema_name,
            name=made.company.name,
            url=f"http://{made.domain}:{settings.PORT}/",
            admin=made.admin.email,
        )
