"""One simulator process a session; every test finds it as if new, the settings pointing at it."""

import pytest

from config.simulator.serving import SimulatorProcess


@pytest.fixture(scope="session")
def simulator_process():
    with SimulatorProcess() as simulator:
        yield simulator


@pytest.fixture
def simulator(simulator_process, settings):
    """The vendors, on loopback: ``.sends()``, ``.fail("meta", code=613)``, ``.inbound(…)``."""
    simulator_process.reset()
    for name, url in simulator_process.settings.items():
        setattr(settings, name, url)
    return simulator_process
