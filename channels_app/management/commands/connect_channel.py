from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser

from channels_app.providers import CHANNELS
from channels_app.services import connect, fresh_config, webhook_url
from channels_app.services.connections import script_tag
from channels_app.services.routing import shared_secret
from tenants.commands import JsonCommand

WORDS = ("secret", "token", "verify_token")


def _named(setting: str) -> tuple[str, str]:
    name, equals, value = setting.partition("=")
    if not equals or not name:
        raise ValidationError(f"--set takes NAME=VALUE, not {setting!r}.")
    return name, value


def _ask_for_what_is_theirs(platform: str, config: dict[str, str]) -> None:
    """Webhooks that nobody can verify would all be refused: better said now."""
    provider = CHANNELS.get(platform)
    key = provider.secret_names.get("secret", "")
    if not key or config.get(key) or provider.new_secret("secret") or shared_secret(platform):
        return
    field = provider.ConfigForm.base_fields[key]
    label = str(field.label)
    if not field.required and provider({**config, "account_id": ""}).poll_every():
        return  # it is asked for news, and sends no webhooks
    raise ValidationError(
        f"Give --secret: the {label[:1].lower()}{label[1:]}, which only {CHANNELS.label(platform)}"
        " can tell you. Without it every webhook would be refused."
    )


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
            _ask_for_what_is_theirs(options["platform"], config)
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
                **({"script_tag": tag} if (tag := script_tag(connection)) else {}),
                **made,
            )
