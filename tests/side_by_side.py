"""The whole run by several workers (``-n 3``): a file's tests stay together, in their order.

What starts processes of its own takes the machine and watches the clock: all of it goes to one
worker, one after the other, beside the tests that only compute. Begun first, for it takes longest.
"""

import pytest
from xdist.scheduler import LoadScopeScheduling

ALONE = ("tests/browser/", "tests/crash/", "tests/test_embedded.py", "tests/test_launcher.py")


class ByFile(LoadScopeScheduling):
    """xdist's own, with another idea of what belongs together."""

    def _split_scope(self, nodeid: str) -> str:
        return ALONE[0] if nodeid.startswith(ALONE) else nodeid.split("::", 1)[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    # As they were collected, not by the number of tests: that says little about how long they take.
    config.option.loadscopereorder = False
    return ByFile(config, log)


def pytest_collection_modifyitems(config, items):
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: not item.nodeid.startswith(ALONE))
