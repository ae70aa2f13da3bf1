"""What a plan may count: a table of meters, known to plans, to bills and to those who count."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _


class Kind(StrEnum):
    FLOW = "flow"  # happens; a month's use is the sum of its days
    LEVEL = "level"  # is there; a month's use is its highest day


@dataclass(frozen=True, slots=True)
class Meter:
    """One thing that is counted.

    ``figure`` (of ``agent`` only, where given) is what days are counted under; without one it is
    the kind of a usage row. ``size`` of what is counted there make one unit. A plan's hard cap
    may only stand on what is ``stoppable``: the AI stops; people, customers and files never do.
    """

    code: str
    label: Any
    unit: Any
    kind: Kind = Kind.FLOW
    figure: str = ""
    size: Decimal = Decimal(1)
    places: int = 0  # decimals that people are shown
    stoppable: bool = False


GIGABYTE = Decimal(10**9)

_ALL = (
    Meter("ai_conversations", _("Conversations answered by the AI"), _("conversations"),
          figure="ai_conversations", stoppable=True),
    Meter("ai_answers", _("Answers sent by the AI"), _("answers"),
          figure="ai_answers", stoppable=True),
    Meter("model_cost", _("Cost of the models"), _("US dollars"), places=2, stoppable=True),
    Meter("contacts", _("People who wrote"), _("people"), figure="contacts"),
    Meter("call_minutes", _("Calls"), _("minutes"), figure="call_seconds", size=Decimal(60),
          places=1),
    Meter("storage", _("Stored files"), _("GB"), Kind.LEVEL, figure="storage", size=GIGABYTE,
          places=2),
    Meter("seats", _("People in the team"), _("people"), Kind.LEVEL, figure="seats"),
    Meter("channels", _("Connected channels"), _("channels"), Kind.LEVEL, figure="channels"),
)  # fmt: skip
METERS: dict[str, Meter] = {meter.code: meter for meter in _ALL}
# What a company limits for itself here; what its models cost it limits beside them.
OWN = ("ai_conversations", "ai_answers")
STOPPABLE = tuple(meter.code for meter in _ALL if meter.stoppable)


def meter_choices() -> list[tuple[str, Any]]:
    return [(meter.code, meter.label) for meter in _ALL]  # a callable: a new one is no migration
