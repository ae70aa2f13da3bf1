"""Networks to try things out on: the simulator's vendors, inside our own process."""

from config.sandbox.vendors import InProcess

__all__ = ["InProcess"]
