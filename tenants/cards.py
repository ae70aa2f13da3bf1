"""What upper floors show on lower floors' pages, without the lower ones knowing them.

An app offers a function for a place; the page gathers what is offered there to this person::

    @offer("conversation", order=10, permission="leads.view_lead")
    def lead_panel(conversation: Conversation) -> Panel | None: ...

Places: ``banner`` (Banner, on every page),
``dashboard.tiles`` (Tile lists), ``dashboard.steps`` (Step lists), ``dashboard.panels`` (Panel),
``dashboard.samples`` (Panel, while there are first steps to take or sample data to remove),
``conversation`` (Panel, given the conversation), ``lead`` (Panel, given the lead),
``lead.timeline`` (Moment lists, given the lead, a Before and how many), ``message``
(Panels by message id, given the messages shown), ``thread`` (Panel below it, given the
conversation), ``knowledge`` (Panel), ``menu`` (badge numbers by
menu key), ``networks`` and ``crms`` (what they are called, by their keys), ``settings`` (Panel).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Protocol, TypeVar, cast

from tenants import context

V = TypeVar("V")


class Member(Protocol):
    """Whoever asks: a person, or a test's stand-in."""

    def has_perm(self, permission: str, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class Tile:
    """One number of today."""

    label: str
    value: str
    hint: str = ""
    url: str = ""
    tone: str = ""  # "", "hot" or "alert"


@dataclass(frozen=True, slots=True)
class Step:
    """One milestone of the first ten minutes, and where to take it."""

    title: str
    hint: str
    url: str
    action: str
    is_done: bool


@dataclass(frozen=True, slots=True)
class Banner:
    """Something that must not be overlooked, on every page; ``tone`` is warn or bad."""

    text: str
    url: str
    action: str
    tone: str = "warn"


@dataclass(frozen=True, slots=True)
class Panel:
    """A template and what it needs; the template finds it as ``panel``."""

    template: str
    data: dict[str, Any] = field(default_factory=dict)


Provider = Callable[..., Any]

_offers: dict[str, list[tuple[int, str, Provider]]] = {}
_asked: ContextVar[dict[tuple[str, Callable[[], Any]], Any] | None] = ContextVar(
    "asked", default=None
)


@contextmanager
def one_page() -> Iterator[None]:
    """While one page is drawn, what ``asked_once`` says is asked once."""
    token = _asked.set({})
    try:
        yield
    finally:
        _asked.reset(token)


def asked_once(ask: Callable[[], V]) -> Callable[[], V]:
    """A number that several places of one page show: a badge, a banner, a tile."""

    @wraps(ask)
    def asked() -> V:
        known, key = _asked.get(), (context.schema(), ask)
        if known is None:
            return ask()
        if key not in known:
            known[key] = ask()
        return cast("V", known[key])

    return asked


def offer(place: str, *, order: int, permission: str) -> Callable[[Provider], Provider]:
    """Register a provider; it is asked only for people who hold the permission."""

    def keep(provider: Provider) -> Provider:
        offers = _offers.setdefault(place, [])
        offers.append((order, permission, provider))
        offers.sort(key=lambda each: each[0])
        return provider

    return keep


def gather(place: str, member: Member, *subject: Any) -> list[Any]:
    """What every provider says about the subject, in order; ``None`` means nothing to say."""
    answers = (
        provider(*subject)
        for _order, permission, provider in _offers.get(place, [])
        if member.has_perm(permission)
    )
    return [answer for answer in answers if answer is not None]


def gather_flat(place: str, member: Member, *subject: Any) -> list[Any]:
    """For places whose providers answer lists."""
    return [item for items in gather(place, member, *subject) for item in items]
