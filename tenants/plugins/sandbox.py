"""Accounts that no network knows: whatever their plug-in asks stays inside this process.

Somebody stands in for the networks (``install``); a plug-in that is ``kept_inside`` speaks to
them and to nobody else, whichever address it names. It does not know the difference.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import Any, NamedTuple, Protocol, TypeVar, cast

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class Account:
    """One of those accounts, as its network would know it."""

    platform: str
    account_id: str
    secret: str = ""
    token: str = ""
    webhook_url: str = ""


class Knock(NamedTuple):
    """A webhook as the network would send it."""

    body: bytes
    headers: dict[str, str]


class Given(NamedTuple):
    """An account's id, the token that opens it, and what else its form asks."""

    account_id: str
    token: str
    settings: dict[str, str]


class NobodyThere(LookupError):
    """No network that stands in has this address."""


class Answered(NamedTuple):
    """What a network answered."""

    status: int
    headers: dict[str, str]
    content: bytes


class Vendors(Protocol):
    """Who stands in for the networks."""

    def platforms(self) -> tuple[str, ...]:
        """The networks somebody can be a customer on."""
        ...

    def new_account(self, platform: str) -> Given:
        """An account as the network would give us one."""
        ...

    def new_person(self, platform: str) -> str:
        """An id of a person, as the network writes them."""
        ...

    def is_person(self, platform: str, name: str) -> bool:
        """Whether the network could call a person so."""
        ...

    def answer(
        self, account: Account, *, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> Answered:
        """What the network would answer; raises NobodyThere."""
        ...

    def written(self, account: Account, *, person: str, name: str, text: str) -> list[Knock]:
        """What the network would send us when a person writes."""
        ...

    def seen(self, account: Account, *, person: str, external_id: str) -> list[Knock]:
        """What it would send us when the person has seen a message of ours."""
        ...


_installed: list[Vendors] = []
_current: ContextVar[Account | None] = ContextVar("sandbox_account", default=None)


def install(vendors: Vendors) -> None:
    """Called once, by whoever wires the apps together."""
    _installed[:] = [vendors]


def vendors() -> Vendors:
    if not _installed:
        raise RuntimeError("Nobody stands in for the networks here.")
    return _installed[0]


@contextmanager
def inside(account: Account) -> Iterator[None]:
    """Everything asked of the outside meanwhile is answered inside."""
    token = _current.set(account)
    try:
        yield
    finally:
        _current.reset(token)


def pretended() -> Account | None:
    """For which account we are inside; None where we are not."""
    return _current.get()


def kept_inside(plugin: P, account: Account) -> P:
    """The same plug-in, whose every deed is done ``inside``."""
    return cast("P", _Kept(plugin, account))


class _Kept:
    def __init__(self, plugin: Any, account: Account) -> None:
        self._plugin = plugin
        self._account = account

    @property  # type: ignore[misc]
    def __class__(self) -> type[Any]:
        """For ``isinstance``: what it would be outside."""
        return type(self._plugin)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._plugin, name)
        if not callable(found):
            return found

        @wraps(found)
        def kept(*args: Any, **kwargs: Any) -> Any:
            with inside(self._account):
                return found(*args, **kwargs)

        return kept
