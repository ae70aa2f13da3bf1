import sys
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from config import seed, setup
from config.launcher import CannotRun, Plan, Ports, check_machine, run
from tenants.commands import JsonCommand


class Command(JsonCommand):
    help = "Run all of Leadwire on this machine, with a demo company, until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--no-demo", action="store_true", help="do not open the demo company")
        parser.add_argument(
            "--no-simulator", action="store_true", help="speak to the real vendors only"
        )

    def run(self, **options: Any) -> None:
        plan = Plan(
            Ports(settings.PORT, settings.LIVE_PORT, settings.SIMULATOR_PORT),
            host=options["host"],
            simulate=not options["no_simulator"],
        )
        try:
            check_machine(plan)
            setup.check_servers()
            self.tell("Getting ready")
            setup.migrate(self.tell)
            demo = None if options["no_demo"] else seed.open_demo(plan, self.tell)
        except CannotRun as error:
            raise CommandError(str(error)) from error
        self.tell("Starting web, live, worker, beat")
        sys.exit(run(plan, when_ready=lambda: self.greet(plan, demo)))

    def greet(self, plan: Plan, demo: seed.Demo | None) -> None:
        if demo and plan.simulate and not seed.introduce_to_simulator(plan, demo):
            self.tell("The simulator does not answer: the demo's channels stay silent.")
        self.tell(seed.banner(plan, demo))

    def tell(self, text: str) -> None:
        self.stderr.write(text, self.style.SUCCESS)
        self.stderr.flush()
