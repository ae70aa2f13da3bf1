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
from urllib.parse import urlencode, urlsplit

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from channels_app import signatures, wire
from channels_app.findings import Finding, finding
from channels_app.providers import base, values
from channels_app.providers.access import Probed, Renewed
from channels_app.providers.values import Attachment, Inbound, Outgoing, RawItem, Sent
from channels_app.providers.x_events import (
    LANES,
    POST,
    activity_item,
    event_item,
    read_deletion,
    read_encrypted,
    read_mark,
    read_message,
    read_post,
    read_revocation,
    read_tweet,
    users_of,
    whole_item,
)
from channels_app.providers.x_uploads import UPLOADS, upload
from tenants.plugins import http
from tenants.plugins.downloads import Download
from tenants.plugins.errors import (
    AnswerLost,
    CredentialsRejected,
    ProviderError,
    RateLimited,
    RecipientUnreachable,
    Rejected,
    SignatureMismatch,
)

# Problem types that are about our app or our token, not about the person.
OUR_FAULT = ("unsupported-authentication", "client-forbidden", "oauth1-permissions", "not-enrolled")


# Who gets to see the user's token, beside the API itself.
OWN_HOSTS = (".twitter.com", ".x.com")
OPEN_HOSTS = (".twimg.com",)  # theirs too, where pictures lie for everybody


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
    how_to_connect = _(
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

    def canary(self, mark: str) -> bytes:
        """https://developer.x.com/en/docs/x-api/enterprise/account-activity-api/guides/account-activity-data-objects"""
        number, account = str(wire.number_of(mark)), str(self.config.get("account_id") or "")
        message = {
            "type": "message_create",
            "id": number,
            "created_timestamp": str(base.now_in_seconds() * 1000),
            "message_create": {
                "target": {"recipient_id": account},
                "sender_id": number,
                "message_data": {"text": mark},
            },
        }
        users = {number: {"id": number, "name": base.DOCTOR}}
        return wire.dumps(
            {"for_user_id": account, "direct_message_events": [message], "users": users}
        )

    # -- splitting

    def split(self, body: bytes) -> Iterator[RawItem]:
        envelope = wire.load_object(body)
        if isinstance(envelope.get("data"), dict):
            yield activity_item(envelope["data"], body)
            return
        user = wire.get_account(envelope, "for_user_id") if "for_user_id" in envelope else ""
        found = False
        for lane, kind in LANES.items():
            for event, as_it_came in wire.objects(envelope.get(lane)):
                found = True
                if event is None:
                    yield base.unreadable(as_it_came, user)
                else:
                    yield event_item(user, kind, event, users_of(event, envelope))
        if not found:
            yield whole_item(user, envelope, body)

    # -- reading

    def parse(self, kind: str, body: bytes) -> list[Inbound]:
        item = wire.load_object(body)
        reader = {
            "dm": read_message,
            "tweet": read_tweet,
            "post": read_post,
            "post_delete": read_deletion,
            "dm_read": read_mark,
            "revoke": read_revocation,
        }.get(kind)
        if reader is not None:
            return [reader(item)]
        if kind.startswith("chat."):
            return [read_encrypted(item, kind)]
        return [values.Unsupported(reason=f"Nothing is done about {kind!r} events.")]

    def open_attachment(
        self, attachment: Attachment, item: RawItem | None, *, limit: int
    ) -> Download:
        """What lies in a direct message opens to the two people only.

        https://developer.x.com/en/docs/direct-messages/message-attachments/guides/retrieving-media
        """
        address = urlsplit(attachment.url)
        at_their_api = wire.is_at(attachment.url, settings.X_API_URL)
        host = (address.hostname or "") if address.scheme == "https" else ""
        is_theirs = at_their_api or host.endswith(OWN_HOSTS + OPEN_HOSTS)
        if attachment.url and not is_theirs:
            # A webhook may name any address: the user's token goes to nobody else, nor in the open.
            raise http.ForbiddenAddress("This file does not lie at X.")
        token = str(self.config.get("access_token") or "")
        is_closed = at_their_api or host.endswith(OWN_HOSTS)
        headers = {"Authorization": f"Bearer {token}"} if is_closed else {}
        return base.linked_file(
            attachment, limit=limit, headers=headers, named_by_company=not at_their_api
        )

    # -- sending

    def send(self, message: Outgoing) -> Sent:
        """https://docs.x.com/x-api/direct-messages/manage/introduction and
        https://docs.x.com/x-api/posts/create-post"""
        if message.recipient_id.startswith(POST):
            reply = {"in_reply_to_tweet_id": _post_id(message.answers)}
            answer = self._call("POST", "/2/tweets", {"text": message.text, "reply": reply})
            return Sent(wire.get_answer_id(answer.get("data"), "id"))
        path = f"/2/dm_conversations/with/{_user_id(message.recipient_id)}/messages"
        answer = self._call("POST", path, self._content(message))
        return Sent(wire.get_answer_id(answer.get("data"), "dm_event_id"))

    def _content(self, message: Outgoing) -> dict[str, Any]:
        """https://docs.x.com/x-api/direct-messages/manage/integrate#media-attachments"""
        body: dict[str, Any] = {"text": message.text} if message.text else {}
        if message.attachments:
            file = base.own_file(message, base.one_file(message))
            if file is None:
                raise Rejected("X takes files by upload, not by address.", code="attachment")
            body["attachments"] = [{"media_id": upload(self._call, file)}]
        return body

    def subscribe(self, webhook_url: str) -> bool:
        app = str(self.config.get("bearer_token") or "")
        if not app or not webhook_url:
            return False
        known = self._call("GET", "/2/webhooks", token=app)
        ours = [
            each
            for each, _ in wire.objects(known.get("data"))
            if each and each.get("url") == webhook_url
        ]
        if ours:
            number = wire.get_id(ours[0], "id")
            if ours[0].get("valid") is False:  # switched off after failing too long: asked anew
                self._call("PUT", f"/2/webhooks/{number}", token=app)
        else:
            made = self._call("POST", "/2/webhooks", {"url": webhook_url}, token=app)
            number = wire.get_answer_id(made.get("data", made), "id")
        self._call("POST", f"/2/account_activity/webhooks/{number}/subscriptions/all", {})
        return True

    def owns(self, account_id: str) -> bool:
        return account_id == self.config.get("account_id") == self._own_id()

    def _own_id(self) -> str:
        answer = self._call("GET", "/2/users/me")
        return wire.label(wire.get_object(answer, "data"), "id")

    def probe(self) -> Probed:
        found = self._own_id()
        if found != self.config.get("account_id"):
            return Probed((finding("wrong_account", found=found),))
        return Probed(self._webhook_findings())

    def _webhook_findings(self) -> tuple[Finding, ...]:
        """https://docs.x.com/x-api/webhooks/get-webhooks; only our app may ask for them."""
        app, ours = self.config.get("bearer_token"), self.config.get("webhook_url")
        if not app or not ours:
            return ()
        known = self._call("GET", "/2/webhooks", token=str(app))
        for each, _raw in wire.objects(known.get("data")):
            if each and each.get("url") == ours:
                return () if each.get("valid") is not False else (finding("webhook_invalid"),)
        return (finding("not_subscribed"),)

    def renews(self) -> bool:
        return bool(self.config.get("refresh_token"))

    def renew(self) -> Renewed:
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
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        token: str = "",
        **form: Any,
    ) -> dict[str, Any]:
        bearer = token or str(self.config.get("access_token") or "")
        response = http.exchange(
            method,
            f"{settings.X_API_URL}{path}",
            json=body,
            headers={"Authorization": f"Bearer {bearer}"},
            idempotent=method == "GET" or path.startswith(UPLOADS),
            **form,
        )
        try:
            answer = http.answer_of(response)
        except ProviderError as error:
            raise _meaning_of(error, response.headers) from error
        if not isinstance(answer, dict):
            raise AnswerLost("X answered something else than an object.")
        return answer


def _post_id(external_id: str) -> str:
    """X takes numbers only; anything else would be answered with a riddle."""
    if not external_id.isascii() or not external_id.isdigit():
        raise Rejected("There is no post to answer.", code="no_post")
    return external_id


def _user_id(external_id: str) -> str:
    if not external_id.isascii() or not external_id.isdigit():
        raise Rejected("This is no user of X.", code="no_user")
    return external_id


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
