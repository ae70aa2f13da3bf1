from typing import Any

from django.core.management.base import CommandParser

from tenants.accounts.roles import Role
from tenants.accounts.scopes import EVERYTHING, NAMES
from tenants.commands import JsonCommand
from tenants.services import create_api_key


class Command(JsonCommand):
    help = "Make an API key for a company. The key is shown once."

    def add_arguments(self, parser: CommandParser) -> None:
        self.add_company(parser)
        parser.add_argument("--name", required=True)
        parser.add_argument("--role", required=True, choices=Role.values)
        parser.add_argument(
            "--scope",
            action="append",
            choices=[EVERYTHING, *NAMES],
            help="what it may touch of what the role may; may be given several times; default: all",
        )

    def run(self, **options: Any) -> None:
        with self.inside_company(options["company"]):
            key, full_key = create_api_key(
                name=options["name"], role=options["role"], scopes=options["scope"] or [EVERYTHING]
            )
            self.say(id=key.pk, name=key.name, role=key.role, scopes=key.scopes, key=full_key)
