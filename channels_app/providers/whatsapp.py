"""WhatsApp Cloud API. https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from channels_app import graph, wire
from channels_app.findings import Finding, Severity, finding
from channels_app.providers import base
from channels_app.providers.access import Probed
from channels_app.providers.meta_app import MetaAppChannel, MetaAppForm
from channels_app.providers.values import (
    Attachment,
    Inbound,
    Outgoing,
    RawItem,
    Sent,
    TemplateNews,
)
from channels_app.providers.whatsapp_events import (
    read_message,
    read_past,
    read_preference,
    read_status,
)
from channels_app.providers.whatsapp_news import read_news, template_of
from tenants.plugins.downloads import Download, TooMuch
from tenants.plugins.errors import Expired, PayloadRejected, Rejected, Unavailable

# List in ``value`` -> what each of its elements is.
LANES = {
    "messages": "message",
    "message_echoes": "echo",
    "statuses": "status",
    "user_preferences": "preference",
    "history": "history",
}
BUSINESS = "business:"  # before the id of a business account: its numbers share its news
TEMPLATE_FIELDS = "id,name,language,status,category,components"
MAX_PAGES = 20
MANAGER = "https://business.facebook.com/wa/manage/phone-numbers/"
# https://developers.facebook.com/docs/whatsapp/business-scoped-user-ids
SCOPED_ID = re.compile(r"\A[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]+\Z")


class WhatsApp(MetaAppChannel):
    class ConfigForm(MetaAppForm):
        field_order = ("access_token", "app_secret", "verify_token", "business_account_id")
        access_token = forms.CharField(
            label="System user access token",
            widget=forms.PasswordInput,
            max_length=1000,
            required=False,
        )
        business_account_id = forms.CharField(
            label="WhatsApp Business Account id", max_length=40, required=False
        )

    secret_names: ClassVar[Mapping[str, str]] = {
        "secret": "app_secret",
        "token": "access_token",
        "verify_token": "verify_token",
    }
    how_to_connect = _(
        "In your Meta app, add the WhatsApp product, enter the webhook address and the verify"
        " token, and subscribe to the fields messages, smb_message_echoes, history,"
        " smb_app_state_sync, user_preferences, account_update, account_alerts,"
        " phone_number_quality_update and the message_template ones. The account id is the phone"
        " number id; with the WhatsApp Business Account id we fetch your templates."
    )

    def owns(self, account_id: str) -> bool:
        """A business account and its phone numbers open to its own tokens only."""
        asked = account_id.removeprefix(BUSINESS)
        found = graph.get(graph.segment(asked), self._token, {"fields": "id"})
        return wire.get_id(found, "id", required=False) == asked

    def subscribe(self, webhook_url: str) -> bool:
        """https://developers.facebook.com/docs/graph-api/reference/whats-app-business-account/subscribed_apps/"""
        if not self._token or not self._business:
            return False
        graph.post(f"{graph.segment(self._business)}/subscribed_apps", self._token, {})
        return True

    def probe(self) -> Probed:
        told = self.about_token(self._token)
        found = [*told.findings]
        if not found:
            found += self._number_findings()
            if self._business and not self._is_subscribed():
                found.append(finding("not_subscribed"))
        return replace(told, findings=tuple(found))

    def _number_findings(self) -> list[Finding]:
        """https://developers.facebook.com/docs/graph-api/reference/whats-app-business-account-to-number-current-status/"""
        asked = {"fields": "id,status,quality_rating,name_status,code_verification_status"}
        number = graph.get(graph.segment(self.account_id), self._token, asked)
        found = []
        status = wire.label(number, "status")
        if status and status != "CONNECTED":
            found.append(finding("number_status", status=status, link=MANAGER))
        quality = wire.label(number, "quality_rating")
        if quality in {"YELLOW", "RED"}:
            severity = Severity.BAD if quality == "RED" else Severity.WARNING
            found.append(finding("number_quality", severity, quality=quality, link=MANAGER))
        return found

    def _is_subscribed(self) -> bool:
        path = f"{graph.segment(self._business)}/subscribed_apps"
        return bool(wire.get_list(graph.get(path, self._token, {}), "data"))

    def canary(self, mark: str) -> bytes:
        """https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/reference/messages/text"""
        number = str(wire.number_of(mark))
        message = {
            "from": number,
            "id": f"wamid.{mark}",
            "timestamp": str(base.now_in_seconds()),
            "type": "text",
            "text": {"body": mark},
        }
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"phone_number_id": self.account_id},
            "contacts": [{"profile": {"name": base.DOCTOR}, "wa_id": number}],
            "messages": [message],
        }
        entry = {"id": self._business, "changes": [{"field": "messages", "value": value}]}
        return wire.dumps({"object": "whatsapp_business_account", "entry": [entry]})

    # -- splitting

    def split(self, body: bytes) -> Iterator[RawItem]:
        envelope = wire.load_object(body)
        entries = envelope.get("entry")
        if not isinstance(entries, list | dict):
            raise PayloadRejected("There is no list of entries.")
        found = False
        for entry, as_it_came in wire.objects(entries):
            if entry is None:
                found = True
                yield base.unreadable(as_it_came)
                continue
            for change, raw in wire.objects(entry.get("changes")):
                found = True
                yield from _items_of(change, raw, self._whose(entry))
        if not found:
            yield base.empty(body)

    def _whose(self, entry: dict[str, Any]) -> str:
        """Whose news it is that names no number: at its own address the connection's, else that
        of everybody who gave us the business account's id."""
        if self.account_id:
            return ""
        business = wire.plain(entry.get("id"))
        return f"{BUSINESS}{business}" if business else ""

    def also_known_as(self) -> tuple[str, ...]:
        return (f"{BUSINESS}{self._business}",) if self._business else ()

    # -- reading

    def parse(self, kind: str, body: bytes) -> list[Inbound]:
        item = wire.load_object(body)
        if kind == "status":
            return read_status(wire.get_object(item, "status"))
        if kind in {"message", "echo"}:
            return read_message(item, kind, nameless=wire.key_of(body.hex()))
        if kind == "preference":
            return read_preference(item)
        if kind == "history":
            return read_past(item)
        return read_news(kind, item)

    def open_attachment(
        self, attachment: Attachment, item: RawItem | None, *, limit: int
    ) -> Download:
        """By its id to an address that lives for five minutes, and from there with our token.

        https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media/
        """
        if not attachment.ref:
            ours = wire.is_at(attachment.url, settings.META_GRAPH_URL)
            return base.linked_file(attachment, limit=limit, named_by_company=not ours)
        try:
            asked = {"phone_number_id": self.account_id}
            found = graph.get(graph.segment(attachment.ref), self._token, asked)
        except Rejected as error:
            raise _gone(error) or error from error
        if wire.number(found, "file_size") > limit:
            raise TooMuch(f"The file has {found['file_size']} bytes.")
        address = replace(attachment, url=wire.web_address(found.get("url")))
        headers = {"Authorization": f"Bearer {self._token}"}
        download = base.linked_file(address, limit=limit, headers=headers)
        download.sha256 = _digest(found)
        return download

    # -- sending

    def send(self, message: Outgoing) -> Sent:
        """https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages

        ``biz_opaque_callback_data`` comes back in every status of this message.
        """
        body: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "biz_opaque_callback_data": message.reference,
            **_recipient(message.recipient_id),
            **self._content(message),
        }
        answer = graph.post(f"{self.account_id}/messages", self._token, body)
        accepted = answer.get("messages")
        first = accepted[0] if isinstance(accepted, list) and accepted else None
        return Sent(wire.get_answer_id(first, "id"))

    def _content(self, message: Outgoing) -> dict[str, Any]:
        if message.template is not None:
            return {"type": "template", "template": _template(message.template)}
        if not message.attachments:
            return {"type": "text", "text": {"body": message.text, "preview_url": False}}
        attachment = base.one_file(message)
        kind = str(attachment.get("kind"))
        # A voice message has no caption, so that one with words goes as a document.
        voiced = {"image", "video"} if message.text else {"image", "video", "audio"}
        sort = kind if kind in voiced else "document"
        media = self._media_of(message, attachment)
        if message.text:
            media["caption"] = message.text
        if sort == "document" and attachment.get("name"):
            media["filename"] = str(attachment["name"])[:240]
        return {"type": sort, sort: media}

    def _media_of(self, message: Outgoing, attachment: Mapping[str, Any]) -> dict[str, Any]:
        """By the id it was or is uploaded under, else by its public address."""
        if attachment.get("ref"):
            return {"id": str(attachment["ref"])}
        file = base.own_file(message, attachment)
        if file is None:
            return {"link": base.public_url(attachment)}
        fields = {"messaging_product": "whatsapp", "type": file[2]}
        answer = graph.upload(f"{self.account_id}/media", self._token, fields, file)
        found = wire.get_id(answer, "id", required=False)
        if not found:
            raise Unavailable("WhatsApp did not name the file that was handed over.")
        return {"id": found}

    def templates(self) -> list[TemplateNews]:
        """https://developers.facebook.com/docs/graph-api/reference/whats-app-business-account/message_templates/"""
        business = graph.segment(self._business)
        asked, found = {"fields": TEMPLATE_FIELDS, "limit": "100"}, []
        for _page in range(MAX_PAGES):
            page = graph.get(f"{business}/message_templates", self._token, asked)
            found += [template_of(each) for each, _ in wire.objects(page.get("data")) if each]
            paging = wire.get_object(page, "paging")
            after = wire.label(wire.get_object(paging, "cursors"), "after", 1000)
            if not after or not paging.get("next"):
                break
            asked["after"] = after
        return found

    @property
    def _token(self) -> str:
        return str(self.config.get("access_token") or "")

    @property
    def _business(self) -> str:
        return str(self.config.get("business_account_id") or "")


def _gone(error: Rejected) -> Expired | None:
    """An id that is not known (any more): those of webhooks are for seven days."""
    detail = wire.get_object(error.payload, "error") if isinstance(error.payload, dict) else {}
    if error.status == 404 or (error.code == "100" and detail.get("error_subcode") == 33):
        return Expired(str(error), code=error.code, status=error.status)
    return None


def _digest(found: Mapping[str, Any]) -> str:
    """The SHA-256 that the file must come to, where it is said as hex digits."""
    said = wire.label(dict(found), "sha256", 100).lower()
    return said if re.fullmatch(r"[0-9a-f]{64}", said) else ""


def _items_of(change: dict[str, Any] | None, raw: Any, business: str) -> Iterator[RawItem]:
    value = change.get("value") if change else None
    if change is None or not isinstance(value, dict):
        yield base.unreadable(raw)
        return
    metadata = value.get("metadata")
    try:
        number = wire.get_account(metadata if isinstance(metadata, dict) else {}, "phone_number_id")
    except PayloadRejected:
        number = business  # chiefly events of the whole business account
    found = False
    for lane, kind in LANES.items():
        for element, as_it_came in wire.objects(value.get(lane)):
            found = True
            if element is None:
                yield base.unreadable(as_it_came, number)
            elif kind == "history":
                yield from _history(number, element, value)
            else:
                yield _item(number, kind, element, value)
    if not found:
        name = wire.plain(change.get("field")) or "unknown"
        body = wire.dumps(change)
        yield RawItem(number, wire.key_of(number, name, body.decode()), name, body)


def _item(number: str, kind: str, element: dict[str, Any], value: dict[str, Any]) -> RawItem:
    identifier = element.get("id")
    parts: tuple[Any, ...]
    if not isinstance(identifier, str) or kind == "preference":
        parts = (wire.dumps(element).decode(),)
    elif kind == "status":
        parts = (identifier, element.get("status"), element.get("recipient_participant_id"))
    else:
        parts = (identifier,)
    body = wire.dumps({kind: element, "contacts": _contacts_of(element, value)})
    return RawItem(number, wire.key_of(number, kind, *parts), kind, body)


def _history(number: str, chunk: dict[str, Any], value: dict[str, Any]) -> Iterator[RawItem]:
    """What was said before this number was connected: each message for itself.

    https://developers.facebook.com/docs/whatsapp/embedded-signup/custom-flows/onboarding-business-app-users
    """
    metadata = value.get("metadata")
    ours = wire.label(metadata, "display_phone_number") if isinstance(metadata, dict) else ""
    found = False
    for thread, _raw in wire.objects(chunk.get("threads")):
        for message, _raw in wire.objects(thread.get("messages") if thread else None):
            if message is None:
                continue
            found = True
            with_whom = wire.plain((thread or {}).get("id"))
            is_ours = str(message.get("from")).lstrip("+") == ours.lstrip("+")
            body = wire.dumps({"history": message, "thread": with_whom, "is_ours": is_ours})
            identifier = message.get("id")
            what = identifier if isinstance(identifier, str) else body.decode()
            yield RawItem(number, wire.key_of(number, "history", what), "history", body)
    if not found:
        body = wire.dumps(chunk)
        yield RawItem(number, wire.key_of(number, "history", body.decode()), "history", body)


def _contacts_of(element: dict[str, Any], value: dict[str, Any]) -> list[Any]:
    """Those of the batch's contacts that this element is about."""
    contacts = [contact for contact, _ in wire.objects(value.get("contacts")) if contact]
    names = ("from", "from_user_id", "to", "to_user_id")
    ids = {str(element[name]) for name in names if element.get(name)}
    known = [c for c in contacts if {str(c.get("wa_id")), str(c.get("user_id"))} & ids]
    return known[:1] or (contacts if len(contacts) == 1 else [])


def _recipient(recipient_id: str) -> dict[str, str]:
    """A phone number, a business-scoped user id, or else a group.

    https://developers.facebook.com/docs/whatsapp/cloud-api/groups
    """
    if recipient_id.isdigit():
        return {"recipient_type": "individual", "to": recipient_id}
    if SCOPED_ID.match(recipient_id):
        return {"recipient_type": "individual", "recipient": recipient_id}
    return {"recipient_type": "group", "to": recipient_id}


def _template(template: Mapping[str, Any]) -> dict[str, Any]:
    """https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-message-templates"""
    components = template.get("components") or []
    found: dict[str, Any] = {
        "name": str(template.get("name", "")),
        "language": {"code": str(template.get("language", ""))},
    }
    return {**found, "components": list(components)} if components else found
