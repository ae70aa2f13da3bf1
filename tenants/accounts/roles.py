"""Who may do what: one table for pages, admin, API, live events and tools alike.

A permission reads ``app.verb_model`` as Django writes it; ``*`` stands for anything.
What a row does not grant is refused.
"""

from fnmatch import fnmatchcase
from functools import lru_cache

from django.db.models import TextChoices


class Role(TextChoices):
    ADMIN = "admin", "Admin"
    AGENT = "agent", "Agent"
    VIEWER = "viewer", "Viewer"


READS = ("*.view_*",)

TABLE: dict[str, tuple[str, ...]] = {
    # The audit log is append-only: nobody changes it, whoever they are.
    Role.ADMIN: (
        *("*.view_*", "*.add_*", "*.change_*", "*.delete_*"),
        "deadletters.read_payload",
    ),
    Role.AGENT: (
        *READS,
        "notices.change_notice",  # one's own
        "channels_app.change_conversation",
        "channels_app.add_message",
        "channels_app.add_media",
        "channels_app.change_media",
        "channels_app.change_contact",
        "channels_app.change_incident",
        "channels_app.change_contactmerge",
        "channels_app.change_mergesuggestion",
        "channels_app.add_inboxview",
        "channels_app.delete_inboxview",
        "channels_app.add_cannedreply",
        "channels_app.delete_cannedreply",
        "leads.*",
        "crm.add_phonecall",
        "knowledge.add_document",
        "knowledge.change_document",
        "knowledge.add_source",
        "knowledge.change_source",
        "knowledge.add_curatedanswer",
        "knowledge.change_curatedanswer",
        "knowledge.change_gap",
        "crm.change_fieldconflict",
        "agents.add_run",
        "agents.change_replydraft",
        "agents.change_toolapproval",
        # What died, whole: viewers see its bones only. Each box asks for its own right besides.
        "deadletters.read_payload",
        "deadletters.change_letter",
    ),
    Role.VIEWER: READS,
}

REFUSED: dict[str, tuple[str, ...]] = {
    Role.ADMIN: ("audit.add_*", "audit.change_*", "audit.delete_*"),
    # Keys, people, secrets, money and the log of deeds are an admin's business.
    Role.AGENT: (
        *("accounts.*_apikey", "accounts.*_user", "accounts.*_singlesignon", "audit.*"),
        *("billing.*", "crm.*_crmconnection", "crm.*_incominghook", "outgoing.*"),
        *("leads.add_ruleset", "leads.change_ruleset", "leads.delete_ruleset"),
        *("leads.add_stage", "leads.change_stage", "leads.delete_stage"),
        *("leads.change_tag", "leads.delete_tag"),  # for everybody's leads at once
        *("leads.add_stagerule", "leads.change_stagerule", "leads.delete_stagerule"),
    ),
    Role.VIEWER: (
        *("accounts.*_apikey", "accounts.*_user", "accounts.*_singlesignon", "audit.*"),
        *("billing.*", "crm.*_crmconnection", "crm.*_incominghook", "outgoing.*"),
    ),
}


@lru_cache(maxsize=4096)
def allows(role: str, permission: str) -> bool:
    """Whether people of this role may do this, e.g. ``leads.change_lead``."""
    if any(fnmatchcase(permission, refused) for refused in REFUSED.get(role, ())):
        return False
    return any(fnmatchcase(permission, granted) for granted in TABLE.get(role, ()))
