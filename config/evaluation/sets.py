"""Reading the sets, and asking their scorers."""

import gzip
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Item = dict[str, Any]
# metric -> (best baseline, our aim)
Expected = Mapping[str, tuple[float | None, float | None]]


LANGUAGES = ("en", "es", "ar")


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, beside what simple honest code reached (BASELINES.md of the sets) and our aim.

    ``less_is_better``: it counts faults; the aim is the most that is borne.
    """

    task: str
    group: str
    metric: str
    value: float
    baseline: float | None = None
    aim: float | None = None
    less_is_better: bool = False

    @property
    def is_behind(self) -> bool:
        if self.baseline is None:
            return False
        return self.value > self.baseline if self.less_is_better else self.value < self.baseline


@dataclass(frozen=True, slots=True)
class Sets:
    """The folder that holds the sets."""

    folder: Path

    @property
    def are_here(self) -> bool:
        return (self.folder / "BASELINES.md").is_file()

    def read(self, name: str) -> list[Item]:
        path = self.folder / name
        content = path.read_bytes()
        if name.endswith(".gz"):
            content = gzip.decompress(content)
        return [json.loads(line) for line in content.decode().split("\n") if line.strip()]

    def score(self, scorer: str, gold: Iterable[Item], predictions: Iterable[Item]) -> Item:
        """What the set's own scorer says of the predictions."""
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / name for name in ("gold.jsonl", "predictions.jsonl")]
            for path, items in zip(paths, (gold, predictions), strict=True):
                path.write_text("".join(json.dumps(item) + "\n" for item in items))
            done = subprocess.run(  # noqa: S603 (the scorer that lies beside the sets)
                [sys.executable, str(self.folder / scorer), *map(str, paths)],
                capture_output=True,
                check=True,
                text=True,
            )
        return json.loads(done.stdout)


def by_language(
    gold: Iterable[Item], said: Iterable[Item]
) -> dict[str, tuple[list[Item], list[Item]]]:
    """Items and predictions of each of our languages that the set holds."""
    parts: dict[str, tuple[list[Item], list[Item]]] = {}
    for item, prediction in zip(gold, said, strict=True):
        if item["lang"] in LANGUAGES:
            mine = parts.setdefault(item["lang"], ([], []))
            mine[0].append(item)
            mine[1].append(prediction)
    return {language: parts[language] for language in LANGUAGES if language in parts}


def figures(
    task: str,
    group: str,
    scored: Mapping[str, Any],
    expected: Expected,
) -> Iterator[Figure]:
    """The metrics named in ``expected``, each with its baseline and aim."""
    for metric, (baseline, aim) in expected.items():
        if scored.get(metric) is not None:
            yield Figure(task, group, metric, round(float(scored[metric]), 3), baseline, aim)
