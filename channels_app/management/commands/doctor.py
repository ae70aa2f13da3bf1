from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser

from channels_app.findings import of_json
from channels_app.models import Canary, ChannelConnection
from channels_app.services import examine_now
from tenants.commands import JsonCommand


class Command(JsonCommand):
    help = "Look at a company's channels now; a JSON line for each: verdict, causes, what to do."

    def add_arguments(self, parser: CommandParser) -> None:
        self.add_company(parser)
        parser.add_argument("--channel", type=int, default=0, help="only this one, by its number")
        parser.add_argument(
            "--no-canary", action="store_true", help="send no test event, for which workers run"
        )

    def run(self, **options: Any) -> None:
        with self.inside_company(options["company"]):
            connections = ChannelConnection.objects.filter(is_active=True)
            if options["channel"]:
                connections = connections.filter(pk=options["channel"])
                if not connections.exists():
                    raise ValidationError(f"There is no active channel {options['channel']}.")
            for connection in connections:
                checkup = examine_now(
                    connection=connection,
                    asked_by="command",
                    with_canary=not options["no_canary"],
                )
                canary = Canary.objects.filter(checkup=checkup).first()
                found = [each for each in map(of_json, checkup.findings) if each]
                self.say(
                    id=connection.pk,
                    name=connection.name,
                    platform=connection.platform,
                    account_id=connection.account_id,
                    verdict=checkup.verdict,
                    canary=canary and {"state": canary.state, "milliseconds": canary.milliseconds},
                    findings=[
                        {
                            "code": each.code,
                            "severity": str(each.severity),
                            "text": each.text,
                            "fix": each.fix,
                            "link": each.link,
                        }
                        for each in found
                    ],
                )
