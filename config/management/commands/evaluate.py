from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from config import setup
from config.evaluation import invented, own_intents, retrieval, understanding
from config.evaluation.sets import Figure, Sets
from tenants.commands import JsonCommand

TASKS = {
    "retrieval": retrieval.measure,
    **understanding.TASKS,
    "own-intents": own_intents.measure,
}
# By sets of our own, which need nothing beside the code.
OWN_TASKS = {"claims": invented.measure_claims, "injection": invented.measure_orders}


ALL = [*TASKS, *OWN_TASKS]


class Command(JsonCommand):
    help = "Measure the offline engine and our checks: on public sets, where present, and our own."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object a figure")
        parser.add_argument("--only", choices=ALL, nargs="+", default=ALL)
        parser.add_argument("--sets", type=Path, default=settings.EVALS_DIR, metavar="FOLDER")

    def run(self, **options: Any) -> None:
        sets = Sets(options["sets"])
        asked = [task for task in options["only"] if sets.are_here or task in OWN_TASKS]
        if not sets.are_here:
            self.stderr.write(f"Only our own sets: there are no others in {sets.folder}.")
        if not asked:
            return
        setup.migrate(self.stderr.write)  # on a fresh checkout this may be the first command
        if not options["json"]:
            self.stdout.write(HEADER)
        measured = []
        for figure in self._measured(sets, asked):
            measured.append(figure)
            if options["json"]:
                self.say(**asdict(figure))
            else:
                self.stdout.write(line(figure))
        compared = [figure for figure in measured if figure.baseline is not None]
        if compared and not options["json"]:
            behind = sum(figure.is_behind for figure in compared)
            self.stdout.write(
                f"{len(compared) - behind} of {len(compared)} beside a baseline reach it."
            )

    def _measured(self, sets: Sets, tasks: list[str]) -> Iterator[Figure]:
        for task in tasks:
            try:
                yield from OWN_TASKS[task]() if task in OWN_TASKS else TASKS[task](sets)
            except FileNotFoundError as missing:
                self.stderr.write(f"Not measured: {task}: there is no {missing.filename}.")


HEADER = f"{'task':<12}{'set':<28}{'metric':<20}{'ours':>8}{'baseline':>10}  {'aim':>6}"


def line(figure: Figure) -> str:
    """One row of the table; a dash where nothing compares, < where we are behind."""
    return (
        f"{figure.task:<12}{figure.group:<28}{figure.metric:<20}{figure.value:>8.3f}"
        f"{_shown(figure.baseline):>10}{'<' if figure.is_behind else ' '}"
        f"{'≤' if figure.less_is_better else ' '}{_shown(figure.aim):>6}"
    )


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
