"""What WhatsApp tells a business about its account, its number and its templates.

https://developers.facebook.com/docs/whatsapp/business-management-api/webhooks
"""

from typing import Any

from channels_app import wire
from channels_app.providers import values
from channels_app.providers.values import AccountNews, Inbound, TemplateNews

# Events of ``account_update`` -> what becomes of the channel.
ACCOUNT = {
    "ACCOUNT_DELETED": "stopped",
    "ACCOUNT_OFFBOARDED": "stopped",
    "ACCOUNT_RESTRICTION": "trouble",
    "ACCOUNT_VIOLATION": "trouble",
    "DISABLED_UPDATE": "stopped",
    "PARTNER_REMOVED": "trouble",
    "PARTNER_APP_UNINSTALLED": "trouble",
    "VERIFIED_ACCOUNT": "",
}
# A ban that is only announced, or over: https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/reference/account_update
BANS = {"SCHEDULE_FOR_DISABLE": "trouble", "REINSTATE": "ok", "DISABLE": "stopped"}
QUALITY = {"FLAGGED": "trouble", "UNFLAGGED": "ok", "DOWNGRADE": "trouble", "UPGRADE": "ok"}
ALERTS = {"CRITICAL": "trouble", "WARNING": "trouble"}
REVIEWS = {"REJECTED": "trouble", "APPROVED": "ok"}


def read_news(kind: str, change: dict[str, Any]) -> list[Inbound]:
    """One change of the whole account."""
    value = change.get("value")
    value = value if isinstance(value, dict) else {}
    if kind in TEMPLATES:
        return [_template_news(kind, value)]
    reader = READERS.get(kind)
    if reader is not None:
        return [reader(value)]
    return [values.Unsupported(reason=f"Nothing is done about the field {kind!r}.")]


def _account(value: dict[str, Any]) -> Inbound:
    event = wire.plain(value.get("event"))
    details = [
        wire.plain(found, 80)
        for name, part in value.items()
        if name.endswith("_info") and name != "waba_info"
        for each, _ in wire.objects(part)
        for found in (each or {}).values()
    ]
    ban = value.get("ban_info")
    state = wire.plain(ban.get("waba_ban_state")) if isinstance(ban, dict) else ""
    health = BANS.get(state, ACCOUNT.get(event, ""))
    return AccountNews(text=" ".join(filter(None, [event, *details]))[:300], health=health)


def _quality(value: dict[str, Any]) -> Inbound:
    event = wire.plain(value.get("event"))
    limit = wire.plain(
        value.get("current_limit") or value.get("max_daily_conversations_per_business")
    )
    text = f"Quality of the number: {event}" + (f", limit {limit}" if limit else "")
    return AccountNews(text=text, health=QUALITY.get(event, ""))


def _alert(value: dict[str, Any]) -> Inbound:
    words = [wire.label(value, name) for name in ("alert_type", "alert_description")]
    severity = wire.plain(value.get("alert_severity"))
    solved = value.get("alert_status") == "NONE"
    return AccountNews(
        text=": ".join(filter(None, words))[:300] or "An alert.",
        health="ok" if solved else ALERTS.get(severity, ""),
    )


def _review(value: dict[str, Any]) -> Inbound:
    decision = wire.plain(value.get("decision"))
    return AccountNews(text=f"Review of the account: {decision}", health=REVIEWS.get(decision, ""))


def _telling(what: str) -> Any:
    """News that change nothing about sending."""

    def read(value: dict[str, Any]) -> Inbound:
        words = [
            f"{name}: {found}" for name, found in value.items() if isinstance(found, str | int)
        ]
        return AccountNews(text=f"{what}. {', '.join(words)}"[:300])

    return read


def _contacts(value: dict[str, Any]) -> Inbound:
    """The address book of the phone; whom a contact is called there is the owner's business."""
    count = len([each for each, _ in wire.objects(value.get("state_sync")) if each])
    return values.Noted(outcome="contacts", reason=f"{count} entries of the phone's address book.")


READERS = {
    "account_update": _account,
    "phone_number_quality_update": _quality,
    "account_alerts": _alert,
    "account_review_update": _review,
    "phone_number_name_update": _telling("The name of the number"),
    "business_username_update": _telling("The user name of the business"),
    "business_capability_update": _telling("What the business may do"),
    "security": _telling("A security setting"),
    "smb_app_state_sync": _contacts,
}


def _template_news(kind: str, value: dict[str, Any]) -> Inbound:
    name = wire.label(value, "message_template_name", 512)
    language = wire.label(value, "message_template_language", 16)
    if not name or not language:
        return values.Unsupported(reason="News of a template that it does not name.")
    status = wire.plain(value.get("event")) if kind == "message_template_status_update" else ""
    return TemplateNews(
        external_id=wire.get_id(value, "message_template_id", required=False),
        name=name,
        language=language,
        status=status,
        category=wire.plain(value.get("new_category") or value.get("message_template_category")),
        reason=wire.label(value, "reason"),
    )


TEMPLATES = {
    "message_template_status_update",
    "message_template_quality_update",
    "message_template_components_update",
    "template_category_update",
}


def template_of(found: dict[str, Any]) -> TemplateNews:
    """A template as the list of templates shows it."""
    components = [part for part, _ in wire.objects(found.get("components")) if part]
    return TemplateNews(
        external_id=wire.get_id(found, "id", required=False),
        name=wire.label(found, "name", 512),
        language=wire.label(found, "language", 16),
        status=wire.plain(found.get("status")),
        category=wire.plain(found.get("category")),
        components=tuple(components),
        reason=wire.label(found, "rejected_reason"),
    )
