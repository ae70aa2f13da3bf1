"""X: direct messages and mentions. https://docs.x.com/x-api/webhooks/introduction

Two shapes of webhook say the same: Account Activity (lists of events under ``for_user_id``) and
X Activity (one event under ``data``, for the user in its filter). A message between two accounts
that are both connected comes twice, once for each: they are two items.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

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
    RecipientUnreachable,
    Rejected,
    SignatureMismatch,
)

POST = "post:"  # before the author of a public thread
# List in an Account Activity envelope -> kind of its elements.
LANES = {
    "direct_message_events": "dm",
    "tweet_create_events": "tweet",
    "direct_message_mark_read_events": "dm_read",
}
# Event of X Activity -> the same kinds.
ACTIVITIES = {
    "dm.received": "dm",
    "dm.sent": "dm",
    "dm.read": "dm_read",
    "post.create": "post",
    "post.mention.create": "post",
    "post.reply.create": "post",
    "post.quote.create": "post",
    "post.delete": "post_delete",
    "oauth.revoke": "revoke",
}
# Problem types that are about our app or our token, not about the person.
OUR_FAULT = ("unsupported-authentication", "client-forbidden", "oauth1-permissions", "not-enrolled")


class X(base.ChannelProvider):
    class ConfigForm(forms.Form):
        app_secret = forms.CharField(
            label="Consumer secret", widget=forms.PasswordInput, max_length=200, required=False
        )
        access_token = forms.CharField(
            label="User access token", widget=forms.PasswordInput, max_length=1000, required=False
        )
        refresh_token = forms.CharField(
            label="Refresh token", widget=forms.PasswordInput, max_length=1000, required=False
        )
        client_id = forms.CharField(label="OAuth 2.0 client id", max_length=200, required=False)
        client_secret = forms.CharField(
            label="OAuth 2.0 client secret",
            widget=forms.PasswordInput,
            max_length=200,
            required=False,
        )
        bearer_token = forms.CharField(
            label="App bearer token", widget=forms.PasswordInput, max_length=1000, required=False
        )

    secret_names: ClassVar[Mapping[str, str]] = {"secret": "app_secret", "token": "access_token"}
    has_shared_address = True
    handshake_type = "application/json"
    how_to_connect = (
        "In the X developer console, register the webhook address (it must not name a port) and"
        " subscribe your account to it. The account id is the number of your user. With the app's"
        " bearer token we do both for you."
    )

    @classmethod
    def new_secret(cls, name: str) -> str:
        return ""

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        expected = self.signed(body)["x-twitter-webhooks-signature"]
        if not signatures.same(headers.get("x-twitter-webhooks-signature", ""), expected):
            raise SignatureMismatch("x-twitter-webhooks-signature does not match the body.")

    def signed(self, body: bytes) -> dict[str, str]:
        secret = base.strict_config(self.config, "app_secret")
        claim = f"sha256={signatures.base64_hmac(secret, body)}"
        return {"x-twitter-webhooks-signature": claim}

    def handshake(self, query: Mapping[str, str]) -> str:
        """The challenge-response check, repeated every hour for as long as the webhook lives."""
        token = query.get("crc_token", "")
        if not token:
            raise SignatureMismatch("There is no crc_token.")
        secret = base.strict_config(self.config, "app_secret")
        answer = signatures.base64_hmac(secret, token.encode("utf-8", "surrogatepass"))
        return json.dumps({"response_token": f"sha256={answer}"})

    # -- splitting

    def split(self, body: bytes) -> Iterator[RawItem]:
        envelope = wire.load_object(body)
        if isinstance(envelope.get("data"), dict):
            yield _activity(envelope["data"], body)
            return
        user = wire.get_account(envelope, "for_user_id") if "for_user_id" in envelope else ""
        found = False
        for lane, kind in LANES.items():
            for event, as_it_came in wire.objects(envelope.get(lane)):
                found = True
                if event is None:
                    yield base.unreadable(as_it_came, user)
                else:
                    yield _item(user, kind, event, _users_of(event, envelope))
        if not found:
            yield _whole(user, envelope, body)

    # -- reading

    def parse(self, kind: str, body: bytes) -> list[Inbound]:
        item = wire.load_object(body)
        reader = {
            "dm": _message,
            "tweet": _tweet,
            "post": _post,
            "post_delete": _deletion,
            "dm_read": _read_mark,
            "revoke": _revocation,
        }.get(kind)
        if reader is not None:
            return [reader(item)]
        if kind.startswith("chat."):
            why = "An encrypted chat: X shows its words to nobody but the two people."
            return [base.Unsupported(reason=why)]
        return [base.Unsupported(reason=f"Nothing is done about {kind!r} events.")]

    # -- sending

    def send(self, message: Outgoing) -> Sent:
        """https://docs.x.com/x-api/direct-messages/manage/introduction and
        https://docs.x.com/x-api/posts/create-post"""
        if message.recipient_id.startswith(POST):
            reply = {"in_reply_to_tweet_id": _post_id(message.answers)}
            answer = self._call("POST", "/2/tweets", {"text": message.text, "reply": reply})
            return Sent(wire.get_answer_id(answer.get("data"), "id"))
        path = f"/2/dm_conversations/with/{_user_id(message.recipient_id)}/messages"
        answer = self._call("POST", path, {"text": message.text})
        return Sent(wire.get_answer_id(answer.get("data"), "dm_event_id"))

    def subscribe(self, webhook_url: str) -> bool:
        app = str(self.config.get("bearer_token") or "")
        if not app or not webhook_url:
            return False
        known = self._call("GET", "/2/webhooks", token=app)
        ids = [
            wire.get_id(each, "id")
            for each, _ in wire.objects(known.get("data"))
            if each and each.get("url") == webhook_url
        ]
        if not ids:
            made = self._call("POST", "/2/webhooks", {"url": webhook_url}, token=app)
            ids = [wire.get_answer_id(made.get("data", made), "id")]
        self._call("POST", f"/2/account_activity/webhooks/{ids[0]}/subscriptions/all", {})
        return True

    def probe(self) -> base.Probed:
        answer = self._call("GET", "/2/users/me")
        found = wire.label(wire.get_object(answer, "data"), "id")
        if found != self.config.get("account_id"):
            return base.Probed((f"The access token belongs to the user {found}.",))
        return base.Probed()

    def renews(self) -> bool:
        return bool(self.config.get("refresh_token"))

    def renew(self) -> base.Renewed:
        """Each refresh token works once; the answer brings the next one."""
        client = str(self.config.get("client_id") or "")
        secret = str(self.config.get("client_secret") or "")
        form = {
            "grant_type": "refresh_token",
            "refresh_token": str(self.config["refresh_token"]),
            "client_id": client,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if secret:
            pair = base64.b64encode(f"{client}:{secret}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        url = f"{settings.X_API_URL}/2/oauth2/token"
        try:
            answer = http.request("POST", url, content=urlencode(form).encode(), headers=headers)
        except Rejected as error:  # invalid_request, invalid_grant: this token is used up
            raise CredentialsRejected(str(error), code=error.code, status=error.status) from error
        return base.renewed(answer)

    def _call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, token: str = ""
    ) -> dict[str, Any]:
        bearer = token or str(self.config.get("access_token") or "")
        response = http.exchange(
            method,
            f"{settings.X_API_URL}{path}",
            json=body,
            headers={"Authorization": f"Bearer {bearer}"},
            idempotent=method == "GET",
        )
        try:
            answer = http.answer_of(response)
        except ProviderError as error:
            raise _meaning_of(error, response.headers) from error
        if not isinstance(answer, dict):
            raise AnswerLost("X answered something else than an object.")
        return answer


def _activity(data: dict[str, Any], body: bytes) -> RawItem:
    """One event of X Activity, or an object that is none."""
    name = wire.plain(data.get("event_type"), 60)
    payload = data.get("payload")
    user = data.get("filter", {}).get("user_id") if isinstance(data.get("filter"), dict) else None
    if user is None and isinstance(payload, dict):
        user = payload.get("user_id")
    account = wire.get_account({"user_id": user}, "user_id") if user else ""
    if not name or not isinstance(payload, dict):
        return RawItem(account, wire.key_of(account, "unknown", body.hex()), "unknown", body)
    kind = ACTIVITIES.get(name, name)
    if kind == "dm":  # the words of Account Activity, one level deeper
        for event, _ in wire.objects(payload.get("direct_message_events")):
            if event is not None:
                return _item(account, "dm", event, _users_of(event, payload))
        return _item(account, "dm", payload, _included(data))
    if kind in {"post", "dm_read", "post_delete"}:
        return _item(account, kind, payload, _included(data))
    identifier = data.get("event_uuid")
    parts = (identifier,) if isinstance(identifier, str) else (body.hex(),)
    return RawItem(account, wire.key_of(account, name, *parts), kind, wire.dumps(data))


def _item(account: str, kind: str, event: dict[str, Any], users: dict[str, Any]) -> RawItem:
    identifier = event.get("id_str") or event.get("id")
    known = isinstance(identifier, str | int) and not isinstance(identifier, bool) and identifier
    part = str(identifier) if known else wire.dumps(event).decode()
    body = wire.dumps({"account": account, "event": event, "users": users})
    # A mention and a reply are told apart by X, but they are one post.
    sort = "post" if kind == "tweet" else kind
    return RawItem(account, wire.key_of(account, sort, part), kind, body)


def _whole(user: str, envelope: dict[str, Any], body: bytes) -> RawItem:
    kind = wire.plain(next((name for name in envelope if name != "for_user_id"), "")) or base.EMPTY
    if kind == "user_event":
        source = envelope.get("user_event")
        revoke = source.get("revoke") if isinstance(source, dict) else None
        by = revoke.get("source") if isinstance(revoke, dict) else None
        if isinstance(by, dict) and isinstance(by.get("user_id"), str):
            return RawItem(by["user_id"][:190], wire.key_of(body.hex()), "revoke", body)
    return RawItem(user, wire.key_of(user, kind, body.hex()), kind, body)


def _users_of(event: dict[str, Any], holder: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the envelope's users that this event names."""
    users = holder.get("users")
    created = event.get("message_create")
    if not isinstance(users, dict) or not isinstance(created, dict):
        return {}
    target = created.get("target")
    recipient = target.get("recipient_id") if isinstance(target, dict) else None
    return {
        str(each): users[each]
        for each in (created.get("sender_id"), recipient)
        if isinstance(each, str) and each in users
    }


def _included(data: Mapping[str, Any]) -> dict[str, Any]:
    """The users that X Activity puts beside its event, by their id."""
    holders = [data.get("includes"), data.get("payload")]
    found: dict[str, Any] = {}
    for holder in holders:
        includes = holder.get("includes", holder) if isinstance(holder, dict) else {}
        users = includes.get("users") if isinstance(includes, dict) else None
        for user, _ in wire.objects(users):
            inner = user.get("data", user) if user else None
            if isinstance(inner, dict) and isinstance(inner.get("id"), str):
                found[inner["id"]] = inner
    return found


def _person(identifier: str, users: Mapping[str, Any]) -> Person:
    user = users.get(identifier)
    inner = user.get("data", user) if isinstance(user, dict) else {}
    inner = inner if isinstance(inner, dict) else {}
    name = wire.label(inner, "name", 128) or wire.label(inner, "screen_name", 128)
    return Person(id=identifier, name=name or wire.label(inner, "username", 128))


def _message(item: dict[str, Any]) -> Inbound:
    """A direct message, in the words of Account Activity or in those of the v2 API."""
    event, users = wire.get_object(item, "event"), wire.get_object(item, "users")
    created = wire.get_object(event, "message_create")
    if created:
        data = wire.get_object(created, "message_data")
        sender = wire.get_id(created, "sender_id")
        recipient = wire.get_id(wire.get_object(created, "target"), "recipient_id")
        at = wire.moment(event.get("created_timestamp"), milliseconds=True)
    else:
        data, sender, at = event, wire.get_id(event, "sender_id"), _iso(event.get("created_at"))
        recipient = _other_of(event, sender)
    text, attachments = wire.get_text(data, "text"), _media(data)
    external_id = wire.get_id(event, "id")
    if not text and not attachments:
        return base.Unsupported(reason="A direct message without words or pictures.")
    if sender == item.get("account"):
        return base.InboundEcho(
            external_id=external_id,
            recipient=_person(recipient, users),
            sent_at=at,
            text=text,
            attachments=attachments,
        )
    return base.InboundMessage(
        external_id=external_id,
        sender=_person(sender, users),
        sent_at=at,
        text=text,
        attachments=attachments,
    )


def _other_of(event: dict[str, Any], sender: str) -> str:
    ids = [each for each in wire.get_list(event, "participant_ids") if isinstance(each, str)]
    ids += wire.label(event, "dm_conversation_id").split("-")
    return next((each for each in ids if each and each != sender), sender)


def _media(data: dict[str, Any]) -> tuple[base.Attachment, ...]:
    attachment = data.get("attachment")
    media = attachment.get("media") if isinstance(attachment, dict) else None
    if not isinstance(media, dict):
        return ()
    kind = {"video": "video", "animated_gif": "video"}.get(wire.label(media, "type"), "image")
    address = wire.web_address(media.get("media_url_https") or media.get("media_url"))
    ref = wire.get_id(media, "id_str", required=False)
    return (base.Attachment(kind=kind, url=address, ref=ref),)


def _tweet(item: dict[str, Any]) -> Inbound:
    """A post in the words of the v1.1 API."""
    tweet = wire.get_object(item, "event")
    longer = wire.get_object(tweet, "extended_tweet")
    user = wire.get_object(tweet, "user")
    author = wire.get_id(user, "id_str", required=False) or wire.get_id(user, "id")
    if tweet.get("retweeted_status"):
        return base.Unsupported(reason="Somebody passed a post on without words of their own.")
    return _public(
        item,
        external_id=wire.get_id(tweet, "id_str", required=False) or wire.get_id(tweet, "id"),
        author=Person(id=author, name=wire.label(user, "name", 128)),
        text=wire.get_text(longer, "full_text") or wire.get_text(tweet, "text"),
        at=_old_date(tweet.get("created_at")),
        reply_to=wire.get_id(tweet, "in_reply_to_status_id_str", required=False),
    )


def _post(item: dict[str, Any]) -> Inbound:
    """A post in the words of the v2 API."""
    post = wire.get_object(item, "event")
    long_text = wire.get_object(post, "note_tweet")
    replied = [
        wire.get_id(each, "id")
        for each, _ in wire.objects(post.get("referenced_tweets"))
        if each and each.get("type") == "replied_to"
    ]
    return _public(
        item,
        external_id=wire.get_id(post, "id"),
        author=_person(wire.get_id(post, "author_id"), wire.get_object(item, "users")),
        text=wire.get_text(long_text, "text") or wire.get_text(post, "text"),
        at=_iso(post.get("created_at")),
        reply_to=replied[0] if replied else "",
    )


def _public(
    item: dict[str, Any],
    *,
    external_id: str,
    author: Person,
    text: str,
    at: datetime | None,
    reply_to: str,
) -> Inbound:
    if not text:
        return base.Unsupported(reason="A post without words.")
    if author.id == item.get("account"):
        if not reply_to:
            return base.Unsupported(reason="A post of our own that answers nobody.")
        return base.InboundEcho(
            external_id=external_id, recipient=None, sent_at=at, text=text, reply_to=reply_to
        )
    return base.InboundMessage(
        external_id=external_id,
        sender=author,
        sent_at=at,
        text=text,
        thread_id=f"{POST}{author.id}",
        reply_to=reply_to,
        surface=Surface.COMMENTS,
    )


def _deletion(item: dict[str, Any]) -> Inbound:
    return base.InboundDelete(
        external_id=wire.get_id(wire.get_object(item, "event"), "id"), at=None
    )


def _read_mark(item: dict[str, Any]) -> Inbound:
    event = wire.get_object(item, "event")
    at = wire.moment(event.get("created_timestamp"), milliseconds=True)
    at = at or _iso(event.get("created_at"))
    reader = wire.get_id(event, "sender_id")
    if at is None:
        raise PayloadRejected("It does not say when they read.")
    if reader == item.get("account"):
        return base.Unsupported(reason="We read it ourselves.")
    return base.InboundWatermark(thread_id=reader, state="read", up_to=at)


def _revocation(item: dict[str, Any]) -> Inbound:
    text = "The account took back the access it gave us. Reconnect it."
    return base.AccountNews(text=text, health="reconnect")


def _post_id(external_id: str) -> str:
    """X takes numbers only; anything else would be answered with a riddle."""
    if not external_id.isascii() or not external_id.isdigit():
        raise Rejected("There is no post to answer.", code="no_post")
    return external_id


def _user_id(external_id: str) -> str:
    if not external_id.isascii() or not external_id.isdigit():
        raise Rejected("This is no user of X.", code="no_user")
    return external_id


def _iso(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return wire.moment(value, milliseconds=True)
    return wire.moment((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())


def _old_date(value: Any) -> datetime | None:
    """``Wed Feb 05 08:39:31 +0000 2020``"""
    try:
        return datetime.strptime(value, "%a %b %d %H:%M:%S %z %Y")
    except (TypeError, ValueError):
        return None


def _meaning_of(error: ProviderError, headers: Mapping[str, str]) -> ProviderError:
    """https://docs.x.com/x-api/fundamentals/response-codes-and-errors"""
    payload = error.payload if isinstance(error.payload, dict) else {}
    first = next((each for each, _ in wire.objects(payload.get("errors")) if each), payload)
    text = wire.label(payload, "detail", 400) or wire.label(first, "message", 400) or str(error)
    sort = wire.label(payload, "type") or wire.label(first, "type")
    kind: type[ProviderError] = type(error)
    wait = error.retry_after
    if error.status == 429:
        kind, wait = RateLimited, wait if wait is not None else _until_reset(headers)
    elif error.status == 403:
        ours = any(words in sort for words in OUR_FAULT)
        about_them = any(w in text.lower() for w in ("participant", "message", "blocked"))
        kind = CredentialsRejected if ours else RecipientUnreachable if about_them else Rejected
    elif error.status >= 500 and error.status != 503:
        kind = AnswerLost
    return kind(
        text, code=str(error.status or ""), retry_after=wait, status=error.status, payload=payload
    )


def _until_reset(headers: Mapping[str, str]) -> float | None:
    """Seconds until the window renews itself, by X's own clock where it shows it.

    https://docs.x.com/x-api/fundamentals/rate-limits
    """
    try:
        reset = float(headers.get("x-rate-limit-reset", ""))
    except ValueError:
        return None
    try:
        now = parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (TypeError, ValueError):
        now = datetime.now(UTC).timestamp()
    return max(reset - now, 1.0)
