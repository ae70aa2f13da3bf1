"""On what terms a company's questions go out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agents.gateway.budget import Caps, Rung
from agents.providers.base import Question


@dataclass(frozen=True, slots=True)
class Heard:
    """A question as it left the house, placeholders and all, and what came back, as it came."""

    task: str
    route: str
    question: Question
    answer: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What the caller knows of the company and the people a question is about.

    Without terms everything personal that can be found is hidden. ``people`` are the names and
    addresses that we know to be the contact's, however ordinary they look. ``rung`` is how much
    has to be spared.
    """

    hides_personal: bool = True
    people: tuple[str, ...] = ()
    caps: Caps | None = None
    rung: Rung = Rung.FULL
    # Task -> the company's own chain. Without one, the installation's.
    chains: Mapping[str, Sequence[str]] = field(default_factory=dict)
    # Task -> the route that the company's version prefers to the usual chain.
    models: Mapping[str, str] = field(default_factory=dict)
    # The text of prompts and settings they are asked by: answers to another are not the same.
    version: str = ""
    # A rehearsal: nothing is taken from a cache and nothing put there. What is said is kept here.
    is_dry: bool = False
    heard: list[Heard] | None = None
