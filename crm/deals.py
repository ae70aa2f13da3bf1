"""When a lead has a deal, and where in a CRM's pipeline it stands. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

CLOSED = ("won", "lost")
OPEN = ("new", "contacted", "qualified", "proposal")
# From which stage of ours on there is a deal, by what the company chose.
FROM: Mapping[str, tuple[str, ...]] = {
    "always": (*OPEN, "won"),
    "qualified": ("qualified", "proposal", "won"),
}
# What people call these stages, where they call them anything like it.
WORDS: Mapping[str, tuple[str, ...]] = {
    "contacted": ("contact",),
    "qualified": ("qualif",),
    "proposal": ("proposal", "quote", "offer"),
}
# How far into the open stages of a pipeline ours lie otherwise; the last one is the proposal.
DEPTH = {"new": 0, "contacted": 0, "qualified": 1}


@dataclass(frozen=True, slots=True)
class Places:
    """Stages of ours and the ids of theirs, both ways.

    Where several of ours stand in one place of theirs, theirs does not say which it is.
    """

    ids: Mapping[str, int | str] = field(default_factory=dict)

    def id_of(self, stage: str) -> int | str | None:
        return self.ids.get(stage)

    def stage_of(self, identity: object) -> str:
        found = [stage for stage, there in self.ids.items() if str(there) == str(identity)]
        return found[0] if len(found) == 1 else ""


def places(
    there: Iterable[tuple[int | str, str]], *, chosen: Mapping[str, str], stages: Iterable[str]
) -> Places:
    """Where each of our open stages stands among theirs, which come in their order: where the
    company said, else where the name says so, else by how far along it is."""
    rows = list(there)
    named = {name.strip().casefold(): identity for identity, name in rows}
    ids: dict[str, int | str] = {}
    for stage in stages:
        if stage in CLOSED or not rows:
            continue
        said = named.get(chosen.get(stage, "").casefold())
        like = [one for word in WORDS.get(stage, ()) for name, one in named.items() if word in name]
        depth = min(DEPTH.get(stage, len(rows) - 1), len(rows) - 1)
        ids[stage] = said if said is not None else next(iter(like), rows[depth][0])
    return Places(ids)


def chosen_stages(text: str) -> dict[str, str]:
    """``qualified = Demo booked``, one a line; raises ValueError with the line that is none."""
    chosen = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        ours, equals, theirs = line.partition("=")
        if not equals or ours.strip() not in OPEN or not theirs.strip():
            raise ValueError(line)
        chosen[ours.strip()] = theirs.strip()
    return chosen
