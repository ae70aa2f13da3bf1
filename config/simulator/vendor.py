"""What every vendor of the simulator offers the server in front of it."""

import abc
from typing import Any

from config.simulator.courier import Courier, Parcel
from config.simulator.files import Shelf
from config.simulator.wire import Answer, Request
from config.simulator.world import Account, Fault, World


class Vendor(abc.ABC):
    """One company's API. ``name`` is its mount, its key for faults and its name in the journal."""

    name: str

    def __init__(self, world: World, courier: Courier) -> None:
        self.world = world
        self.courier = courier
        self.shelf = Shelf(world)

    @abc.abstractmethod
    def answer(self, request: Request) -> Answer:
        """Do what is asked, or say why not."""

    @abc.abstractmethod
    def failure(self, fault: Fault) -> Answer:
        """The documented error body for an injected fault."""


class Messenger(Vendor):
    """A vendor through which people write to accounts."""

    platforms: tuple[str, ...]
    is_polled = False  # our side may come and ask instead of being told

    @abc.abstractmethod
    def written(self, account: Account, message: dict[str, Any]) -> dict[str, Any]:
        """The webhook item for a person's message: sender_id, sender_name, text, id, and what it
        stands under: post, parent."""

    @abc.abstractmethod
    def bundle(self, account: Account, items: list[dict[str, Any]]) -> list[Parcel]:
        """The signed requests that carry these items."""

    def seen(self, account: Account, person: str, identity: str) -> list[dict[str, Any]]:
        """The items for a person who has looked at our message; none where that is not told."""
        return []

    def kept(self, account: Account) -> dict[str, dict[str, Any]] | None:
        """What lies at the vendor until our side asks for it, by its name, oldest first.

        It may be added to. None where everything is brought.
        """
        return None

    def thread_of(self, account: Account, person: str) -> str:
        """What a person's next words answer, where all of them stand under something of theirs."""
        return ""

    async def subscribe(self, account: Account) -> bool:
        """The handshake before the first webhook; True where the vendor knows none."""
        return True
