"""Which rule set scores go by, without asking the database anew for each message.

A process remembers the set in force for a few seconds. A lead that was judged by an older set in
that time is found by ``Lead.scored_by``, and judged again by the sweep.
"""

import time

from leads.models import RuleSet
from leads.weights import BUILT_IN, Weights
from tenants import context

SECONDS = 5.0
MOST_COMPANIES = 2_000

_known: dict[str, tuple[float, Weights]] = {}


def weights_in_force() -> Weights:
    """The company's own numbers, else the built-in ones."""
    schema, now = context.schema(), time.monotonic()
    seen = _known.get(schema)
    if seen is not None and now - seen[0] < SECONDS:
        return seen[1]
    live = RuleSet.objects.filter(is_live=True).first()
    weights = live.weights if live else BUILT_IN
    if len(_known) >= MOST_COMPANIES:
        _known.clear()
    _known[schema] = (now, weights)
    return weights


def forget_weights(schema: str = "") -> None:
    """Ask the database again: about this company, or about all."""
    if schema:
        _known.pop(schema, None)
    else:
        _known.clear()
