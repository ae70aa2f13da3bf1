"""TikTok business accounts: messages and comments.

https://business-api.tiktok.com/portal/docs?id=1832183871604753 (messages) and
https://developers.tiktok.com/doc/webhooks-overview (webhooks)
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from channels_app import signatures, wire
from channels_app.providers import base, values
from channels_app.providers.access import Probed, Renewed
from channels_app.providers.tiktok_events import (
    COMMENT,
    content_of,
    identity_of,
    read_comment,
    read_echo,
    read_mark,
    read_message,
    read_referral,
    read_removal,
)
from channels_app.providers.values import Attachment, Inbound, Outgoing, RawItem, Sent
from tenants.plugins import http
from tenants.plugins.downloads import Download
from tenants.plugins.errors import (
    AnswerLost,
    CredentialsRejected,
    Expired,
    ProviderError,
    RateLimited,
    Rejected,
    SignatureMismatch,
    WindowClosed,
)

# TikTok leaves the patience to us and delivers again for up to 72 hours. The clock only keeps
# very old recordings out; what is repeated within it is recognised by its id and counts once.
TOLERANCE = timedelta(minutes=30)
MAX_COMMENT = 150
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
    how_to_connect = _(
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

    def canary(self, mark: str) -> bytes:
        """https://business-api.tiktok.com/portal/docs?id=1832190670631937"""
        number, account = str(wire.number_of(mark)), str(self.config.get("account_id") or "")
        content = {
            "conversation_id": number,
            "message_id": mark,
            "timestamp": base.now_in_seconds() * 1000,
            "type": "text",
            "text": {"body": mark},
            "from": base.DOCTOR,
            "from_user": {"id": number},
            "to_user": {"id": account},
        }
        envelope = {
            "event": "im_receive_msg",
            "create_time": base.now_in_seconds(),
            "user_openid": account,
            "content": wire.dumps(content).decode(),
        }
        return wire.dumps(envelope)

    # -- splitting

    def split(self, body: bytes) -> Iterator[RawItem]:
        """One webhook is one event; its content is JSON within JSON."""
        envelope = wire.load_object(body)
        kind = wire.plain(envelope.get("event"), 60) or "unknown"
        account = ""
        if envelope.get("user_openid"):
            account = wire.get_account(envelope, "user_openid")
        parts = identity_of(kind, envelope.get("content")) or (body.hex(),)
        yield RawItem(account, wire.key_of(account, kind, *parts), kind, body)

    # -- reading

    def parse(self, kind: str, body: bytes) -> list[Inbound]:
        envelope = wire.load_object(body)
        readers = {
            "im_receive_msg": read_message,
            "im_send_msg": read_echo,
            "im_mark_read_msg": read_mark,
            "im_referral_msg": read_referral,
            "comment.update": read_comment,
            "authorization.removed": read_removal,
        }
        if kind == "im_receive_msg_eu":
            why = "Somebody in Europe wrote. TikTok keeps their words in its own app."
            return [values.Unsupported(reason=why, is_unseen=True)]
        if kind not in readers:
            return [values.Unsupported(reason=f"Nothing is done about {kind!r} events.")]
        account = wire.get_id(envelope, "user_openid", required=False)
        return readers[kind](content_of(envelope), account)

    def open_attachment(
        self, attachment: Attachment, item: RawItem | None, *, limit: int
    ) -> Download:
        """By conversation, message and media to an address that lives for a while.

        https://business-api.tiktok.com/portal/docs?id=1832184403754242
        """
        if item is None:
            raise Expired("What named this file is not kept any more.")
        content = content_of(wire.load_object(item.body))
        body = {
            "business_id": str(self.config["account_id"]),
            "conversation_id": wire.get_id(content, "conversation_id"),
            "message_id": wire.get_id(content, "message_id"),
            "media_id": attachment.ref,
            "media_type": attachment.kind.upper(),
        }
        path = "business/message/media/download/"
        data = self._exchange("POST", path, idempotent=True, json=body)
        url = wire.web_address(data.get("download_url"))
        return base.linked_file(replace(attachment, url=url), limit=limit)

    # -- sending

    def send(self, message: Outgoing) -> Sent:
        business = str(self.config["account_id"])
        if message.recipient_id.startswith(COMMENT):
            return self._answer_comment(message, business)
        body = {
            "business_id": business,
            "recipient_type": "CONVERSATION",
            "recipient": message.recipient_id,
            **self._content(message, business),
        }
        data = self._post("business/message/send/", body)
        return Sent(wire.get_answer_id(data.get("message"), "message_id"))

    def _content(self, message: Outgoing, business: str) -> dict[str, Any]:
        """A text or an image; an image is handed over first, and named."""
        if not message.attachments:
            return {"message_type": "TEXT", "text": {"body": message.text}}
        file = base.own_file(message, base.one_file(message))
        if file is None or message.text:
            raise Rejected("A message is a text or an image of ours here.", code="attachments")
        data = self._exchange(
            "POST",
            "business/message/media/upload/",
            idempotent=True,
            data={"business_id": business, "media_type": "IMAGE"},
            files={"file": file},
        )
        return {"message_type": "IMAGE", "image": {"media_id": wire.get_id(data, "media_id")}}

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

    def probe(self) -> Probed:
        self._exchange(
            "GET",
            "business/get/",
            params={"business_id": str(self.config["account_id"]), "fields": '["username"]'},
        )
        return Probed(scopes=self._granted())

    def _granted(self) -> tuple[str, ...] | None:
        """https://business-api.tiktok.com/portal/docs?id=1765927978092545"""
        client = str(self.config.get("client_key") or "")
        if not client:
            return None
        token = str(self.config.get("access_token") or "")
        told = self._post("tt_user/token_info/get/", {"app_id": client, "access_token": token})
        return tuple(filter(None, wire.label(told, "scope", 2000).split(",")))

    def renews(self) -> bool:
        return bool(self.config.get("refresh_token"))

    def renew(self) -> Renewed:
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

    def _exchange(
        self, method: str, path: str, *, idempotent: bool = False, **kwargs: Any
    ) -> dict[str, Any]:
        """TikTok answers 200 to nearly everything; ``code`` says what it means."""
        try:
            answer = http.request(
                method,
                f"{settings.TIKTOK_API_URL}/{path}",
                headers={"Access-Token": str(self.config.get("access_token") or "")},
                idempotent=idempotent or method == "GET",
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
