from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser

from channels_app.models import ChannelConnection
from channels_app.providers import CHANNELS
from channels_app.services.playing import play
from tenants.commands import JsonCommand


class Command(JsonCommand):
    help = "Send recorded webhooks, signed, to the running server; a JSON line for each item."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("platform", choices=list(CHANNELS))
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        self.add_company(parser)
        parser.add_argument("--url", default=f"http://127.0.0.1:{settings.PORT}")
        parser.add_argument("--wait", type=float, default=10, help="seconds for the workers")

    def run(self, **options: Any) -> None:
        platform = options["platform"]
        if missing := [str(file) for file in options["files"] if not file.is_file()]:
            raise ValidationError(f"There is no file {missing[0]}.")
        with self.inside_company(options["company"]):
            connections = list(ChannelConnection.objects.filter(platform=platform, is_active=True))
            if not connections:
                raise ValidationError(f"Connect {platform} first: manage.py connect_channel.")
            for file in options["files"]:
                self._play(file, connections, options["url"], options["wait"])

    def _play(
        self, file: Path, connections: list[ChannelConnection], url: str, wait: float
    ) -> None:
        try:
            fates = play(connections=connections, body=file.read_bytes(), url=url, patience=wait)
            for number, fate in enumerate(fates, start=1):
                self.say(file=file.name, item=number, **asdict(fate))
        except OSError as error:
            raise ValidationError(f"The server at {url} does not answer: {error}") from error
