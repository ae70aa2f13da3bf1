"""Every page opens for those who may see it, and for nobody else."""

import re

import pytest
from django.urls import get_resolver, reverse

PHONE = "?person=34600000001"  # a customer who has never written
PAGES = [
    # name, arguments taken from the scene and perhaps a query, who may open it
    ("workspace:dashboard", "", "admin agent viewer"),
    ("workspace:settings", "", "admin agent viewer"),
    ("workspace:team", "", "admin"),
    ("workspace:sso", "", "admin"),
    ("workspace:keys", "", "admin"),
    ("workspace:audit", "", "admin"),
    ("workspace:records", "", "admin agent viewer"),
    ("workspace:components", "", "admin"),
    ("workspace:live_token", "", "admin agent viewer"),
    ("channels_app:inbox", "", "admin agent viewer"),
    ("channels_app:list", "", "admin agent viewer"),
    ("channels_app:conversation", "conversation", "admin agent viewer"),
    ("channels_app:thread", "conversation", "admin agent viewer"),
    ("channels_app:context", "conversation", "admin agent viewer"),
    ("channels_app:pick", "conversation", "admin agent"),
    ("channels_app:hours", "", "admin agent viewer"),
    ("channels_app:promises", "", "admin agent viewer"),
    ("channels_app:promise", "promise", "admin agent viewer"),
    ("channels_app:turns", "", "admin agent viewer"),
    ("channels_app:canned", "", "admin agent viewer"),
    ("channels_app:canned_for", "conversation", "admin agent"),
    ("channels_app:contacts", "", "admin agent viewer"),
    ("channels_app:contact", "contact", "admin agent viewer"),
    ("channels_app:compare", "contact stranger", "admin agent viewer"),
    ("channels_app:part", "merge", "admin agent viewer"),
    ("channels_app:incidents", "", "admin agent viewer"),
    ("agents:approvals", "", "admin agent viewer"),
    ("agents:models", "", "admin agent viewer"),
    ("channels_app:channels", "", "admin agent viewer"),
    ("channels_app:channel", "connection", "admin agent viewer"),
    ("channels_app:add", "telegram", "admin"),
    ("channels_app:chat_settings", "web_chat", "admin"),
    ("channels_app:chat_preview", "web_chat", "admin agent viewer"),
    ("channels_app:sandboxes", "", "admin"),
    ("channels_app:phone", f"sandbox {PHONE}", "admin agent"),
    ("deadletters:letters", "", "admin agent viewer"),
    ("notices:notices", "", "admin agent viewer"),
    ("notices:bell", "", "admin agent viewer"),
    ("notices:habits", "", "admin agent"),
    ("outgoing:endpoints", "", "admin"),
    ("outgoing:add", "", "admin"),
    ("outgoing:endpoint", "webhook", "admin"),
    ("outgoing:edit", "webhook", "admin"),
    ("outgoing:delivery", "delivery", "admin"),
    ("figures:analytics", "", "admin agent viewer"),
    ("figures:table", "", "admin agent viewer"),
    ("billing:usage", "", "admin agent viewer"),
    ("billing:usage_table", "", "admin agent viewer"),
    ("billing:bill_table", "", "admin"),
    ("deadletters:letter", "letter", "admin agent viewer"),
    ("deadletters:order", "order", "admin agent viewer"),
    ("leads:board", "", "admin agent viewer"),
    ("leads:pipeline", "", "admin agent viewer"),
    ("leads:tasks", "", "admin agent viewer"),
    ("leads:tags", "", "admin agent viewer"),
    ("leads:duplicates", "", "admin agent viewer"),
    ("leads:stages", "", "admin agent viewer"),
    ("leads:cards", "new", "admin agent viewer"),
    ("leads:lead", "lead", "admin agent viewer"),
    ("leads:timeline", "lead", "admin agent viewer"),
    ("leads:automation", "", "admin agent viewer"),
    ("leads:import", "", "admin agent viewer"),
    ("leads:import_order", "file_of_leads", "admin agent viewer"),
    ("leads:scoring", "", "admin agent viewer"),
    ("leads:rule_set", "rules", "admin agent viewer"),
    ("leads:preview_rules", "rules", "admin agent viewer"),
    ("knowledge:documents", "", "admin agent viewer"),
    ("knowledge:document", "document", "admin agent viewer"),
    ("agents:impact", "document", "admin agent"),
    ("agents:answer_impact", "curated", "admin agent viewer"),
    ("knowledge:sources", "", "admin agent viewer"),
    ("knowledge:source", "source", "admin agent viewer"),
    ("knowledge:curated", "", "admin agent viewer"),
    ("knowledge:new_curated_answer", "", "admin agent"),
    ("knowledge:curated_answer", "curated", "admin agent viewer"),
    ("knowledge:gaps", "", "admin agent viewer"),
    ("knowledge:gap", "gap", "admin agent viewer"),
    ("agents:runs", "", "admin agent viewer"),
    ("agents:run", "run", "admin agent viewer"),
    ("agents:ask", "", "admin agent viewer"),
    ("agents:versions", "", "admin agent viewer"),
    ("agents:version", "version", "admin agent viewer"),
    ("agents:replay", "replay", "admin agent viewer"),
    ("agents:experiment", "experiment", "admin agent viewer"),
    ("agents:playground", "", "admin agent viewer"),
    ("agents:autonomy", "", "admin agent viewer"),
    ("agents:go_live", "", "admin agent viewer"),
    ("samples:page", "", "admin"),
    ("samples:state", "", "admin"),
    ("agents:intents", "", "admin agent viewer"),
    ("agents:intent", "own_intent", "admin agent viewer"),
    ("agents:lessons", "", "admin agent viewer"),
    ("agents:disclosures", "", "admin agent viewer"),
    ("crm:state", "", "admin"),
    ("crm:add", "hubspot", "admin"),
    ("crm:connection", "crm", "admin"),
    ("crm:there", "crm", "admin"),
    ("crm:record", "sync_record", "admin agent viewer"),
    ("crm:conflicts", "", "admin agent viewer"),
]
DEEDS = [
    ("channels_app:reply", "conversation", "admin agent"),
    ("channels_app:typing", "conversation", "admin agent"),
    ("channels_app:presence", "conversation", "admin agent"),
    ("channels_app:draft", "conversation", "admin agent"),
    ("channels_app:undo_send", "conversation", "admin agent"),
    ("channels_app:snooze", "conversation", "admin agent"),
    ("channels_app:label", "conversation", "admin agent"),
    ("channels_app:many", "", "admin agent"),
    ("channels_app:undo_many", "", "admin agent"),
    ("channels_app:add_view", "", "admin agent"),
    ("channels_app:drop_view", "inbox_view", "admin agent"),
    ("channels_app:habits", "", "admin agent"),
    ("channels_app:away", "", "admin agent"),
    ("channels_app:hours", "", "admin"),
    ("channels_app:add_promise", "", "admin"),
    ("channels_app:promise", "promise", "admin"),
    ("channels_app:remove_promise", "promise", "admin"),
    ("channels_app:due_soon", "", "admin"),
    ("channels_app:turns", "", "admin"),
    ("channels_app:seat", "member", "admin"),
    ("channels_app:canned", "", "admin agent"),
    ("channels_app:drop_canned", "canned_reply", "admin agent"),
    ("channels_app:send_template", "conversation", "admin agent"),
    ("channels_app:fetch_templates", "conversation", "admin agent"),
    ("channels_app:moderate", "message", "admin agent"),
    ("channels_app:take_over", "conversation", "admin agent"),
    ("channels_app:hand_back", "conversation", "admin agent"),
    ("channels_app:assign", "conversation", "admin agent"),
    ("channels_app:close", "conversation", "admin agent"),
    ("channels_app:reopen", "conversation", "admin agent"),
    ("channels_app:compare", "contact stranger", "admin agent"),
    ("channels_app:part", "merge", "admin agent"),
    ("channels_app:dismiss", "suggestion", "admin agent"),
    ("channels_app:incident_seen", "incident", "admin agent"),
    ("channels_app:incident_again", "incident", "admin agent"),
    ("channels_app:incident_close", "incident", "admin agent"),
    ("channels_app:disconnect", "connection", "admin"),
    ("channels_app:chat_settings", "web_chat", "admin"),
    ("channels_app:sandbox_start", "telegram", "admin"),
    ("channels_app:sandbox_remove", "sandbox", "admin"),
    ("channels_app:phone", f"sandbox {PHONE}", "admin agent"),
    ("channels_app:phone_thread", f"sandbox {PHONE}", "admin agent"),
    ("channels_app:doctor", "connection", "admin"),
    ("channels_app:sign_in_start", "x x", "admin"),
    ("crm:sign_in_start", "hubspot", "admin"),
    ("channels_app:fetch_again", "file", "admin agent"),
    ("billing:limits", "", "admin"),
    ("deadletters:act", "", "admin agent"),
    ("notices:habits", "", "admin agent"),
    ("notices:read", "", "admin agent"),
    ("notices:subscribe", "", "admin agent"),
    ("notices:drop_device", "1", "admin agent"),
    ("outgoing:add", "", "admin"),
    ("outgoing:edit", "webhook", "admin"),
    ("outgoing:rotate", "webhook", "admin"),
    ("outgoing:switch", "webhook", "admin"),
    ("outgoing:test", "webhook", "admin"),
    ("outgoing:replay_all", "webhook", "admin"),
    ("outgoing:replay_one", "delivery", "admin"),
    ("outgoing:remove", "webhook", "admin"),
    ("deadletters:make_order", "", "admin agent"),
    ("leads:stage", "lead", "admin agent"),
    ("leads:owner", "lead", "admin agent"),
    ("leads:automation", "", "admin"),
    ("leads:switch_rule", "rule", "admin"),
    ("leads:remove_rule", "rule", "admin"),
    ("leads:import", "", "admin agent"),
    ("leads:import_order", "file_of_leads", "admin agent"),
    ("leads:import_start", "file_of_leads", "admin agent"),
    ("leads:import_discard", "file_of_leads", "admin agent"),
    ("leads:many", "", "admin agent"),
    ("leads:undo", "", "admin agent"),
    ("leads:save_view", "", "admin agent viewer"),
    ("leads:remove_view", "1", "admin agent viewer"),
    ("leads:add_tag", "lead", "admin agent"),
    ("leads:tags", "", "admin agent"),
    ("leads:change_tag", "tag", "admin"),
    ("leads:retire_tag", "tag", "admin"),
    ("leads:merge_duplicate", "suggestion", "admin agent"),
    ("leads:dismiss_duplicate", "suggestion", "admin agent"),
    ("leads:part", "lead merge", "admin agent"),
    ("leads:remove_tag", "lead 1", "admin agent"),
    ("leads:add_task", "lead", "admin agent"),
    ("leads:task_done", "task", "admin agent"),
    ("leads:stages", "", "admin"),
    ("leads:draft_rules", "", "admin"),
    ("leads:rule_set", "rules", "admin"),
    ("leads:preview_rules", "rules", "admin"),
    ("leads:publish_rules", "rules", "admin"),
    ("leads:discard_rules", "rules", "admin"),
    ("knowledge:upload", "", "admin agent"),
    ("knowledge:paste", "", "admin agent"),
    ("knowledge:reindex", "document", "admin agent"),
    ("knowledge:remove", "document", "admin"),
    ("knowledge:replace", "document", "admin agent"),
    ("knowledge:describe", "document", "admin agent"),
    ("agents:impact", "document", "admin agent"),
    ("knowledge:add_source", "", "admin agent"),
    ("knowledge:source_limits", "source", "admin agent"),
    ("knowledge:look_again", "source", "admin agent"),
    ("knowledge:remove_source", "source", "admin"),
    ("knowledge:curated_answer", "curated", "admin agent"),
    ("knowledge:remove_curated_answer", "curated", "admin"),
    ("knowledge:answer_gap", "gap", "admin agent"),
    ("knowledge:dismiss_gap", "gap", "admin agent"),
    ("knowledge:reopen_gap", "gap", "admin agent"),
    ("agents:ask", "", "admin agent"),
    ("agents:new_version", "", "admin"),
    ("agents:version", "version", "admin"),
    ("agents:discard_version", "version", "admin"),
    ("agents:publish_version", "version", "admin"),
    ("agents:roll_back", "0", "admin"),
    ("agents:start_replay", "version", "admin"),
    ("agents:stop_replay", "replay", "admin"),
    ("agents:start_experiment", "version", "admin"),
    ("agents:change_experiment", "experiment", "admin"),
    ("agents:playground", "", "admin agent"),
    ("agents:autonomy", "", "admin"),
    ("agents:restore_autonomy", "0", "admin"),
    ("agents:go_live", "", "admin"),
    ("agents:hold_back", "", "admin"),
    ("samples:load", "", "admin"),
    ("samples:remove", "", "admin"),
    ("agents:intents", "", "admin"),
    ("agents:intent", "own_intent", "admin"),
    ("agents:remove_intent", "own_intent", "admin"),
    ("agents:decide_lesson", "lesson", "admin"),
    ("agents:models", "", "admin"),
    ("agents:approve_tool", "approval", "admin agent"),
    ("agents:reject_tool", "approval", "admin agent"),
    ("agents:approve_draft", "draft", "admin agent"),
    ("agents:reject_draft", "draft", "admin agent"),
    ("agents:undo_draft", "draft", "admin agent"),
    ("crm:retry", "", "admin"),
    ("crm:map", "crm", "admin"),
    ("crm:backfill", "crm", "admin"),
    ("crm:resend", "sync_record", "admin"),
    ("crm:decide", "conflict", "admin agent"),
    ("crm:calls", "lead", "admin agent"),
    ("workspace:member", "member", "admin"),
    ("workspace:revoke", "key", "admin"),
    ("workspace:settings", "", "admin"),
    ("workspace:team", "", "admin"),
    ("workspace:sso", "", "admin"),
    ("workspace:keys", "", "admin"),
]
SIGNPOSTS = [  # pages that only lead on
    ("channels_app:phone_inbox", f"sandbox {PHONE}", "admin agent"),
]
ROLES = ("admin", "agent", "viewer")


# Open to strangers, each for its reason: a single-use link, a cookie, a letter's last line.
OPEN = {"workspace:enter", "workspace:theme", "notices:unsubscribe"}
# Files: see tests/media, tests/leads/test_import.py and tests/agents/test_teaching_doors.py.
FILES = {"agents:export_disclosures", "leads:export", "channels_app:media"}
# One person's own way to a network or a CRM and back: see each app's test_signing_in.
WAYS = {f"{app}:{page}" for app in ("channels_app", "crm") for page in ("sign_in", "sign_in_back")}
# Nobody else's: see tests/notices/test_doors.py.
OWN = {"notices:go"}


def test_every_address_of_ours_is_in_these_tables():
    ours = {
        "workspace",
        "billing",
        "channels_app",
        "deadletters",
        "figures",
        "outgoing",
        "notices",
        "samples",
        "leads",
        "knowledge",
        "agents",
        "crm",
    }
    found = {
        f"{part.namespace}:{pattern.name}"
        for part in get_resolver("config.urls").url_patterns
        if getattr(part, "namespace", None) in ours
        for pattern in part.url_patterns
    }

    assert found == {name for name, *_ in [*PAGES, *DEEDS, *SIGNPOSTS]} | OPEN | FILES | WAYS | OWN


def address(scene, name, argument):
    words, _, query = argument.partition("?")
    targets = [getattr(scene, each, each) for each in words.split()]
    path = reverse(name, args=[getattr(target, "pk", target) for target in targets])
    return f"{path}?{query}" if query else path


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("name", "argument", "allowed"), PAGES)
def test_a_page_opens_for_its_roles_only(sign_in, scene, name, argument, allowed, role):
    answer = sign_in(role).get(address(scene, name, argument))

    assert answer.status_code == (200 if role in allowed.split() else 403)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("name", "argument", "allowed"), DEEDS)
def test_a_deed_is_for_its_roles_only(sign_in, scene, name, argument, allowed, role):
    answer = sign_in(role).post(address(scene, name, argument))

    if role in allowed.split():
        assert answer.status_code in {200, 204, 302, 422}
    else:
        assert answer.status_code == 403


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("name", "argument", "allowed"), SIGNPOSTS)
def test_a_signpost_leads_its_roles_on(sign_in, scene, name, argument, allowed, role):
    answer = sign_in(role).get(address(scene, name, argument))

    assert answer.status_code == (302 if role in allowed.split() else 403)


@pytest.mark.parametrize(
    ("name", "argument"), sorted({(n, a) for n, a, _ in [*PAGES, *DEEDS, *SIGNPOSTS]})
)
def test_strangers_are_sent_to_the_sign_in(client, scene, name, argument):
    for method in (client.get, client.post):
        answer = method(address(scene, name, argument))
        assert answer.status_code == 405 or answer.url.startswith("/accounts/login/")


@pytest.mark.parametrize(("name", "argument", "allowed"), PAGES)
def test_a_viewer_is_shown_no_button_that_changes_something(
    sign_in, scene, name, argument, allowed
):
    if "viewer" not in allowed:
        pytest.skip("not the viewer's page")
    html = sign_in("viewer").get(address(scene, name, argument)).content.decode()

    harmless = {"/theme/", "/i18n/setlang/", "/accounts/logout/"}
    forms = re.findall(r'<form[^>]*method="post"[^>]*?(?:action="([^"]*)")?[^>]*>', html)
    changing = {action for action in forms if action and action not in harmless}
    assert changing == set()


@pytest.mark.parametrize(("name", "argument", "allowed"), PAGES)
def test_every_field_has_a_label(sign_in, scene, name, argument, allowed):
    html = sign_in("admin").get(address(scene, name, argument)).content.decode()

    labelled = set(re.findall(r'<label[^>]*\bfor="([^"]+)"', html))
    fields = re.findall(r"<(?:input|select|textarea)\b[^>]*>", html)
    for field in fields:
        if re.search(r'type="(?:hidden|submit)"', field):
            continue
        found = re.search(r'\bid="([^"]+)"', field)
        assert found, field
        if re.search(r'\baria-label="[^"]', field):
            continue  # in a table, whose heads are no labels
        assert found.group(1) in labelled, field


@pytest.mark.parametrize(("name", "argument", "allowed"), PAGES)
def test_nothing_inline_that_the_policy_would_block(sign_in, scene, name, argument, allowed):
    answer = sign_in("admin").get(address(scene, name, argument))
    html = answer.content.decode()

    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not re.search(r"\son[a-z]+=", html)
