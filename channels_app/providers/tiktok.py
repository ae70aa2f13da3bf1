"""TikTok business accounts: messages and comments.

https://business-api.tiktok.com/portal/docs?id=1832183871604753 (messages) and
https://developers.tiktok.com/doc/webhooks-overview (webhooks)
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.conf import settings

from channels_app import signatures, wire
from channels_app.providers import base
from channels_app.providers.base import Inbound, Outgoing, Person, RawItem, Sent, Surface
from tenants.plugins import http
from tenants.plugins.errors import (
    AnswerLost,
    CredentialsRejected,
    PayloadRejected,
    ProviderError,
    RateLimited,
    Rejected,
    SignatureMismatch,
    WindowClosed,
)

# TikTok leaves the patience to us and delivers again for up to 72 hours. The clock only keeps
# very old recordings out; what is repeated within it is recognised by its id and counts once.
TOLERANCE = timedelta(minutes=30)
COMMENT = "comment:"  # before video and comment of a public thread
MAX_COMMENT = 150
MEDIA = {"image": "image", "video": "video", "audio": "audio", "voice": "audio", "file": "file"}
# https://business-api.tiktok.com/portal/docs?id=1737172488964097
MEANINGS: dict[int, type[ProviderError]] = {
    40001: CredentialsRejected,
    40016: RateLimited,
    40100: RateLimited,
    40102: CredentialsRejected,
    40104: CredentialsRejected,
    40105: CredentialsRejected,
    40133: RateLimited,
    40064: WindowClosed,  # no more new conversations today
}


class TikTok(base.ChannelProvider):
    class ConfigForm(forms.Form):
        app_secret = forms.CharField(
            label="Client secret", widget=forms.PasswordInput, max_length=200, required=False
        )
        client_key = forms.CharField(label="Client key", max_length=200, required=False)
        access_token = forms.CharField(
            label="Access token", widget=forms.PasswordInput, max_length=1000, required=False
        )
        refresh_token = forms.CharField(
            label="Refresh token", widget=forms.PasswordInput, max_length=1000, required=False
        )

    secret_names: ClassVar[Mapping[str, str]] = {"secret": "app_secret", "token": "access_token"}
    has_shared_address = True
    how_to_connect = (
        "In the TikTok API for Business portal, set the webhook address of your app and grant it"
        " the messages and the comments of your account. The account id is the account's open id."
        " TikTok withholds messages of people in Europe and the United Kingdom."
    )

    @classmethod
    def new_secret(cls, name: str) -> str:
        return ""

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """https://developers.tiktok.com/doc/webhooks-verification"""
        secret = base.strict_config(self.config, "app_secret")
        claimed = headers.get("TikTok-Signature", "")
        parts = dict(part.strip().partition("=")[::2] for part in claimed[:500].split(","))
        at = wire.moment(parts.get("t"))
        if at is None or abs(datetime.now(UTC) - at) > TOLERANCE:
            raise SignatureMismatch("TikTok-Signature is not of our time.")
        expected = signatures.hex_hmac(secret, f"{parts['t']}.".encode() + body)
        if not signatures.same(parts.get("s", ""), expected):
            raise SignatureMismatch("TikTok-Signature does not match the body.")

    def signed(self, body: bytes) -> dict[str, str]:
        secret = base.strict_config(self.config, "app_secret")
        at = str(int(datetime.now(UTC).timestamp()))
        claim = signatures.hex_hmac(secret, f"{at}.".encode() + body)
        return {"TikTok-Signature": f"t={at},s={claim}"}

    # -- splitting

    def split(self, body: bytes) -> Iterator[RawItem]:
        """One webhook is one event; its content is JSON within JSON."""
        envelope = wire.load_object(body)
        kind = wire.plain(envelope.get("event"), 60) or "unknown"
        account = ""
        if envelope.get("user_openid"):
            account = wire.get_account(envelope, "user_openid")
        parts = _identity_of(kind, envelope.get("content")) or (body.hex(),)
        yield RawItem(account, wire.key_of(account, kind, *parts), kind, body)

    # -- reading

    def parse(self, kind: str, body: bytes) -> list[Inbound]:
        envelope = wire.load_object(body)
        readers = {
            "im_receive_msg": _message,
            "im_send_msg": _echo,
            "im_mark_read_msg": _read_mark,
            "im_referral_msg": _referral,
            "comment.update": _comment,
            "authorization.removed": _removal,
        }
        if kind == "im_receive_msg_eu":
            why = "Somebody in Europe wrote. TikTok keeps their words in its own app."
            return [base.Unsupported(reason=why)]
        if kind not in readers:
            return [base.Unsupported(reason=f"Nothing is done about {kind!r} events.")]
        account = wire.get_id(envelope, "user_openid", required=False)
        return readers[kind](_content(envelope), account)

    # -- sending

    def send(self, message: Outgoing) -> Sent:
        business = str(self.config["account_id"])
        if message.recipient_id.startswith(COMMENT):
            return self._answer_comment(message, business)
        if message.attachments:
            raise Rejected("Only text is sent on TikTok.", code="attachment")
        body = {
            "business_id": business,
            "recipient_type": "CONVERSATION",
            "recipient": message.recipient_id,
            "message_type": "TEXT",
            "text": {"body": message.text},
        }
        data = self._post("business/message/send/", body)
        return Sent(wire.get_answer_id(data.get("message"), "message_id"))

    def _answer_comment(self, message: Outgoing, business: str) -> Sent:
        if len(message.text) > MAX_COMMENT:
            raise Rejected(f"A comment has at most {MAX_COMMENT} characters.", code="too_long")
        video, _, comment = message.recipient_id.removeprefix(COMMENT).partition(":")
        body = {
            "business_id": business,
            "video_id": video,
            "comment_id": message.answers or comment,
            "text": message.text,
        }
        data = self._post("business/comment/reply/create/", body)
        return Sent(wire.get_answer_id(data, "comment_id"))

    def probe(self) -> base.Probed:
        self._exchange(
            "GET",
            "business/get/",
            params={"business_id": str(self.config["account_id"]), "fields": '["username"]'},
        )
        return base.Probed()

    def renews(self) -> bool:
        return bool(self.config.get("refresh_token"))

    def renew(self) -> base.Renewed:
        """An access token lasts a day, its refresh token a year."""
        body = {
            "client_id": str(self.config.get("client_key") or ""),
            "client_secret": str(self.config.get("app_secret") or ""),
            "grant_type": "refresh_token",
            "refresh_token": str(self.config["refresh_token"]),
        }
        try:
            return base.renewed(self._post("tt_user/oauth2/refresh_token/", body))
        except Rejected as error:
            raise CredentialsRejected(str(error), code=error.code, status=error.status) from error

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._exchange("POST", path, json=body)

    def _exchange(self, method: str, path: str, **kwargs: Any) -> dict[str, Any]:
        """TikTok answers 200 to nearly everything; ``code`` says what it means."""
        try:
            answer = http.request(
                method,
                f"{settings.TIKTOK_API_URL}/{path}",
                headers={"Access-Token": str(self.config.get("access_token") or "")},
                idempotent=method == "GET",
                **kwargs,
            )
        except ProviderError as error:
            if error.status >= 500 and error.status != 503:
                raise AnswerLost(str(error), status=error.status) from error
            raise
        code = answer.get("code") if isinstance(answer, dict) else None
        if not isinstance(code, int):
            raise AnswerLost("TikTok answered something else than it documents.")
        if code != 0:
            raise _meaning_of(code, answer)
        return wire.get_object(answer, "data")


def _meaning_of(code: int, answer: Mapping[str, Any]) -> ProviderError:
    kind = MEANINGS.get(code, AnswerLost if code >= 50_000 else Rejected)
    return kind(wire.label(answer, "message", 400), code=str(code), payload=answer)


def _content(envelope: Mapping[str, Any]) -> dict[str, Any]:
    content = envelope.get("content")
    if isinstance(content, dict):
        return content
    return wire.load_object(wire.get_text(envelope, "content").encode("utf-8", "surrogatepass"))


def _identity_of(kind: str, content: Any) -> tuple[str, ...]:
    """What two deliveries of the same event have in common; empty if it has no id."""
    try:
        found = _content({"content": content})
    except PayloadRejected:
        return ()
    if kind in {"im_receive_msg", "im_send_msg"}:
        identifier = found.get("message_id")
        return (str(identifier),) if isinstance(identifier, str | int) and identifier else ()
    if kind == "comment.update" and isinstance(found.get("comment_id"), str | int):
        names = ("comment_id", "comment_action", "timestamp")
        return tuple(str(found.get(name)) for name in names)
    return ()


def _moment(content: Mapping[str, Any]) -> datetime | None:
    """Seconds in some events, milliseconds in others."""
    value = content.get("timestamp")
    in_milliseconds = isinstance(value, int) and value > 100_000_000_000
    return wire.moment(value, milliseconds=in_milliseconds)


def _person(content: Mapping[str, Any], side: str) -> Person:
    """Somebody by the conversation, which is where an answer goes, and by their own id."""
    user = wire.get_object(content, f"{side}_user")
    thread = wire.get_id(content, "conversation_id")
    own = wire.get_id(user, "id", required=False)
    aliases = (own,) if own else ()
    return Person(id=thread, aliases=aliases, name=wire.label(content, side, 128))


def _said(content: dict[str, Any]) -> tuple[str, tuple[base.Attachment, ...]]:
    sort = wire.label(content, "type", 40).lower()
    part = content.get(sort)
    part = part if isinstance(part, dict) else {}
    if sort == "text":
        return wire.get_text(part, "body") or wire.get_text(content, "content"), ()
    if sort in MEDIA:
        ref = wire.get_id(part, "media_id", required=False)
        return "", (base.Attachment(kind=MEDIA[sort], ref=ref),)
    if sort == "share_post":
        return "", (base.Attachment(kind="link", url=wire.web_address(part.get("embed_url"))),)
    if sort == "sticker":
        return "", (base.Attachment(kind="sticker"),)
    return "", ()


def _message(content: dict[str, Any], account: str) -> list[Inbound]:
    if wire.label(content, "type", 40).lower() == "reaction":
        return _reactions(content)
    text, attachments = _said(content)
    if not text and not attachments:
        sort = wire.plain(content.get("type"))
        return [base.Unsupported(reason=f"A message of type {sort!r}.")]
    return [
        base.InboundMessage(
            external_id=wire.get_id(content, "message_id"),
            sender=_person(content, "from"),
            sent_at=_moment(content),
            text=text,
            attachments=attachments,
        )
    ]


def _reactions(content: dict[str, Any]) -> list[Inbound]:
    found: list[Inbound] = []
    for each, _ in wire.objects(content.get("reaction")):
        if each is None:
            continue
        taken_back = wire.label(each, "operation", 20).upper() in {"REMOVE", "DELETE"}
        found.append(
            base.InboundReaction(
                external_id=wire.get_id(each, "original_msg_id"),
                by=wire.get_id(each, "unique_identifier", required=False) or "contact",
                emoji="" if taken_back else wire.label(each, "emoji", 16),
                at=_moment(content),
            )
        )
    return found[: wire.MAX_ATTACHMENTS] or [base.Unsupported(reason="A reaction without one.")]


def _echo(content: dict[str, Any], account: str) -> list[Inbound]:
    text, attachments = _said(content)
    if not text and not attachments:
        return [base.Unsupported(reason="Our side sent something without words.")]
    return [
        base.InboundEcho(
            external_id=wire.get_id(content, "message_id"),
            recipient=_person(content, "to"),
            sent_at=_moment(content),
            text=text,
            attachments=attachments,
        )
    ]


def _read_mark(content: dict[str, Any], account: str) -> list[Inbound]:
    thread, at = wire.get_id(content, "conversation_id"), _moment(content)
    if at is None:
        raise PayloadRejected("It does not say when they read.")
    if account and wire.get_id(content, "unique_identifier", required=False) == account:
        return [base.Noted(outcome="status", reason="We read it ourselves.")]
    return [base.InboundWatermark(thread_id=thread, state="read", up_to=at)]


def _referral(content: dict[str, Any], account: str) -> list[Inbound]:
    referral = wire.get_object(content, "referral")
    ad = referral.get("ad")
    name = wire.label(ad, "ad_name", 120) if isinstance(ad, dict) else ""
    return [base.Noted(outcome="referral", reason=f"They came from an ad: {name or 'unnamed'}.")]


def _comment(content: dict[str, Any], account: str) -> list[Inbound]:
    comment, action = wire.get_id(content, "comment_id"), wire.label(content, "comment_action", 40)
    if action == "delete":
        return [base.InboundDelete(external_id=comment, at=_moment(content))]
    if action != "insert":
        return [base.Noted(outcome="comment", reason=f"Comment {comment}: {wire.plain(action)}.")]
    author, text = wire.get_id(content, "unique_identifier"), wire.get_text(content, "text")
    if not text:
        return [base.Unsupported(reason="A comment without words.")]
    parent = wire.get_id(content, "parent_comment_id", required=False)
    is_reply = wire.label(content, "comment_type", 20) == "reply" and parent not in {"", "0"}
    if author == account:
        return [
            base.InboundEcho(
                external_id=comment,
                recipient=None,
                sent_at=_moment(content),
                text=text,
                reply_to=parent if is_reply else "",
            )
        ]
    video = wire.get_id(content, "video_id")
    return [
        base.InboundMessage(
            external_id=comment,
            sender=Person(id=author),
            sent_at=_moment(content),
            text=text,
            thread_id=f"{COMMENT}{video}:{parent if is_reply else comment}",
            reply_to=parent if is_reply else "",
            surface=Surface.COMMENTS,
        )
    ]


def _removal(content: dict[str, Any], account: str) -> list[Inbound]:
    text = "The account took back the access it gave us. Reconnect it."
    return [base.AccountNews(text=text, health="reconnect")]
