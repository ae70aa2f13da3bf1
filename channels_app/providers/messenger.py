"""A Facebook page: Messenger, comments, mentions, ratings and reactions.

https://developers.facebook.com/docs/messenger-platform/webhooks
https://developers.facebook.com/docs/graph-api/webhooks/reference/page
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

from channels_app import graph, wire
from channels_app.providers import values
from channels_app.providers.meta import MetaChannel
from channels_app.providers.meta_events import nothing_done
from channels_app.providers.values import Inbound, Outgoing, Person, Surface

EMOJI = {
    "like": "👍",
    "love": "❤️",
    "care": "🤗",
    "haha": "😆",
    "wow": "😮",
    "sad": "😢",
    "sorry": "😢",
    "angry": "😠",
}
POSTS = {"post", "status", "photo", "video", "share", "album", "event", "note", "link"}
EDITED = {"edit", "edited"}
REMOVED = {"remove", "delete"}
STARS = 5


class Messenger(MetaChannel):
    how_to_connect = _(
        "In your Meta app, add the Messenger product, enter the webhook address and the verify"
        " token, and subscribe the page to messages, message_echoes, message_edits,"
        " message_reactions, message_deliveries, message_reads, messaging_postbacks,"
        " messaging_referrals, messaging_handovers, standby, feed, mention and ratings."
    )
    page_fields = (
        "messages",
        "message_echoes",
        "message_edits",
        "message_reactions",
        "message_deliveries",
        "message_reads",
        "messaging_postbacks",
        "messaging_referrals",
        "messaging_handovers",
        "standby",
        "feed",
        "mention",
        "ratings",
    )
    webhook_object = "page"
    answers_edge = "comments"
    hidden_field = "is_hidden"

    def unsubscribe(self) -> bool:
        """https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps/#Deleting

        An Instagram account behind this page goes by the same subscription: whoever still has
        it connected asks for it again.
        """
        if not self._token:
            return False
        graph.delete("me/subscribed_apps", self._token)
        return True

    def _envelope(self, message: Outgoing) -> dict[str, Any]:
        """``metadata`` comes back in the echo, which finds a message whose answer was lost."""
        body = super()._envelope(message)
        body["message"]["metadata"] = message.reference
        return body

    def _public(self, kind: str, change: dict[str, Any]) -> list[Inbound]:
        _, _, rest = kind.partition("changes ")
        field, _, item = rest.partition(" ")
        if field not in {"feed", "mention", "ratings"}:
            return [nothing_done(rest or kind)]
        value = wire.get_object(change, "value")
        verb = wire.label(value, "verb", 20)
        if item in {"reaction", "like"}:
            return [_reaction(value, verb)]
        if item == "rating":
            return [_rating(value, verb)]
        if item == "comment" or (field == "mention" and value.get("comment_id")):
            return [self._said(value, verb, wire.get_id(value, "comment_id"))]
        if item in POSTS:
            return [self._post(value, verb)]
        return [nothing_done(rest)]

    def _post(self, value: dict[str, Any], verb: str) -> Inbound:
        """What a visitor posts on the page, or where the page is mentioned."""
        author = _author(value)
        if author is None or author.id == self.account_id:
            return values.Noted(outcome="post", reason=f"A post of the page's own ({verb}).")
        return self._said(value, verb, wire.get_id(value, "post_id"))

    def _said(self, value: dict[str, Any], verb: str, external_id: str) -> Inbound:
        """Somebody says something in public, changes it, or takes it back."""
        at = wire.moment(value.get("created_time"))
        if verb in REMOVED:
            return values.InboundDelete(external_id=external_id, at=at)
        if verb in EDITED:
            said = self._added(value, external_id)
            return values.InboundEdit(
                external_id=external_id,
                text=wire.get_text(value, "message"),
                at=at,
                said=said if isinstance(said, values.InboundMessage) else None,
            )
        if verb in {"hide", "unhide"}:
            return values.InboundHidden(external_id=external_id, hidden=verb == "hide")
        if verb != "add":
            return values.Unsupported(reason=f"Nothing is done about {wire.plain(verb)!r}.")
        return self._added(value, external_id)

    def _added(self, value: dict[str, Any], external_id: str) -> Inbound:
        text, attachments = wire.get_text(value, "message"), _pictures(value)
        post = wire.get_id(value, "post_id", required=False)
        parent = wire.get_id(value, "parent_id", required=False)
        # Without the permission to see people, a comment has no author.
        author = _author(value) or Person(id=f"comment:{external_id}"[: wire.MAX_ID])
        at = wire.moment(value.get("created_time"))
        if author.id == self.account_id:
            return values.InboundEcho(
                external_id=external_id,
                recipient=None,
                sent_at=at,
                text=text,
                attachments=attachments,
                reply_to=parent,
            )
        if not text and not attachments:
            return values.Unsupported(reason="The network does not tell what was said.")
        return values.InboundMessage(
            external_id=external_id,
            sender=author,
            sent_at=at,
            text=text,
            attachments=attachments,
            thread_id=f"{post}:{author.id}"[: wire.MAX_ID],
            reply_to=parent if parent != post else "",
            surface=Surface.COMMENTS,
            details={"post": post} if post else {},
        )


def _author(value: dict[str, Any]) -> Person | None:
    """Newer versions say ``from``, older ones ``sender_id`` and ``sender_name``."""
    author = wire.get_object(value, "from")
    if author.get("id"):
        return Person(id=wire.get_id(author, "id"), name=wire.label(author, "name"))
    for who in ("sender", "reviewer"):
        if identity := wire.get_id(value, f"{who}_id", required=False):
            return Person(id=identity, name=wire.label(value, f"{who}_name"))
    return None


def _pictures(value: dict[str, Any]) -> tuple[values.Attachment, ...]:
    found = [("image", value.get("photo")), ("video", value.get("video"))]
    many = value.get("photos")
    found += [("image", url) for url in many] if isinstance(many, list) else []
    found.append(("link", value.get("link")))
    if value.get("verb") == "add" and not value.get("message") and value.get("post_id"):
        # A mention comes without its text: people open it there.
        post = wire.label(value, "post_id")
        found.append(("link", f"https://www.facebook.com/{post}" if post else ""))
    kept = [(kind, wire.web_address(url)) for kind, url in found]
    files = [values.Attachment(kind=kind, url=url) for kind, url in kept if url]
    return tuple(files[: wire.MAX_ATTACHMENTS])


def _reaction(value: dict[str, Any], verb: str) -> Inbound:
    comment = wire.get_id(value, "comment_id", required=False)
    target = comment or wire.get_id(value, "post_id", required=False)
    author = _author(value)
    word = wire.label(value, "reaction_type", 20) or "like"
    if not target or author is None:
        return values.Noted(
            outcome="reaction", reason=f"Somebody's {wire.plain(word)} of the page."
        )
    return values.InboundReaction(
        external_id=target,
        by=author.id,
        emoji="" if verb in REMOVED else EMOJI.get(word, word)[:16],
        at=wire.moment(value.get("created_time")),
        on_ours="" if comment else "a post",
    )


def _rating(value: dict[str, Any], verb: str) -> Inbound:
    """https://developers.facebook.com/docs/graph-api/webhooks/reference/page#ratings"""
    external_id = wire.get_id(value, "open_graph_story_id")
    at = wire.moment(value.get("created_time"))
    if verb in REMOVED:
        return values.InboundDelete(external_id=external_id, at=at)
    stars = min(max(wire.number(value, "rating"), 0), STARS)
    shown = (
        "★" * stars + "☆" * (STARS - stars) if stars else wire.label(value, "recommendation_type")
    )
    text = "\n".join(filter(None, [shown, wire.get_text(value, "review_text")]))
    author = _author(value)
    said = None
    if author is not None and text:
        said = values.InboundMessage(
            external_id=external_id,
            sender=author,
            sent_at=at,
            text=text,
            thread_id=f"rating:{author.id}"[: wire.MAX_ID],
            surface=Surface.COMMENTS,
            details={"rating": shown},
        )
    if verb in EDITED:
        return values.InboundEdit(external_id=external_id, text=text, at=at, said=said)
    return said or values.Unsupported(reason="A rating without an author or a word.")
