"""The simulator's vendors inside our own process, for channels that are only tried out.

Each question finds a world that is new: what matters (messages, windows, rates) is kept by our
own rows, as for a real channel, and any process may answer. Only what waits for us to fetch it
is kept here (``memory``).
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.conf import settings

from config.sandbox import accounts
from config.sandbox.memory import Memory
from config.simulator.courier import Courier
from config.simulator.hooks import Hooks
from config.simulator.linkedin import LinkedIn
from config.simulator.meta import Meta
from config.simulator.resend import Resend
from config.simulator.serving import base_urls
from config.simulator.telegram import Telegram
from config.simulator.tiktok import TikTok
from config.simulator.twilio import Twilio
from config.simulator.vendor import Messenger
from config.simulator.website import Website
from config.simulator.wire import Answer, Request
from config.simulator.world import Account, World
from config.simulator.x import X
from tenants.plugins import sandbox
from tenants.plugins.sandbox import Answered, Given, Knock, NobodyThere

KINDS: tuple[type[Messenger], ...] = (
    Meta,
    Telegram,
    X,
    LinkedIn,
    TikTok,
    Twilio,
    Resend,
    Website,
    Hooks,
)
PLATFORMS = tuple(platform for kind in KINDS for platform in kind.platforms)


class SilentCourier(Courier):
    """Nothing is sent by itself: the customer's phone says what it has seen."""

    def soon(self, work: Any) -> None:
        work.close()

    def send(self, *args: Any, **options: Any) -> None:
        """Echoes and statuses of the vendor's own accord."""

    def visit(self, *args: Any, **options: Any) -> None:
        """A vendor that fetches a file which we only named."""


class Stage:
    """One account's network, for one question."""

    def __init__(self, account: sandbox.Account) -> None:
        world = World()
        courier = SilentCourier(world)
        self.vendors: dict[str, Messenger] = {kind.name: kind(world, courier) for kind in KINDS}
        self.messenger = next(
            each for each in self.vendors.values() if account.platform in each.platforms
        )
        self.account: Account = world.account(account.platform, account.account_id)
        self.account.secret, self.account.token = account.secret, account.token
        self.account.webhook_url = account.webhook_url

    def knocks(self, items: Iterable[dict[str, Any]]) -> list[Knock]:
        return [
            Knock(parcel.body, parcel.headers)
            for item in items
            for parcel in self.messenger.bundle(self.account, [item])
        ]


@contextmanager
def staged(account: sandbox.Account) -> Iterator[Stage]:
    """The account's network for one question, with what it keeps for us; new pieces stay there."""
    stage = Stage(account)
    kept = stage.messenger.kept(stage.account)
    if kept is None:
        yield stage
        return
    memory = Memory(account)
    kept.update(memory.recall())
    known = set(kept)
    yield stage
    memory.keep({name: piece for name, piece in kept.items() if name not in known})


class InProcess:
    """See ``tenants.plugins.sandbox.Vendors``."""

    def platforms(self) -> tuple[str, ...]:
        return PLATFORMS

    def new_account(self, platform: str) -> Given:
        return accounts.new_account(platform)

    def new_person(self, platform: str) -> str:
        return accounts.new_person(platform)

    def is_person(self, platform: str, name: str) -> bool:
        return accounts.is_person(platform, name)

    def answer(
        self,
        account: sandbox.Account,
        *,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> Answered:
        with staged(account) as stage:
            address, _, query = url.partition("?")
            vendor, path = _vendor_at(address, stage)
            asked = {name.lower(): value for name, value in headers.items()}
            fields = dict(parse_qsl(query, keep_blank_values=True))
            answer: Answer = vendor.answer(Request(method, path, fields, asked, body))
        content = b"".join(answer.chunks) or answer.encoded()
        return Answered(
            answer.status, {"content-type": "application/json", **answer.headers}, content
        )

    def written(
        self, account: sandbox.Account, *, person: str, name: str, text: str
    ) -> list[Knock]:
        with staged(account) as stage:
            message = {
                "sender_id": person,
                "sender_name": name,
                "text": text,
                "id": "",
                "post": "",
                "parent": stage.messenger.thread_of(stage.account, person),
                "at": time.time(),
            }
            return stage.knocks([stage.messenger.written(stage.account, message)])

    def seen(self, account: sandbox.Account, *, person: str, external_id: str) -> list[Knock]:
        with staged(account) as stage:
            return stage.knocks(stage.messenger.seen(stage.account, person, external_id))


def _vendor_at(url: str, stage: Stage) -> tuple[Messenger, str]:
    """Who answers at an address of the settings or of our own making, and the path below."""
    for base, mounted in _mounts():
        if base and (url == base or url.startswith(f"{base}/")):
            mount, _, rest = urlsplit(mounted + url[len(base) :]).path.strip("/").partition("/")
            if mount in stage.vendors:
                return stage.vendors[mount], f"/{unquote(rest)}"  # as a server hands paths on
    raise NobodyThere("A sandbox speaks to nobody outside.")


def _mounts() -> Iterator[tuple[str, str]]:
    """The networks' addresses, and where each one's vendor is mounted."""
    yield accounts.BASE, accounts.BASE
    for name, mounted in base_urls(accounts.BASE).items():
        yield str(getattr(settings, name, "")).rstrip("/"), mounted
