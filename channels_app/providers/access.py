"""What a network says of our access to an account, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from channels_app.findings import Finding, Severity


@dataclass(frozen=True, slots=True)
class Renewed:
    """Fresh values for the config, and for how many seconds they last (0: for good)."""

    config: Mapping[str, Any]
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Probed:
    """What the network says about our access; no findings means all is well.

    ``scopes`` and the two ends are told where the network tells them: None leaves what we know.
    """

    findings: tuple[Finding, ...] = ()
    scopes: tuple[str, ...] | None = None
    token_ends_at: datetime | None = None
    data_access_ends_at: datetime | None = None

    @property
    def problems(self) -> tuple[str, ...]:
        """The findings as sentences, without those that are only good to know."""
        return tuple(each.text for each in self.findings if each.severity is not Severity.INFO)
