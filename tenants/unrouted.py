"""Webhook events that nobody's account was found for: kept in public until a company shows that the
account is its own."""

from collections.abc import Iterable
from typing import Protocol

from tenants import context
from tenants.models import UnroutedEvent

ROWS = 500  # to one statement


class Event(Protocol):
    """What a webhook's event is made of, whichever app split it off."""

    @property
    def account_id(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def body(self) -> bytes: ...


def keep_unrouted(*, platform: str, items: Iterable[Event]) -> None:
    """Keep what is genuine but for an account that nobody has connected; call it in public."""
    UnroutedEvent.objects.bulk_create(
        [
            UnroutedEvent(
                platform=platform,
                account_id=item.account_id,
                key=item.key,
                kind=item.kind,
                body=item.body,
            )
            for item in items
        ],
        batch_size=ROWS,
        ignore_conflicts=True,
    )


def unrouted(*, platform: str, account_id: str) -> list[UnroutedEvent]:
    """The next of an account's. They are encrypted with public's key, so they are read there."""
    waiting = UnroutedEvent.objects.filter(platform=platform, account_id=account_id)
    company = context.current_company()
    context.leave()
    try:
        return list(waiting.order_by("pk")[:ROWS])
    finally:
        context.enter_company(company)


def let_go(events: Iterable[UnroutedEvent]) -> None:
    """They were taken in, and stand in the company now."""
    # Where Django has to read rows to delete them, it must not decrypt what is public's.
    rows = UnroutedEvent.objects.filter(pk__in=[event.pk for event in events])
    rows.defer("body").delete()
