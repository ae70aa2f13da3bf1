"""``manage.py simulate``: the vendors' stand-in, served until it is told to stop."""

from argparse import ArgumentParser
from typing import Any

from config.simulator.serving import base_urls, serve
from tenants.commands import JsonCommand


class Command(JsonCommand):
    help = "Serve a stand-in for Meta, Telegram, HubSpot, OpenAI and Anthropic on loopback."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8009, metavar="P", help="default 8009")

    def run(self, **options: Any) -> None:
        port = options["port"]
        base = f"http://127.0.0.1:{port}"
        self.say(**base_urls(base), control=f"{base}/_sim/")
        self.stdout.flush()
        serve(port)
