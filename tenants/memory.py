"""Python's garbage collector, told what kind of process this is."""

import gc

from dramatiq import Broker
from dramatiq.middleware import Middleware

OBJECTS = 50_000  # new ones before the youngest are looked through; Python's own is 700


def calm_garbage_collector() -> None:
    """Leave alone what was loaded at start, and look less often through what came since.

    Rows, queries and answers are freed by their reference counts; looking for circles among the
    hundred thousand objects of a loaded Django took a sixth of a worker's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS, 20, 50)


class CalmMemory(Middleware):
    """Does so in each worker process, once everything is loaded."""

    def after_process_boot(self, broker: Broker) -> None:
        calm_garbage_collector()
