"""What a Facebook page and an Instagram account have in common: envelope, messages, sending.

https://developers.facebook.com/docs/messenger-platform/webhooks
https://developers.facebook.com/docs/instagram-platform/webhooks
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from django import forms
from django.conf import settings

from channels_app import graph, wire
from channels_app.findings import Finding, Severity, finding
from channels_app.providers import base, values
from channels_app.providers.access import Probed
from channels_app.providers.meta_app import MetaAppChannel, MetaAppForm
from channels_app.providers.meta_events import (
    CONTROL,
    READERS,
    STANDBY,
    attachments_of,
    details_of,
    is_envelope,
    items_of,
    nothing_done,
    person_of,
    why_unshown,
)
from channels_app.providers.values import (
    Attachment,
    Inbound,
    Outgoing,
    RawItem,
    Sent,
    Surface,
)
from tenants.plugins.downloads import Download
from tenants.plugins.errors import PayloadRejected, Rejected

FILES = {"image", "audio", "video", "file"}


class MetaForm(MetaAppForm):
    field_order = ("page_token", "app_secret", "verify_token", "app_id")
    page_token = forms.CharField(
        label="Page access token", widget=forms.PasswordInput, max_length=1000, required=False
    )
    app_id = forms.CharField(label="App id", max_length=40, required=False)


class MetaChannel(MetaAppChannel):
    """A channel that speaks in private by ``messaging`` and in public by ``changes``."""

    ConfigForm = MetaForm
    secret_names: ClassVar[Mapping[str, str]] = {
        "secret": "app_secret",
        "token": "page_token",
        "verify_token": "verify_token",
    }
    # What its webhooks are about, in Meta's words.
    webhook_object: ClassVar[str]
    # Where a public answer is posted, below the comment.
    answers_edge: ClassVar[str]
    hidden_field: ClassVar[str]
    # What a page is asked to send us: a Facebook page's, or Instagram's by way of its page.
    page_fields: ClassVar[tuple[str, ...]]

    def owns(self, account_id: str) -> bool:
        """A page's token calls the page itself "me", and knows the Instagram account behind it."""
        me = self._ask("me", {"fields": "id,instagram_business_account"})
        behind = wire.get_object(me, "instagram_business_account")
        return account_id in {
            wire.get_id(me, "id", required=False),
            wire.get_id(behind, "id", required=False),
        }

    def canary(self, mark: str) -> bytes:
        """https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messages"""
        at = base.now_in_seconds() * 1000
        event = {
            "sender": {"id": str(wire.number_of(mark))},
            "recipient": {"id": self.account_id},
            "timestamp": at,
            "message": {"mid": f"m_{mark}", "text": mark},
        }
        entry = {"id": self.account_id, "time": at, "messaging": [event]}
        return wire.dumps({"object": self.webhook_object, "entry": [entry]})

    # -- splitting

    def split(self, body: bytes) -> Iterator[RawItem]:
        """One envelope, or the list of them that the documentation of Instagram shows."""
        found = wire.loads(body)
        envelopes = found if isinstance(found, list) else [found]
        if not any(map(is_envelope, envelopes)):
            raise PayloadRejected("There is no list of entries.")
        for envelope in envelopes:
            if is_envelope(envelope):
                yield from self._items_in(envelope)
            else:
                yield base.unreadable(envelope)

    def _items_in(self, envelope: dict[str, Any]) -> Iterator[RawItem]:
        found = False
        for entry, as_it_came in wire.objects(envelope["entry"]):
            found = True
            yield from items_of(entry, as_it_came)
        if not found:
            yield base.empty(wire.dumps(envelope))

    # -- reading

    def parse(self, kind: str, body: bytes) -> list[Inbound]:
        event = wire.load_object(body)
        is_standby = kind.startswith(STANDBY)
        section = kind.removeprefix(STANDBY)
        if section == "message":
            return self._message(event, is_standby=is_standby)
        if section in CONTROL:
            return self._control(event, section)
        reader = READERS.get(section)
        return reader(event) if reader else self._public(kind, event)

    def _public(self, kind: str, change: dict[str, Any]) -> list[Inbound]:
        """A change in public; each network has its own."""
        return [nothing_done(kind)]

    def _message(self, event: dict[str, Any], *, is_standby: bool) -> list[Inbound]:
        message = wire.get_object(event, "message")
        mid = wire.get_id(message, "mid")
        at = wire.moment(event.get("timestamp"), milliseconds=True)
        if message.get("is_deleted"):
            return [values.InboundDelete(external_id=mid, at=at)]
        if message.get("is_self"):
            return [values.Unsupported(reason="The account wrote to itself.")]
        text = wire.get_text(message, "text")
        attachments = attachments_of(message)
        why = why_unshown(message, text, attachments)
        if why:
            attachments = values.unshown()
        if message.get("is_echo"):  # whatever a colleague sent, they lead from then on
            return [self._echo(event, message, text, attachments)]
        if why and is_standby:
            return [values.Unsupported(reason=why)]
        reply_to = wire.get_object(message, "reply_to")
        said = values.InboundMessage(
            external_id=mid,
            sender=person_of(event, "sender"),
            sent_at=at,
            text=text,
            attachments=attachments,
            reply_to=wire.get_id(reply_to, "mid", required=False),
            sequence=wire.number(message, "seq"),
            details=details_of(message, reply_to),
            is_standby=is_standby,
        )
        return [values.Unsupported(reason=why, said=said) if why else said]

    def _echo(
        self,
        event: dict[str, Any],
        message: dict[str, Any],
        text: str,
        attachments: tuple[values.Attachment, ...],
    ) -> Inbound:
        app_id = wire.get_id(message, "app_id", required=False)
        return values.InboundEcho(
            external_id=wire.get_id(message, "mid"),
            recipient=person_of(event, "recipient"),
            sent_at=wire.moment(event.get("timestamp"), milliseconds=True),
            text=text,
            attachments=attachments,
            reference=wire.label(message, "metadata"),
            by_our_app=bool(app_id) and app_id == str(self.config.get("app_id") or ""),
            sequence=wire.number(message, "seq"),
        )

    def _control(self, event: dict[str, Any], section: str) -> list[Inbound]:
        """https://developers.facebook.com/docs/messenger-platform/handover-protocol"""
        control = wire.get_object(event, section)
        if section not in {"pass_thread_control", "take_thread_control"}:
            who = wire.get_id(control, "requested_owner_app_id", required=False)
            said = f"The app {who} asks to lead." if who else "The apps' roles were changed."
            return [values.Noted(outcome="handover", reason=said)]
        owner = wire.get_id(control, "new_owner_app_id", required=False)
        own = str(self.config.get("app_id") or "")
        is_ours = section == "pass_thread_control" and (not own or owner == own)
        reason = "We lead this conversation." if is_ours else f"Another app leads now. {owner}"
        thread_id = person_of(event, "sender").id
        return [values.InboundControl(thread_id=thread_id, is_ours=is_ours, reason=reason.strip())]

    def open_attachment(
        self, attachment: Attachment, item: RawItem | None, *, limit: int
    ) -> Download:
        """By the address in the webhook, which Meta's servers stop to serve after a while.

        A company with an app of its own signs its webhooks itself, and can name any.
        """
        ours = wire.is_at(attachment.url, settings.META_GRAPH_URL, settings.INSTAGRAM_GRAPH_URL)
        return base.linked_file(attachment, limit=limit, named_by_company=not ours)

    # -- sending

    def send(self, message: Outgoing) -> Sent:
        """https://developers.facebook.com/docs/messenger-platform/reference/send-api

        https://developers.facebook.com/docs/graph-api/reference/object/comments for a public
        answer; one in private names the comment as its recipient.
        """
        if message.surface == Surface.COMMENTS and not message.is_private:
            return self._answer_in_public(message)
        answer = self._tell(f"{self.account_id}/messages", self._envelope(message))
        return Sent(
            wire.get_answer_id(answer, "message_id"),
            wire.label(answer, "recipient_id") if message.is_private else "",
        )

    def _envelope(self, message: Outgoing) -> dict[str, Any]:
        content: dict[str, Any] = {"text": message.text}
        if message.attachments:
            if message.text:
                raise Rejected("A message is a text or a file here.", code="attachments")
            content = {"attachment": _outgoing_attachment(base.one_file(message))}
        if message.is_private:
            return {"recipient": {"comment_id": message.answers}, "message": content}
        body: dict[str, Any] = {
            "recipient": {"id": message.recipient_id},
            "messaging_type": "MESSAGE_TAG" if message.tag else "RESPONSE",
            "message": content,
        }
        if message.tag:
            body["tag"] = message.tag
        return body

    def _answer_in_public(self, message: Outgoing) -> Sent:
        path = f"{graph.segment(message.answers)}/{self.answers_edge}"
        answer = self._tell(path, {"message": message.text})
        return Sent(wire.get_answer_id(answer, "id"))

    def hide(self, external_id: str, *, hidden: bool) -> None:
        self._tell(graph.segment(external_id), {self.hidden_field: hidden})

    @property
    def _token(self) -> str:
        return str(self.config.get("page_token") or "")

    @property
    def _graph(self) -> str:
        """Another Graph API than Facebook's, where the account signed in there."""
        return ""

    def _ask(self, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        return graph.get(path, self._token, params, base=self._graph)

    def _tell(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return graph.post(path, self._token, body, base=self._graph)

    # -- webhooks

    def subscribe(self, webhook_url: str) -> bool:
        """Our app's address is set at the app; here the page is told to send it its webhooks.

        https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps/: the
        fields named replace those before, so that a page's and its Instagram account's go
        together.
        """
        if not self._token:
            return False
        wanted = set(self.page_fields) | self.subscribed_fields()
        self._tell("me/subscribed_apps", {"subscribed_fields": ",".join(sorted(wanted))})
        return True

    def subscribed_fields(self) -> set[str]:
        """What the page sends our app now."""
        found: set[str] = set()
        for app, _ in wire.objects(self._ask("me/subscribed_apps", {}).get("data")):
            if app:
                found |= {str(each) for each in wire.get_list(app, "subscribed_fields")}
        return found

    def probe(self) -> Probed:
        told = self.about_token(self._token)
        found = [*told.findings]
        if not found:
            found += self._account_findings() + self._field_findings()
        return replace(told, findings=tuple(found))

    def _account_findings(self) -> list[Finding]:
        if self.owns(self.account_id):
            return []
        me = self._ask("me", {"fields": "id,name"})
        return [finding("wrong_account", found=wire.label(me, "name") or wire.label(me, "id"))]

    def _field_findings(self) -> list[Finding]:
        here = self.subscribed_fields()
        if not here:
            return [finding("not_subscribed")]
        lacking = sorted(set(self.page_fields) - here)
        # Without messages nothing comes in; without the rest we see less.
        severity = Severity.BAD if "messages" in lacking else Severity.WARNING
        return [finding("fields", severity, fields=", ".join(lacking))] if lacking else []


def _outgoing_attachment(attachment: Mapping[str, Any]) -> dict[str, Any]:
    kind = attachment.get("kind")
    url = base.public_url(attachment)
    return {"type": kind if kind in FILES else "file", "payload": {"url": url}}
