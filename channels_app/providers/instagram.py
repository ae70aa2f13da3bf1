"""An Instagram business account: direct messages, comments, mentions.

https://developers.facebook.com/docs/instagram-platform/webhooks
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from channels_app import graph, wire
from channels_app.findings import Severity, finding
from channels_app.providers import values
from channels_app.providers.access import Probed, Renewed
from channels_app.providers.meta import MetaChannel
from channels_app.providers.meta_events import COMMENT_FIELDS, nothing_done
from channels_app.providers.values import Inbound, Outgoing, Person, RawItem, Sent, Surface
from tenants.plugins.errors import AnswerLost, PayloadRejected

REMOVED = {"remove", "removed", "delete"}
EDITED = {"edit", "edited"}
MENTION = "mention:"  # before the ids of a mention: media, then the comment if it is in one
FETCHED = "mentioned"


class Instagram(MetaChannel):
    how_to_connect = _(
        "In your Meta app, add the Instagram product, enter the webhook address and the verify"
        " token, and subscribe to messages, messaging_postbacks, message_reactions, message_edit,"
        " messaging_seen, messaging_referral, messaging_handover, standby, comments,"
        " live_comments and mentions. The account id is the Instagram professional account's id."
    )
    # Any one field lets a page pass Instagram's webhooks on; which those are is set at the app.
    page_fields = ("feed",)
    own_fields = (
        "messages",
        "messaging_postbacks",
        "message_reactions",
        "messaging_seen",
        "messaging_referral",
        "comments",
        "live_comments",
        "mentions",
    )
    webhook_object = "instagram"
    answers_edge = "replies"
    hidden_field = "hide"

    # -- reading

    def _public(self, kind: str, change: dict[str, Any]) -> list[Inbound]:
        _, _, field = kind.partition("changes ")
        if kind == FETCHED:
            return [_mention(change)]
        if field == "mentions":
            raise values.ToBeFetched  # it says where we were mentioned, and neither by whom nor how
        if field not in COMMENT_FIELDS:
            return [nothing_done(field or kind)]
        return [self._comment(wire.get_object(change, "value"), field)]

    def _comment(self, value: dict[str, Any], field: str) -> Inbound:
        """The id is called ``id`` or ``comment_id``, depending on the login and the version."""
        name = "id" if value.get("id") else "comment_id"
        external_id = wire.get_id(value, name)
        at = wire.moment(value.get("created_time") or value.get("timestamp"))
        verb = wire.label(value, "verb", 20)
        if verb in REMOVED:
            return values.InboundDelete(external_id=external_id, at=at)
        text = wire.get_text(value, "text")
        told = self._said(value, field, external_id, at)
        if verb not in EDITED:
            return told
        said = told if isinstance(told, values.InboundMessage) else None
        return values.InboundEdit(external_id=external_id, text=text, at=at, said=said)

    def _said(
        self, value: dict[str, Any], field: str, external_id: str, at: datetime | None
    ) -> Inbound:
        text = wire.get_text(value, "text")
        author = wire.get_object(value, "from")
        person = Person(id=wire.get_id(author, "id"), name=wire.label(author, "username"))
        parent = wire.get_id(value, "parent_id", required=False)
        if person.id == self.account_id:
            return values.InboundEcho(
                external_id=external_id, recipient=None, sent_at=at, text=text, reply_to=parent
            )
        if not text:
            return values.Unsupported(reason="A comment without a text.")
        media = wire.get_id(wire.get_object(value, "media"), "id", required=False)
        return values.InboundMessage(
            external_id=external_id,
            sender=person,
            sent_at=at,
            text=text,
            thread_id=f"{media}:{person.id}"[: wire.MAX_ID],
            reply_to=parent,
            surface=Surface.COMMENTS,
            details={"post": media, "live": field == "live_comments"},
        )

    def fetch(self, kind: str, body: bytes) -> RawItem:
        """https://developers.facebook.com/docs/instagram-platform/instagram-api-with-facebook-login/mentions"""
        value = wire.get_object(wire.load_object(body), "value")
        media = wire.get_id(value, "media_id")
        comment = wire.get_id(value, "comment_id", required=False)
        fields = f"mentioned_media.media_id({media}){{caption,username,timestamp,media_url}}"
        if comment:
            fields = f"mentioned_comment.comment_id({comment}){{text,username,timestamp}}"
        answer = self._ask(self.account_id, {"fields": fields})
        found = wire.dumps({"media": media, "comment": comment, "answer": answer})
        return RawItem(self.account_id, "", FETCHED, found)

    # -- an account that signed in at Instagram, without a Facebook page

    @property
    def _signed_in_here(self) -> bool:
        return self.config.get("login") == "instagram"

    @property
    def _graph(self) -> str:
        return graph.instagram() if self._signed_in_here else ""

    def subscribe(self, webhook_url: str) -> bool:
        """https://developers.facebook.com/docs/instagram-platform/webhooks#enable-subscriptions"""
        if not self._signed_in_here:
            return super().subscribe(webhook_url)
        self._tell("me/subscribed_apps", {"subscribed_fields": ",".join(self.own_fields)})
        return True

    def probe(self) -> Probed:
        """Instagram's own API has nothing that tells of a token; its answers do."""
        if not self._signed_in_here:
            return super().probe()
        found = [] if self.owns(self.account_id) else [finding("wrong_account", found="@")]
        lacking = sorted(set(self.own_fields) - self.subscribed_fields())
        if len(lacking) == len(self.own_fields):
            found.append(finding("not_subscribed"))
        elif lacking:
            found.append(finding("fields", Severity.WARNING, fields=", ".join(lacking)))
        return Probed(tuple(found))

    def owns(self, account_id: str) -> bool:
        if not self._signed_in_here:
            return super().owns(account_id)
        me = self._ask("me", {"fields": "user_id"})
        return wire.get_id(me, "user_id", required=False) == account_id

    def renews(self) -> bool:
        return self._signed_in_here and bool(self._token)

    def renew(self) -> Renewed:
        """A token of sixty days becomes another one, as long as it has not ended.

        https://developers.facebook.com/docs/instagram-platform/reference/refresh_access_token
        """
        asked = {"grant_type": "ig_refresh_token", "access_token": self._token}
        base_url = settings.INSTAGRAM_GRAPH_URL
        answer = graph.get("refresh_access_token", self._token, asked, base=base_url)
        token = wire.label(answer, "access_token", 1000)
        if not token:
            raise AnswerLost("The answer holds no access token.")
        return Renewed({"page_token": token}, wire.number(answer, "expires_in"))

    # -- sending

    def _answer_in_public(self, message: Outgoing) -> Sent:
        if not message.answers.startswith(MENTION):
            return super()._answer_in_public(message)
        media, _, comment = message.answers.removeprefix(MENTION).partition(":")
        where = {"media_id": media, **({"comment_id": comment} if comment else {})}
        body = {**where, "message": message.text}
        answer = self._tell(f"{self.account_id}/mentions", body)
        return Sent(wire.get_answer_id(answer, "id"))


def _mention(found: dict[str, Any]) -> Inbound:
    """A mention as it was fetched: in a comment, or in the caption of a post."""
    media = wire.get_id(found, "media")
    comment = wire.get_id(found, "comment", required=False)
    answer = wire.get_object(found, "answer")
    said = wire.get_object(answer, "mentioned_comment" if comment else "mentioned_media")
    text = wire.get_text(said, "text" if comment else "caption")
    if not text:
        raise PayloadRejected("The network does not tell what was said.")
    name = wire.label(said, "username")
    external_id = f"{MENTION}{media}:{comment}".rstrip(":")
    author = f"@{name}" if name else external_id
    picture = wire.web_address(said.get("media_url"))
    return values.InboundMessage(
        external_id=external_id,
        sender=Person(id=author, name=name),
        sent_at=wire.moment(said.get("timestamp")),
        text=text,
        attachments=(values.Attachment(kind="link", url=picture),) if picture else (),
        thread_id=f"{MENTION}{media}:{author}"[: wire.MAX_ID],
        surface=Surface.COMMENTS,
        details={"post": media},
    )
