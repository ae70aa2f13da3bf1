"""LinkedIn Pages: comments and mentions under what an organisation posts.

https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/organization-social-action-notifications
There is no interface for a page's messages. Without approved webhooks we look for notifications
ourselves.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from channels_app import signatures, wire
from channels_app.findings import finding
from channels_app.providers import base, values
from channels_app.providers.access import Probed, Renewed
from channels_app.providers.linkedin_events import (
    ORGANIZATION,
    SEPARATOR,
    comment_urn,
    notification_item,
    read_comment,
    read_deletion,
    read_edit,
    read_mention,
    read_noted,
    read_own_comment,
    stranger_item,
)
from channels_app.providers.values import Inbound, Outgoing, RawItem, Sent
from tenants.plugins import http
from tenants.plugins.errors import (
    AnswerLost,
    CredentialsRejected,
    ProviderError,
    Rejected,
    SignatureMismatch,
)

VERSION = "202607"  # https://learn.microsoft.com/en-us/linkedin/marketing/versioning
ACTIONS = "COMMENT,COMMENT_EDIT,COMMENT_DELETE,COMMENT_MENTION,SHARE_MENTION,ADMIN_COMMENT"
EVERY = 300  # seconds; an app has some hundred calls a day while LinkedIn tries it out
PAGE = 50
OVERLAP = 600_000  # milliseconds: some notifications turn up late


class LinkedIn(base.ChannelProvider):
    class ConfigForm(forms.Form):
        accepts_terms = forms.BooleanField(
            label="We may automate this page",
            help_text=(
                "LinkedIn's terms forbid automation without its approval. Tick this only if your"
                " LinkedIn app was approved for Community Management."
            ),
        )
        app_secret = forms.CharField(
            label="Client secret", widget=forms.PasswordInput, max_length=200, required=False
        )
        access_token = forms.CharField(
            label="Access token", widget=forms.PasswordInput, max_length=2000, required=False
        )
        refresh_token = forms.CharField(
            label="Refresh token", widget=forms.PasswordInput, max_length=2000, required=False
        )
        client_id = forms.CharField(label="Client id", max_length=200, required=False)
        has_webhooks = forms.BooleanField(
            label="LinkedIn sends us webhooks",
            help_text="Left empty, we look for news every five minutes.",
            required=False,
        )

    secret_names: ClassVar[Mapping[str, str]] = {"secret": "app_secret", "token": "access_token"}
    has_shared_address = True
    handshake_type = "application/json"
    how_to_connect = _(
        "In the LinkedIn developer portal, add Community Management to your app and let an"
        " administrator of the page grant it access. The account id is the number of the"
        " organisation. If you have webhooks, register the webhook address there."
    )

    @classmethod
    def new_secret(cls, name: str) -> str:
        return ""

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """What is signed begins with ``hmacsha256=``; the header shows that or only the digest.

        https://learn.microsoft.com/en-us/linkedin/shared/api-guide/webhook-validation
        """
        claimed = headers.get("X-LI-Signature", "").removeprefix("hmacsha256=")
        if not signatures.same(claimed, self.signed(body)["X-LI-Signature"]):
            raise SignatureMismatch("X-LI-Signature does not match the body.")

    def signed(self, body: bytes) -> dict[str, str]:
        secret = base.strict_config(self.config, "app_secret")
        return {"X-LI-Signature": signatures.hex_hmac(secret, b"hmacsha256=" + body)}

    def handshake(self, query: Mapping[str, str]) -> str:
        """Asked again every two hours; three silences block the address."""
        code = query.get("challengeCode", "")
        if not code:
            raise SignatureMismatch("There is no challengeCode.")
        secret = base.strict_config(self.config, "app_secret")
        answer = signatures.hex_hmac(secret, code.encode("utf-8", "surrogatepass"))
        return json.dumps({"challengeCode": code, "challengeResponse": answer})

    def canary(self, mark: str) -> bytes:
        """https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/organization-social-action-notifications"""
        number = wire.number_of(mark)
        post = f"urn:li:activity:{number}"
        comment = {
            "owner": f"urn:li:person:{number}",
            "text": mark,
            "entity": f"urn:li:comment:({post},{number})",
            "object": post,
        }
        notification = {
            "notificationId": number,
            "organizationalEntity": f"{ORGANIZATION}{self.config.get('account_id') or ''}",
            "action": "COMMENT",
            "sourcePost": post,
            "generatedActivity": comment["entity"],
            "lastModifiedAt": base.now_in_seconds() * 1000,
            "decoratedGeneratedActivity": {"comment": comment},
        }
        return wire.dumps(
            {"type": "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS", "notifications": [notification]}
        )

    # -- splitting

    def split(self, body: bytes) -> Iterator[RawItem]:
        envelope = wire.load_object(body)
        if "notifications" not in envelope:
            yield stranger_item(envelope, body)
            return
        found = False
        for notification, as_it_came in wire.objects(envelope["notifications"]):
            found = True
            yield notification_item(notification) if notification else base.unreadable(as_it_came)
        if not found:
            yield base.empty(body)

    # -- reading

    def parse(self, kind: str, body: bytes) -> list[Inbound]:
        notification = wire.load_object(body)
        reader = {
            "COMMENT": read_comment,
            "COMMENT_MENTION": read_comment,
            "COMMENT_EDIT": read_edit,
            "COMMENT_DELETE": read_deletion,
            "ADMIN_COMMENT": read_own_comment,
            "SHARE_MENTION": read_mention,
            "LIKE": read_noted,
            "SHARE": read_noted,
        }.get(kind)
        if reader is None:
            return [values.Unsupported(reason=f"Nothing is done about {kind!r}.")]
        return [reader(notification)]

    # -- looking for news

    def poll_every(self) -> int:
        told = str(self.config.get("has_webhooks") or "").lower() in {"true", "on", "1"}
        return 0 if told else EVERY

    def poll(self, cursor: Mapping[str, Any]) -> values.Polled:
        """The page's notifications since the newest we know, a page of them at a time.

        The first look remembers the moment. Later ones begin a little before the newest, since
        LinkedIn does not show them in order; what is seen twice has the same key.
        """
        now = int(datetime.now(UTC).timestamp() * 1000)
        since = wire.number(cursor, "since")
        if not since:
            return values.Polled((), {"since": now})
        start = wire.number(cursor, "start")
        until = wire.number(cursor, "until") or now
        organization = quote(ORGANIZATION + str(self.config["account_id"]), safe="")
        answer = self._call(
            "GET",
            f"organizationalEntityNotifications?q=criteria&organizationalEntity={organization}"
            f"&actions=List({ACTIONS})&timeRange=(start:{since - OVERLAP},end:{until})"
            f"&start={start}&count={PAGE}",
        )
        elements = wire.get_list(answer, "elements")
        items = tuple(
            notification_item(each) if each else base.unreadable(as_it_came)
            for each, as_it_came in wire.objects(elements)
        )
        times = [wire.number(each, "lastModifiedAt") for each in elements if isinstance(each, dict)]
        newest = max([wire.number(cursor, "newest"), since, *(t for t in times if t <= until)])
        if len(elements) < PAGE:
            return values.Polled(items, {"since": newest})
        further = {"since": since, "until": until, "start": start + PAGE, "newest": newest}
        return values.Polled(items, further, more=True)

    def fetch(self, kind: str, body: bytes) -> RawItem:
        """The comment of a notification that came without it."""
        notification = wire.load_object(body)
        post, _, number = comment_urn(notification).partition("(")[2].rstrip(")").rpartition(",")
        path = f"socialActions/{quote(post, safe='')}/comments/{quote(number, safe='')}"
        found = self._call("GET", path)
        comment = {
            "owner": wire.get_id(found, "actor"),
            "text": wire.get_text(wire.get_object(found, "message"), "text"),
            "entity": comment_urn(notification),
            "object": wire.get_id(found, "object", required=False) or post,
            "parentComment": wire.get_id(found, "parentComment", required=False),
        }
        return notification_item(
            {**notification, "decoratedGeneratedActivity": {"comment": comment}}
        )

    # -- sending

    def send(self, message: Outgoing) -> Sent:
        """https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/comments-api"""
        post, _, comment = message.recipient_id.partition(SEPARATOR)
        body: dict[str, Any] = {
            "actor": ORGANIZATION + str(self.config["account_id"]),
            "object": post,
            "message": {"text": message.text},
        }
        if comment:
            body["parentComment"] = comment
        place = quote(comment or post, safe="")
        answer = self._call("POST", f"socialActions/{place}/comments", body)
        named = answer.get("commentUrn") or answer.get("$URN")
        return Sent(wire.get_answer_id({"commentUrn": named}, "commentUrn"))

    def probe(self) -> Probed:
        self._call("GET", f"organizations/{quote(str(self.config['account_id']), safe='')}")
        found = () if self._administers() else (finding("no_role"),)
        return Probed(found, scopes=self._granted())

    def _administers(self) -> bool:
        """https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/organization-access-control-by-role"""
        path = "organizationAcls?q=roleAssignee&role=ADMINISTRATOR&state=APPROVED"
        ours = ORGANIZATION + str(self.config["account_id"])
        return any(
            each and ours in {each.get("organization"), each.get("organizationTarget")}
            for each, _ in wire.objects(self._call("GET", path).get("elements"))
        )

    def owns(self, account_id: str) -> bool:
        return account_id == str(self.config.get("account_id") or "") and self._administers()

    def _granted(self) -> tuple[str, ...] | None:
        """https://learn.microsoft.com/en-us/linkedin/shared/authentication/token-introspection"""
        client = str(self.config.get("client_id") or "")
        secret = str(self.config.get("app_secret") or "")
        if not client or not secret:
            return None
        form = {
            "client_id": client,
            "client_secret": secret,
            "token": str(self.config.get("access_token") or ""),
        }
        told = http.request(
            "POST",
            f"{settings.LINKEDIN_AUTH_URL}/oauth/v2/introspectToken",
            content=urlencode(form).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            idempotent=True,
        )
        scope = told.get("scope") if isinstance(told, dict) else None
        return tuple(scope.replace(",", " ").split()) if isinstance(scope, str) else None

    def renews(self) -> bool:
        return bool(self.config.get("refresh_token"))

    def renew(self) -> Renewed:
        """https://learn.microsoft.com/en-us/linkedin/shared/authentication/programmatic-refresh-tokens"""
        form = {
            "grant_type": "refresh_token",
            "refresh_token": str(self.config["refresh_token"]),
            "client_id": str(self.config.get("client_id") or ""),
            "client_secret": str(self.config.get("app_secret") or ""),
        }
        try:
            answer = http.request(
                "POST",
                f"{settings.LINKEDIN_AUTH_URL}/oauth/v2/accessToken",
                content=urlencode(form).encode(),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
            )
        except Rejected as error:
            raise CredentialsRejected(str(error), code=error.code, status=error.status) from error
        return base.renewed(answer)

    def _call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        try:
            answer = http.request(
                method,
                f"{settings.LINKEDIN_API_URL}/rest/{path}",
                json=body,
                headers={
                    "Authorization": f"Bearer {self.config.get('access_token') or ''}",
                    "LinkedIn-Version": VERSION,
                    "X-Restli-Protocol-Version": "2.0.0",
                },
                idempotent=method == "GET",
            )
        except ProviderError as error:
            if error.status >= 500 and error.status != 503:
                raise AnswerLost(str(error), status=error.status) from error
            raise
        if not isinstance(answer, dict):
            raise AnswerLost("LinkedIn answered something else than an object.")
        return answer
