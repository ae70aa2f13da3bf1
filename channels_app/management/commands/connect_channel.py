from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser

from channels_app.providers import CHANNELS
from channels_app.services import connect, fresh_config, webhook_url
from tenants.commands import JsonCommand

WORDS = ("secret", "token", "verify_token")


def _named(setting: str) -> tuple[str, str]:
    name, equals, value = setting.partition("=")
    if not equals or not name:
        raise ValidationError(f"--set takes NAME=VALUE, not {setting!r}.")
    return name, value


class Command(JsonCommand):
    help = (
        "Connect an account of a company. Secrets that are ours to choose are made up if missing,"
        " and shown this once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("platform", choices=list(CHANNELS))
        self.add_company(parser)
        parser.add_argument("--account-id", default="", help="page, phone number or bot id")
        parser.add_argument("--name", default="")
        parser.add_argument("--secret", default="", help="what webhooks are signed with")
        parser.add_argument("--token", default="", help="what we send with; custom: the address")
        parser.add_argument("--verify-token", default="")
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="any other setting of the platform's form, such as account_sid=AC…",
        )

    def run(self, **options: Any) -> None:
        given = {word: options[word] for word in WORDS if options[word]}
        with self.inside_company(options["company"]):
            config = fresh_config(platform=options["platform"], given=given)
            config |= dict(_named(each) for each in options["set"])
            connection = connect(
                platform=options["platform"],
                account_id=options["account_id"],
                name=options["name"],
                config=config,
                vouched=True,  # whoever may run this is the operator
            )
            names = CHANNELS.get(options["platform"]).secret_names
            made = {
                word: config[key]
                for word, key in names.items()
                if config.get(key) and word not in given
            }
            self.say(
                id=connection.pk,
                platform=connection.platform,
                account_id=connection.account_id,
                webhook_url=webhook_url(connection),
                **made,
            )
