"""What each network can do and allows: one table, each number with its source.

These numbers change without notice. Change them here, with the date, and nowhere else.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from channels_app import network_files
from channels_app.enclosures import ANYTHING, NO_FILES, FileRules
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
    max_in_window: int = 0  # messages of ours until the contact writes again; 0: no limit
    statuses: frozenset[str] = frozenset()
    sends_attachments: bool = False
    files: FileRules = NO_FILES  # which; empty where it sends none
    echoes_own_sends: bool = False
    returns_reference: bool = False  # hands our reference back in a status or an echo
    rate: Rate = field(default_factory=lambda: Rate(30, 1))  # per connection
    pair_rate: Rate | None = None  # per connection and contact
    group_rate: Rate | None = None  # per group, whose id begins with a minus
    threads: bool = False  # a reply has to name the messages before it
    loop_guard: Rate | None = None  # faster than this, one machine is answering another
    answered_by: str = ""  # the platform that carries answers, if this one cannot
    is_public: bool = False  # everybody can read it
    private_reply_window: timedelta | None = None  # one private answer to a public comment
    hides_comments: bool = False
    sends_templates: bool = False  # approved ones go out whatever the window
    shows_typing: bool = False  # the person sees that somebody writes
    by_phone: bool = False  # people are reached by their telephone numbers
    sources: tuple[str, ...] = ()

    def rate_to(self, recipient_id: str) -> Rate | None:
        """How fast one person, or one group, may be written to."""
        is_group = self.group_rate is not None and recipient_id.startswith("-")
        return self.group_rate if is_group else self.pair_rate

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
        files=network_files.MESSENGER,
        echoes_own_sends=True,
        returns_reference=True,
        rate=Rate(300, 1),
        sources=(
            "https://developers.facebook.com/docs/messenger-platform/reference/send-api",
            "https://developers.facebook.com/docs/messenger-platform/policy/policy-overview",
            "https://developers.facebook.com/docs/graph-api/overview/rate-limiting",
            "https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/saving-assets",
        ),
    ),
    "messenger:comments": Capabilities(
        max_text=8_000,
        is_public=True,
        private_reply_window=timedelta(days=7),
        hides_comments=True,
        echoes_own_sends=True,
        rate=Rate(5, 1),
        sources=(
            "https://developers.facebook.com/docs/graph-api/reference/object/comments",
            "https://developers.facebook.com/docs/messenger-platform/discovery/private-replies",
        ),
    ),
    "instagram": Capabilities(
        max_text=1_000,
        text_unit=TextUnit.BYTES,
        window=timedelta(hours=24),
        human_window=timedelta(days=7),
        statuses=frozenset({"sent", "read"}),
        sends_attachments=True,
        files=network_files.INSTAGRAM,
        echoes_own_sends=True,
        rate=Rate(100, 1),
        sources=(
            "https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api",
            "https://developers.facebook.com/docs/messenger-platform/instagram/features/human-agent",
            "https://developers.facebook.com/docs/graph-api/overview/rate-limiting",
            "https://developers.facebook.com/documentation/business-messaging/instagram-messaging/features/attachment-upload",
        ),
    ),
    "instagram:comments": Capabilities(
        max_text=2_200,
        is_public=True,
        private_reply_window=timedelta(days=7),
        hides_comments=True,
        echoes_own_sends=True,
        rate=Rate(5, 1),
        sources=(
            "https://developers.facebook.com/docs/instagram-platform/comment-moderation",
            "https://developers.facebook.com/docs/instagram-platform/private-replies",
        ),
    ),
    "whatsapp": Capabilities(
        by_phone=True,
        max_text=4_096,
        window=timedelta(hours=24),
        human_window=timedelta(hours=24),
        statuses=frozenset({"sent", "delivered", "read"}),
        sends_attachments=True,
        files=network_files.WHATSAPP,
        sends_templates=True,
        returns_reference=True,
        rate=Rate(80, 1),
        pair_rate=Rate(1, 6, burst=45),
        sources=(
            "https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages",
            "https://developers.facebook.com/docs/whatsapp/cloud-api/overview#throughput",
            "https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media/",
        ),
    ),
    "telegram": Capabilities(
        max_text=4_096,
        text_unit=TextUnit.UTF16,
        sends_attachments=True,
        files=network_files.TELEGRAM,
        rate=Rate(30, 1),
        pair_rate=Rate(1, 1, burst=5),
        group_rate=Rate(20, 60),
        sources=(
            "https://core.telegram.org/bots/api#sendmessage",
            "https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this",
            "https://core.telegram.org/bots/api#sending-files",
        ),
    ),
    "x": Capabilities(
        max_text=10_000,
        statuses=frozenset({"read"}),
        sends_attachments=True,
        files=network_files.X,
        echoes_own_sends=True,
        rate=Rate(15, 900),
        sources=(
            "https://docs.x.com/x-api/fundamentals/rate-limits",
            "https://docs.x.com/x-api/direct-messages/manage/introduction",
            "https://docs.x.com/x-api/media/introduction",
        ),
    ),
    "x:comments": Capabilities(
        max_text=280,
        is_public=True,
        echoes_own_sends=True,
        rate=Rate(100, 900),
        sources=(
            "https://docs.x.com/fundamentals/counting-characters",
            "https://docs.x.com/x-api/fundamentals/rate-limits",
        ),
    ),
    # Everything on it is public: a page has no messages that a program may read.
    "linkedin": Capabilities(
        max_text=1_250,
        is_public=True,
        echoes_own_sends=True,
        rate=Rate(1, 2, burst=5),
        sources=(
            "https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/comments-api",
            "https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/rate-limits",
        ),
    ),
    "tiktok": Capabilities(
        max_text=6_000,
        window=timedelta(hours=48),
        max_in_window=10,
        statuses=frozenset({"read"}),
        sends_attachments=True,
        files=network_files.TIKTOK,
        echoes_own_sends=True,
        rate=Rate(60, 60),
        sources=("https://business-api.tiktok.com/portal/docs?id=1832184403754242",),
    ),
    "tiktok:comments": Capabilities(
        max_text=150,
        is_public=True,
        rate=Rate(60, 60),
        sources=("https://business-api.tiktok.com/portal/docs?id=1762228496184322",),
    ),
    "twilio": Capabilities(
        by_phone=True,
        max_text=1_600,
        statuses=frozenset({"sent", "delivered"}),
        sends_attachments=True,
        files=network_files.TWILIO,
        rate=Rate(10, 1),
        sources=(
            "https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource",
            "https://help.twilio.com/articles/115002943027",
            "https://www.twilio.com/docs/messaging/guides/accepted-mime-types",
        ),
    ),
    "twilio_whatsapp": Capabilities(
        by_phone=True,
        max_text=1_600,
        window=timedelta(hours=24),
        human_window=timedelta(hours=24),
        statuses=frozenset({"sent", "delivered", "read"}),
        sends_attachments=True,
        files=network_files.TWILIO_WHATSAPP,
        rate=Rate(80, 1),
        pair_rate=Rate(1, 6, burst=45),
        sources=(
            "https://www.twilio.com/docs/whatsapp/key-concepts#the-customer-service-window",
            "https://www.twilio.com/docs/api/errors/63016",
            "https://www.twilio.com/docs/whatsapp/guidance-whatsapp-media-messages",
        ),
    ),
    "email": Capabilities(
        max_text=100_000,
        statuses=frozenset({"sent", "delivered"}),  # by an e-mail service's events; never by SMTP
        sends_attachments=True,
        # Base64 adds a third; most mail servers take letters of 25 MB.
        files=network_files.EMAIL,
        returns_reference=True,
        rate=Rate(2, 1, burst=10),  # Resend: two requests a second; mail servers bear no more
        threads=True,
        loop_guard=Rate(10, 3600),
        sources=(
            "https://www.rfc-editor.org/rfc/rfc5322#section-3.6.4",
            "https://www.rfc-editor.org/rfc/rfc3834#section-4",
            "https://resend.com/docs/api-reference/introduction#rate-limit",
        ),
    ),
    "form": Capabilities(
        max_text=100_000,
        sends_attachments=True,
        files=network_files.EMAIL,
        loop_guard=Rate(5, 3600),
        answered_by="email",
        sources=("https://www.rfc-editor.org/rfc/rfc7578",),
    ),
    # Our own network; its limits are ours to choose.
    "webchat": Capabilities(
        max_text=8_000,
        statuses=frozenset({"sent", "delivered", "read"}),
        sends_attachments=True,
        files=ANYTHING,
        returns_reference=True,
        shows_typing=True,
        rate=Rate(200, 1),
        sources=("https://html.spec.whatwg.org/multipage/server-sent-events.html",),
    ),
    "custom": Capabilities(
        max_text=20_000,
        statuses=frozenset({"sent", "delivered", "read"}),
        sends_attachments=True,
        files=ANYTHING,
        returns_reference=True,
        rate=Rate(50, 1),
        sources=("https://www.standardwebhooks.com/",),
    ),
}


def capabilities_of(platform: str, surface: str = "direct") -> Capabilities:
    """The row of a network; in public it may have another one, ``<platform>:<surface>``."""
    return CAPABILITIES.get(f"{platform}:{surface}") or CAPABILITIES[platform]
