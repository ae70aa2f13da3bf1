"""``manage.py demo``: the main job from end to end, without a browser, with its own servers."""

import sys
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from agents.models import Run
from config import seed
from config.demo.play import Result, connect_everything, play
from config.demo.stage import Stage, set_stage
from config.demo.table import render
from config.demo.throwaway import run_throwaway
from config.embedded import CannotStart
from config.launcher import CannotRun, Plan
from config.machine import DidNotStart
from tenants import context
from tenants.models import Company

HEAD = ("Message", "Understood", "Score and reasons", "Reply and its source", "Delivery", "CRM")
WIDTHS = (30, 17, 30, 40, 11, 22)


class Command(BaseCommand):
    help = "Play real webhooks through Leadwire against the platform simulator, check, and end."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        # How the demo calls itself, once its own servers run.
        parser.add_argument("--inside", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["inside"]:
            self.tell("Setting the stage: own PostgreSQL, Valkey, simulator, web, worker")
            try:
                sys.exit(run_throwaway([str(settings.BASE_DIR / "manage.py"), "demo", "--inside"]))
            except CannotStart as error:
                raise CommandError(str(error)) from error
        try:
            results = self.played()
        except (CannotRun, DidNotStart) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(render(HEAD, WIDTHS, [_row(result) for result in results]))
        wrong = [f"{result.scene.name}: {what}" for result in results for what in result.wrong]
        if wrong:
            raise CommandError(f"Not everything happened: {'; '.join(wrong)}.")
        self.tell(f"All of it happened: {len(results)} conversations, checked row by row.")

    def played(self) -> list[Result]:
        with set_stage(_open) as stage:
            with context.inside(stage.company):
                connect_everything(stage)
            started = time.monotonic()
            with stage.machine:
                _introduce(stage)
                self.tell("Playing webhooks of four platforms in three languages")
                results = play(stage)
            self.tell(f"Played in {time.monotonic() - started:.1f} s")
            return results

    def tell(self, text: str) -> None:
        self.stderr.write(text, self.style.SUCCESS)
        self.stderr.flush()


def _open(plan: Plan) -> Company:
    return seed.open_demo(plan, lambda text: None).company


def _introduce(stage: Stage) -> None:
    """Tell the vendors where our webhooks are; Meta asks back before it believes it."""
    demo = seed.open_demo(stage.plan, lambda text: None)
    seed.introduce_to_simulator(stage.plan, demo)


def _end_of(run: Run) -> str:
    words = f"{run.outcome} ({run.outcome_reason})" if run.outcome_reason else run.outcome
    return words.replace("_", " ")


def _row(result: Result) -> tuple[str, ...]:
    scene, run, lead, reply = result.scene, result.run, result.lead, result.reply
    sources = {source["title"] for source in run.sources} if run else set()
    return (
        f"{scene.platform}, {scene.name}\n" + "\n".join(scene.texts),
        f"{run.intent}, {run.language}\nsentiment {run.sentiment:+.1f}\n{_end_of(run)}"
        if run and run.sentiment is not None
        else "-",
        f"{lead.score} {lead.tier}\n{result.reasons}" if lead else "no lead",
        (reply.text if reply else "-") + "".join(f"\n[{title}]" for title in sorted(sources)),
        str(reply.state) if reply else "-",
        "\n".join(f"{one.connection.name}: {one.get_state_display()}" for one in result.crm) or "-",
    )
