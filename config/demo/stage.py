"""A company, its vendors and our processes, ready to be written to by webhook."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from config import setup
from config.launcher import Plan, Ports
from config.machine import Machine
from config.simulator.serving import SimulatorProcess, free_port
from tenants import context
from tenants.models import Company
from tenants.services import open_company


@dataclass(frozen=True, slots=True)
class Stage:
    """What a play needs to begin."""

    company: Company
    simulator: SimulatorProcess
    plan: Plan
    machine: Machine

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{self.plan.ports.web}"


@contextlib.contextmanager
def set_stage(
    *,
    subdomain: str,
    processes: tuple[str, ...] = ("web", "worker"),
    variables: Mapping[str, str] | None = None,
) -> Iterator[Stage]:
    """Migrate, open a company, start the simulator; ``stage.machine`` is started by the caller.

    Meant for a data folder of its own (``throwaway``).
    """
    setup.check_servers()
    setup.migrate(lambda text: None)
    with SimulatorProcess() as simulator:
        ports = Ports(web=free_port(), live=free_port(), simulator=simulator.port)
        plan = Plan(ports, simulate=False)
        plan.extra = {
            **simulator.settings,
            "PUBLIC_URL": f"http://127.0.0.1:{ports.web}",
            # The CRM's webhook and the customer's own system are on loopback here.
            "ALLOW_PRIVATE_ADDRESSES": "1",
            "LOG_LEVEL": "WARNING",
            **(variables or {}),
        }
        company = open_company(
            name=subdomain.title(),
            subdomain=subdomain,
            admin_email=f"admin@{subdomain}.example",
            password="a stage needs a password",  # noqa: S106 (gone with the stage)
        ).company
        yield Stage(company, simulator, plan, Machine(plan, processes))
        context.leave()
