"""The simulator's vendors inside our own process, for channels that are only tried out.

Each question finds a world that is new: what matters (messages, windows, rates) is kept by our
own rows, as for a real channel, and any process may answer.
"""

import secrets
import time
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings

from config.simulator.courier import Courier
from config.simulator.meta import Meta
from config.simulator.serving import base_urls
from config.simulator.telegram import Telegram
from config.simulator.tiktok import TikTok
from config.simulator.twilio import Twilio
from config.simulator.vendor import Messenger
from config.simulator.wire import Answer, Request
from config.simulator.world import Account, World
from tenants.plugins import sandbox
from tenants.plugins.sandbox import Answered, Given, Knock, NobodyThere

BASE = "http://sandbox"
KINDS: tuple[type[Messenger], ...] = (Meta, Telegram, TikTok, Twilio)
PLATFORMS = ("whatsapp", "messenger", "instagram", "telegram", "tiktok", "twilio")


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


class InProcess:
    """See ``tenants.plugins.sandbox.Vendors``."""

    def platforms(self) -> tuple[str, ...]:
        return PLATFORMS

    def new_account(self, platform: str) -> Given:
        digits = str(9_000_000_000_000 + secrets.randbelow(10**12))
        word = secrets.token_urlsafe(24)
        if platform == "telegram":
            return Given(digits, f"{digits}:{word}", {})
        if platform == "twilio":
            return Given(f"+{digits}", word, {"account_sid": f"AC{secrets.token_hex(16)}"})
        return Given(digits, word, {})

    def new_person(self, platform: str) -> str:
        digits = str(700_000_000 + secrets.randbelow(10**8))
        return f"+1{digits}" if platform == "twilio" else digits

    def answer(
        self,
        account: sandbox.Account,
        *,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> Answered:
        stage = Stage(account)
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
        stage = Stage(account)
        message = {
            "sender_id": person,
            "sender_name": name,
            "text": text,
            "id": "",
            "post": "",
            "at": time.time(),
        }
        return stage.knocks([stage.messenger.written(stage.account, message)])

    def seen(self, account: sandbox.Account, *, person: str, external_id: str) -> list[Knock]:
        stage = Stage(account)
        return stage.knocks(stage.messenger.seen(stage.account, person, external_id))


def _vendor_at(url: str, stage: Stage) -> tuple[Messenger, str]:
    """Who answers at an address of the settings, and the path below its mount."""
    for name, mounted in base_urls(BASE).items():
        base = str(getattr(settings, name, "")).rstrip("/")
        if base and (url == base or url.startswith(f"{base}/")):
            mount, _, rest = urlsplit(mounted + url[len(base) :]).path.strip("/").partition("/")
            if mount in stage.vendors:
                return stage.vendors[mount], f"/{rest}"
    raise NobodyThere("A sandbox speaks to nobody outside.")
