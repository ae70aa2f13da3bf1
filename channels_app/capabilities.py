"""What each network can do and allows: one table, each number with its source.

These numbers change without notice. Change them here, with the date, and nowhere else.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from tenants.limits import Rate

VERSION = "2026-11-20"


class TextUnit(StrEnum):
    """How a network counts the length of a text."""

    CHARACTERS = "characters"
    UTF16 = "utf-16 units"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """``statuses`` are those the network reports; a page must draw no tick it cannot give."""

    max_text: int
    text_unit: TextUnit = TextUnit.CHARACTERS
    window: timedelta | None = None  # free-form messages after the contact's last one
    human_window: timedelta | None = None  # the same, for what a person wrote
    statuses: frozenset[str] = frozenset()
    sends_attachments: bool = False
    echoes_own_sends: bool = False
    returns_reference: bool = False  # hands our reference back in a status or an echo
    rate: Rate = field(default_factory=lambda: Rate(30, 1))  # per connection
    pair_rate: Rate | None = None  # per connection and contact
    sources: tuple[str, ...] = ()

    def length_of(self, text: str) -> int:
        """The length of a text as this network counts it."""
        if self.text_unit is TextUnit.BYTES:
            return len(text.encode("utf-8", "surrogatepass"))
        if self.text_unit is TextUnit.UTF16:
            return len(text.encode("utf-16-le", "surrogatepass")) // 2
        return len(text)


CAPABILITIES: dict[str, Capabilities] = {
    "messenger": Capabilities(
        max_text=2_000,
        text_unit=TextUnit.UTF16,
        window=timedelta(hours=24),
        human_window=timedelta(days=7),
        statuses=frozenset({"sent", "delivered", "read"}),
        sends_attachments=True,
        echoes_own_sends=True,
        returns_reference=True,
        rate=Rate(300, 1),
        sources=(
            "https://developers.facebook.com/docs/messenger-platform/reference/send-api",
            "https://developers.facebook.com/docs/messenger-platform/policy/policy-overview",
            "https://developers.facebook.com/docs/graph-api/overview/rate-limiting",
        ),
    ),
    "whatsapp": Capabilities(
        max_text=4_096,
        window=timedelta(hours=24),
        human_window=timedelta(hours=24),
        statuses=frozenset({"sent", "delivered", "read"}),
        sends_attachments=True,
        returns_reference=True,
        rate=Rate(80, 1),
        pair_rate=Rate(1, 6, burst=45),
        sources=(
            "https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages",
            "https://developers.facebook.com/docs/whatsapp/cloud-api/overview#throughput",
        ),
    ),
    "telegram": Capabilities(
        max_text=4_096,
        text_unit=TextUnit.UTF16,
        sends_attachments=True,
        rate=Rate(30, 1),
        pair_rate=Rate(1, 1, burst=5),
        sources=(
            "https://core.telegram.org/bots/api#sendmessage",
            "https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this",
        ),
    ),
    "custom": Capabilities(
        max_text=20_000,
        statuses=frozenset({"sent", "delivered", "read"}),
        sends_attachments=True,
        returns_reference=True,
        rate=Rate(50, 1),
        sources=("https://www.standardwebhooks.com/",),
    ),
}


def capabilities_of(platform: str) -> Capabilities:
    return CAPABILITIES[platform]
