"""Every recorded webhook with something in it replaced: split and read, or rejected with a reason.

Random JSON hardly ever looks like a network's; a recording with one wrong part does.
"""

import copy
import json
from contextlib import suppress
from dataclasses import is_dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_app.providers import CHANNELS
from channels_app.providers.values import ToBeFetched
from tests.contracts.test_channel_providers import FIXTURES, items_of, meaning_of

ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**70, -1, 1e300, "", "0", " ", "\ud800", "x" * 600, [], {}, [None], [[]]]),
    st.text(max_size=20),
    st.dictionaries(st.sampled_from(["id", "text", "type"]), st.integers(), max_size=2),
)


def bodies(kind: str) -> list[Any]:
    files = sorted((FIXTURES / kind).glob("*.json"))
    found = [json.loads(file.read_text()).get("body") for file in files]
    return [body for body in found if isinstance(body, dict | list)]


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """Where something could be replaced."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, inner in inside:
        found.append((*path, key))
        if isinstance(inner, dict | list):
            found += places(inner, (*path, key))
    return found


def replaced(body: Any, path: tuple, new: Any) -> Any:
    changed = copy.deepcopy(body)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = new
    return changed


@pytest.mark.parametrize("kind", [kind for kind in CHANNELS if bodies(kind)])
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_one_wrong_part_harms_nothing_else(kind, data):
    body = data.draw(st.sampled_from(bodies(kind)))
    path = data.draw(st.sampled_from(places(body)))
    raw = json.dumps(replaced(body, path, data.draw(ANYTHING))).encode()
    for item in items_of(kind, raw):
        assert len(item.key) == 64
        assert len(item.kind) <= 64
        assert len(item.account_id) <= 190
        with suppress(ToBeFetched):
            assert all(is_dataclass(each) for each in meaning_of(kind, item))
