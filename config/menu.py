"""The console's menu, by task. What a person may not open is not shown."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tenants import cards, context
from tenants.access import member_may


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: where it leads, and the right it takes."""

    key: str
    title: Any
    icon: str
    url: str
    permission: str


GROUPS: list[tuple[Any, list[Entry]]] = [
    (
        "",
        [
            Entry("dashboard", _("Dashboard"), "dashboard", "workspace:dashboard",
                  "workspace.view_usageday"),
            Entry("inbox", _("Inbox"), "inbox", "channels_app:inbox",
                  "channels_app.view_conversation"),
            Entry("contacts", _("Contacts"), "person", "channels_app:contacts",
                  "channels_app.view_contact"),
            Entry("leads", _("Leads"), "leads", "leads:board", "leads.view_lead"),
            Entry("incidents", _("Incidents"), "alert", "channels_app:incidents",
                  "channels_app.view_incident"),
            Entry("analytics", _("Analytics"), "analytics", "figures:analytics",
                  "figures.view_figure"),
        ],
    ),
    (
        _("What answers"),
        [
            Entry("knowledge", _("Knowledge"), "knowledge", "knowledge:documents",
                  "knowledge.view_document"),
            Entry("runs", _("Agent runs"), "runs", "agents:runs", "agents.view_run"),
            Entry("versions", _("Agent versions"), "note", "agents:versions",
                  "agents.view_agentversion"),
            Entry("playground", _("Playground"), "spark", "agents:playground", "agents.view_run"),
            Entry("models", _("Models and money"), "spark", "agents:models",
                  "workspace.view_profile"),
            Entry("autonomy", _("Autonomy"), "hand", "agents:autonomy",
                  "agents.view_autonomypolicy"),
            Entry("approvals", _("Approvals"), "hand", "agents:approvals",
                  "agents.view_toolapproval"),
        ],
    ),
    (
        _("What is connected"),
        [
            Entry("channels", _("Channels"), "channels", "channels_app:channels",
                  "channels_app.view_channelconnection"),
            Entry("crm", _("CRM"), "crm", "crm:state", "crm.view_crmconnection"),
            Entry("webhooks", _("Webhooks"), "send", "outgoing:endpoints",
                  "outgoing.view_endpoint"),
            Entry("dead-letters", _("Dead letters"), "letter", "deadletters:letters",
                  "deadletters.view_letter"),
        ],
    ),
    (
        _("Workspace"),
        [
            Entry("usage", _("Usage and bill"), "records", "billing:usage",
                  "workspace.view_usageday"),
            Entry("team", _("Team"), "team", "workspace:team", "accounts.view_user"),
            Entry("keys", _("API keys"), "key", "workspace:keys", "accounts.view_apikey"),
            Entry("audit", _("Audit log"), "audit", "workspace:audit", "audit.view_auditentry"),
            Entry("service", _("Hours and service"), "clock", "channels_app:hours",
                  "workspace.view_profile"),
            Entry("settings", _("Settings"), "settings", "workspace:settings",
                  "workspace.view_profile"),
            Entry("records", _("All records"), "records", "workspace:records",
                  "workspace.view_usageday"),
        ],
    ),
]  # fmt: skip


def groups(request: HttpRequest) -> list[dict[str, Any]]:
    """The menu for this request: groups with links, the current one marked, badges filled."""
    if not request.user.is_authenticated:
        return []
    if context.schema() == context.PUBLIC:
        return [{"title": "", "items": _public_items(request)}]
    badges: dict[str, int] = {}
    for found in cards.gather("menu", request.user):
        badges.update(found)
    shown = []
    for title, entries in GROUPS:
        items = [
            _item(entry, request, badges)
            for entry in entries
            if member_may(request, entry.permission)
        ]
        if items:
            shown.append({"title": title, "items": items})
    return shown


def _item(entry: Entry, request: HttpRequest, badges: dict[str, int]) -> dict[str, Any]:
    link = reverse(entry.url)
    return {
        "key": entry.key,
        "title": entry.title,
        "icon": entry.icon,
        "link": link,
        "active": request.path == link or (link != "/" and request.path.startswith(link)),
        "badge": badges.get(entry.key, 0),
    }


def _public_items(request: HttpRequest) -> list[dict[str, Any]]:
    """Superusers on the public host: the admin's own models."""
    found = [("dashboard", _("Overview"), "dashboard", reverse("admin:index"))]
    for model, title, icon in (
        ("company", _("Companies"), "team"),
        ("domain", _("Domains"), "channels"),
        ("plan", _("Plans"), "records"),
        ("tariff", _("Prices"), "records"),
        ("webhookroute", _("Webhook routes"), "crm"),
        ("platformapp", _("Platform apps"), "key"),
    ):
        found.append((model, title, icon, reverse(f"admin:tenants_{model}_changelist")))
    home = found[0][3]
    return [
        {
            "key": key,
            "title": title,
            "icon": icon,
            "link": link,
            "badge": 0,
            "active": request.path == link or (link != home and request.path.startswith(link)),
        }
        for key, title, icon, link in found
    ]
