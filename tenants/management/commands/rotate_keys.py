from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser

from tenants import context, crypto
from tenants.commands import JsonCommand
from tenants.rotation import rewrap_keyrings, rotate_keys
from tenants.services import company_named


class Command(JsonCommand):
    help = (
        "Give a company a new data key and re-encrypt its values; interrupted, run it again."
        " With --master: wrap all keyrings under the first of MASTER_KEYS."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--company", metavar="S", help="its subdomain")
        parser.add_argument("--master", action="store_true")

    def run(self, **options: Any) -> None:
        if bool(options["company"]) == options["master"]:
            raise ValidationError("Say either --company S or --master.")
        if options["master"]:
            self.say(rewrapped_keyrings=rewrap_keyrings())
            return
        company = company_named(options["company"])
        try:
            with context.inside(company):
                done = rotate_keys(company=company)
        except crypto.CannotDecrypt as error:
            # Nothing is lost: the old key stays until no value needs it.
            raise CommandError(str(error), returncode=1) from error
        self.say(
            company=company.schema_name,
            current_key=done.current_key,
            values=done.values,
            dropped_keys=done.dropped_keys,
        )
