"""What one can connect: every network, what it can do here, and how one gets in."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from channels_app.capabilities import CAPABILITIES, Capabilities, capabilities_of
from channels_app.providers import CHANNELS
from channels_app.services.signing_in import available_ways, label_of, operator_hint

# Where a network stands in the gallery; one that is not named here stands under the last.
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        gettext_noop("Social networks"),
        ("messenger", "instagram", "x", "linkedin", "tiktok"),
    ),
    (
        gettext_noop("Messengers and phone"),
        ("whatsapp", "telegram", "twilio", "twilio_whatsapp"),
    ),
    (gettext_noop("Your website and e-mail"), ("webchat", "email", "form")),
    (gettext_noop("Anything else"), ("custom",)),
)
ABOUT: dict[str, str] = {
    "messenger": gettext_noop("Messenger, comments, mentions and ratings of a Facebook page."),
    "instagram": gettext_noop("Direct messages, story replies, comments and mentions."),
    "whatsapp": gettext_noop("Your number at the WhatsApp Business Platform, run by Meta."),
    "telegram": gettext_noop("A bot that people write to, in private or in groups."),
    "x": gettext_noop("Direct messages and mentions of an account at X."),
    "linkedin": gettext_noop("Comments on the posts of a company page, and where it is mentioned."),
    "tiktok": gettext_noop("Messages and comments of a TikTok business account."),
    "twilio": gettext_noop("Text messages to a number of yours at Twilio."),
    "twilio_whatsapp": gettext_noop("A WhatsApp number that Twilio runs for you."),
    "email": gettext_noop("A mailbox or an e-mail service; replies keep their thread."),
    "webchat": gettext_noop("A chat on your own pages; answers appear as they are written."),
    "form": gettext_noop("A form on your own pages; you answer by e-mail."),
    "custom": gettext_noop("A signed webhook in and out: n8n, Zapier, any script of yours."),
}
ICONS: dict[str, str] = {
    "twilio": "net-sms",
    "twilio_whatsapp": "net-whatsapp",
    "custom": "net-code",
}
DRAWN = frozenset(
    {"messenger", "instagram", "whatsapp", "telegram", "x", "linkedin", "tiktok", "email", "form"}
    | {"webchat"}
)


@dataclass(frozen=True, slots=True)
class Way:
    """A sign-in that leads to this network's accounts."""

    kind: str
    label: str


@dataclass(frozen=True, slots=True)
class Card:
    """One network of the gallery."""

    kind: str
    label: str
    icon: str
    about: str = ""
    abilities: tuple[str, ...] = ()
    ways: tuple[Way, ...] = ()  # of signing in
    wanting: str = ""  # sign-ins there could be, had the operator entered our app


@dataclass(frozen=True, slots=True)
class Group:
    """Cards that belong together."""

    title: str
    cards: tuple[Card, ...] = field(default=())


def gallery() -> list[Group]:
    """Every registered network, in groups; a network nobody placed comes last."""
    placed = {kind for _title, kinds in GROUPS for kind in kinds}
    stray = tuple(kind for kind in CHANNELS if kind not in placed)
    last = len(GROUPS) - 1
    found = []
    for number, (title, kinds) in enumerate(GROUPS):
        here = (*kinds, *stray) if number == last else kinds
        cards = tuple(card_of(kind) for kind in here if kind in CHANNELS)
        if cards:
            found.append(Group(_(title), cards))
    return found


def card_of(kind: str) -> Card:
    """What the gallery says about one network."""
    about = ABOUT.get(kind, "")
    return Card(
        kind=kind,
        label=CHANNELS.label(kind),
        icon=ICONS.get(kind) or (f"net-{kind}" if kind in DRAWN else "channels"),
        about=_(about) if about else "",
        abilities=tuple(_abilities(kind)),
        ways=tuple(ways_of(kind)),
        wanting=", ".join(map(label_of, operator_hint(kind))),
    )


def ways_of(kind: str) -> list[Way]:
    """The sign-ins that are set up for a network."""
    return [Way(way, label_of(way)) for way in available_ways(kind)]


def _abilities(kind: str) -> Iterator[str]:
    can = capabilities_of(kind)
    if not can.is_public:
        yield _("Messages")
    if can.is_public or f"{kind}:comments" in CAPABILITIES:
        yield _("Comments")
    yield from _further(can)


def _further(can: Capabilities) -> Iterator[str]:
    if can.sends_attachments:
        yield _("Files")
    if can.sends_templates:
        yield _("Templates")
    if "read" in can.statuses:
        yield _("Read receipts")
    elif "delivered" in can.statuses:
        yield _("Delivery receipts")
