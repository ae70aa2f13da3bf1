"""Which Python to make the virtual environment with: ``python3``, or a quicker build of the same.

Run by ``make`` before anything is installed. A build without profile-guided optimisation takes a
fifth longer for every message, and machines often have another beside it: pyenv compiles without,
distributions with. How a build was made is not told by all of them; how long it takes is.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

# Dictionaries, strings, calls: what our work is made of. The best of some rounds of CPU time, for
# the machine may be busy.
TRIAL = """
import ensurepip, json, sys, time, venv

def work():
    seen, total = {}, 0
    for number in range(20_000):
        key = str(number & 255)
        seen[key] = seen.get(key, 0) + number
        total += len(key) + (hash((key, number)) & 1)
    return total

def took():
    began = time.process_time()
    work()
    return time.process_time() - began

seconds = min(took() for _ in range(9))
print(json.dumps([sys.executable, list(sys.version_info[:2]), seconds]))
"""
CLEARLY = 0.92  # of the time that python3 takes; less of a difference may be the machine's mood
PATIENCE = 20  # seconds


class Tried(NamedTuple):
    """A Python that can make environments, and how long the trial took it."""

    path: str
    version: "tuple[int, int]"
    seconds: float


def choose(ours: Tried, others: "Iterable[Tried]") -> Tried:
    """Ours, unless another of the same version is clearly quicker."""
    same = [one for one in others if one.version == ours.version]
    best = min(same, key=lambda one: one.seconds, default=ours)
    return best if best.seconds < ours.seconds * CLEARLY else ours


def attempt(path: str) -> "Tried | None":
    """None where it does not run, or cannot make environments (no python3-venv on Debian)."""
    try:
        done = subprocess.run(  # noqa: S603 (a Python of this machine, our own words)
            [path, "-Ic", TRIAL], capture_output=True, timeout=PATIENCE, check=True
        )
        found, version, seconds = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return Tried(found, tuple(version), seconds)


def namesakes(version: "tuple[int, int]") -> "list[str]":
    """Every ``python3.x`` of this version on the path and where systems keep theirs."""
    folders = [*os.get_exec_path(), "/usr/local/bin", "/usr/bin"]
    name = f"python{version[0]}.{version[1]}"
    found = [Path(folder, name) for folder in dict.fromkeys(folders) if folder]
    return list(dict.fromkeys(str(one.resolve()) for one in found if one.is_file()))


def main() -> None:
    """Print the path; ours where nothing better is to be had."""
    ours = attempt(sys.executable)
    chosen = sys.executable
    if ours is not None:
        tried = (attempt(path) for path in namesakes(ours.version))
        chosen = choose(ours, [one for one in tried if one is not None]).path
    sys.stdout.write(f"{chosen}\n")


if __name__ == "__main__":
    main()
