"""A company, its vendors and our processes, ready to be written to by webhook."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from django.conf import settings

from config import setup
from config.launcher import Plan, Ports
from config.machine import Machine
from config.simulator.serving import SimulatorProcess
from tenants import context
from tenants.models import Company
from tenants.services import open_company


@dataclass(frozen=True, slots=True)
class Stage:
    """What a play needs to begin; ``machine`` is started by whoever plays."""

    company: Company
    simulator: SimulatorProcess
    plan: Plan
    machine: Machine


@contextlib.contextmanager
def set_stage(
    opener: Callable[[Plan], Company],
    *,
    processes: tuple[str, ...] = ("web", "worker"),
    variables: Mapping[str, str] | None = None,
) -> Iterator[Stage]:
    """Migrate, start the simulator, open the company. Needs a data folder of its own."""
    setup.check_servers()
    setup.migrate(lambda text: None)
    with SimulatorProcess(settings.SIMULATOR_PORT) as simulator:
        ports = Ports(settings.PORT, settings.LIVE_PORT, settings.SIMULATOR_PORT)
        plan = Plan(ports, simulate=False)
        plan.extra = {
            **simulator.settings,
            # A customer's own system is on loopback here.
            "ALLOW_PRIVATE_ADDRESSES": "1",
            "LOG_LEVEL": "WARNING",
            **(variables or {}),
        }
        try:
            yield Stage(opener(plan), simulator, plan, Machine(plan, processes))
        finally:
            context.leave()


def open_bare_company(plan: Plan) -> Company:
    """A company with an admin and nothing else."""
    return open_company(
        name="Stage",
        subdomain="stage",
        admin_email="admin@stage.example",
        password="a stage needs a password",  # noqa: S106 (gone with the stage)
    ).company
