"""Who listens while an answer is written."""

from typing import Any, Protocol


class Hearer(Protocol):
    """Told of each attempt at an answer, and of its sentences as they come, unchecked."""

    def begins(self) -> None:
        """A model begins: what was heard before was of an attempt that came to nothing."""

    def hears(self, sentence: dict[str, Any]) -> None:
        """One sentence is whole; nobody has checked it."""
