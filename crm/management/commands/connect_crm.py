from typing import Any

from django.core.management.base import CommandParser

from crm.providers import CRMS
from crm.services import connect, made_secrets
from tenants.commands import JsonCommand

SETTINGS = ("token", "base_url", "secret", "client_id", "client_secret")


class Command(JsonCommand):
    help = "Connect a CRM to a company. A webhook's secret is made if missing, and shown this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=list(CRMS))
        self.add_company(parser)
        parser.add_argument("--name", default="")
        parser.add_argument("--token", default="", help="hubspot, pipedrive: an access token")
        parser.add_argument("--client-id", default="", help="salesforce: the consumer key")
        parser.add_argument("--client-secret", default="", help="salesforce: the consumer secret")
        parser.add_argument("--base-url", default="", help="webhook: where deliveries go")
        parser.add_argument("--secret", default="", help="webhook: whsec_ and base64")

    def run(self, **options: Any) -> None:
        asked = CRMS.get(options["kind"]).ConfigForm.base_fields
        given = {name: options[name] for name in SETTINGS if name in asked}
        with self.inside_company(options["company"]):
            connection = connect(kind=options["kind"], name=options["name"], config=given)
            self.say(
                id=connection.pk,
                kind=connection.kind,
                name=connection.name,
                **made_secrets(connection, given=given),
            )
