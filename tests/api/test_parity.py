"""Whatever a person can do in the console, a program can do over the API, or it is said why not.

The acting routes are walked from the resolver: a new page that changes something fails here until
its counterpart stands in the table, or the reason why there is none.
"""

import re

import pytest
from django.urls import get_resolver, resolve

from tenants.api.exceptions import nothing_here
from tests.pages.test_every_page import DEEDS

HERE = "A person's own screen, and nothing that anybody else sees."
BROWSER = "A consent of the network's own pages, given in the person's browser."
PHONE = "Plays a customer for those who look on; programs write over a channel's webhook."
ONE_BY_ONE = "A deed on many is the same deed on each; programs do it to each conversation."
A_MOMENT = "A person's second thought about their own last click; programs mean what they ask."
SUBSCRIPTION = "A consent of the person's browser, to its own push service; programs have webhooks."
LOOK = "Says that somebody is here or types; a program is no presence."

# Acting route -> the API's counterpart (method and address), or a reason.
API = {
    "agents:approve_draft": "POST drafts/<str>/approve/",
    "agents:approve_tool": "POST tool-approvals/<str>/approve/",
    "agents:ask": "POST chat/",
    "agents:autonomy": "PUT autonomy/",
    "agents:change_experiment": "POST experiments/<str>/share/",
    "agents:decide_lesson": "POST lessons/<str>/as_example/",
    "agents:discard_version": "POST agent-versions/<str>/discard/",
    "agents:go_live": "PUT autonomy/",
    "agents:hold_back": "PUT autonomy/",
    "agents:impact": "POST knowledge/documents/<int>/impact/",
    "agents:intent": "POST own-intents/<str>/change/",
    "agents:intents": "POST own-intents/",
    "agents:models": "PATCH model-settings/",
    "agents:new_version": "POST agent-versions/",
    "agents:playground": "POST playground/",
    "agents:publish_version": "POST agent-versions/<str>/publish/",
    "agents:reject_draft": "POST drafts/<str>/reject/",
    "agents:reject_tool": "POST tool-approvals/<str>/reject/",
    "agents:remove_intent": "DELETE own-intents/<str>/",
    "agents:restore_autonomy": "PUT autonomy/",
    "agents:roll_back": "POST agent-versions/roll-back/",
    "agents:start_experiment": "POST experiments/",
    "agents:start_replay": "POST agent-versions/<str>/replay/",
    "agents:stop_replay": "POST replays/<str>/stop/",
    "agents:undo_draft": "POST drafts/<str>/undo/",
    "agents:version": "PUT agent-versions/<str>/content/",
    "billing:limits": "PATCH usage/limits/",
    "channels_app:add_promise": "POST promises/",
    "channels_app:add_view": "POST inbox-views/",
    "channels_app:assign": "POST conversations/<str>/assign/",
    "channels_app:away": "PATCH seats/mine/",
    "channels_app:canned": "POST canned-replies/",
    "channels_app:chat_settings": "POST connections/<str>/adjust/",
    "channels_app:close": "POST conversations/<str>/close/",
    "channels_app:compare": "POST contacts/<str>/merge/",
    "channels_app:disconnect": "POST connections/<str>/disconnect/",
    "channels_app:dismiss": "POST merge-suggestions/<str>/dismiss/",
    "channels_app:doctor": "POST channels/<int>/doctor/",
    "channels_app:draft": HERE,
    "channels_app:drop_canned": "DELETE canned-replies/<str>/",
    "channels_app:drop_view": "DELETE inbox-views/<str>/",
    "channels_app:due_soon": "PATCH profile/",
    "channels_app:fetch_again": "POST media/<str>/fetch-again/",
    "channels_app:fetch_templates": "POST connections/<str>/fetch-templates/",
    "channels_app:habits": HERE,
    "channels_app:hand_back": "POST conversations/<str>/hand-back/",
    "channels_app:hours": "PATCH profile/",
    "channels_app:incident_again": "POST incidents/<str>/retry/",
    "channels_app:incident_close": "POST incidents/<str>/close/",
    "channels_app:incident_seen": "POST incidents/<str>/acknowledge/",
    "channels_app:label": "POST conversations/<str>/label/",
    "channels_app:many": ONE_BY_ONE,
    "channels_app:moderate": "POST messages/<str>/hide/",
    "channels_app:part": "POST contact-merges/<str>/undo/",
    "channels_app:phone": PHONE,
    "channels_app:phone_thread": PHONE,
    "channels_app:presence": LOOK,
    "channels_app:promise": "PATCH promises/<str>/",
    "channels_app:remove_promise": "DELETE promises/<str>/",
    "channels_app:reopen": "POST conversations/<str>/reopen/",
    "channels_app:reply": "POST conversations/<str>/reply/",
    "channels_app:sandbox_remove": "DELETE sandboxes/<str>/",
    "channels_app:sandbox_start": "POST sandboxes/",
    "channels_app:seat": "PATCH seats/<int>/",
    "channels_app:send_template": "POST conversations/<str>/reply/",
    "channels_app:sign_in": BROWSER,
    "channels_app:sign_in_start": BROWSER,
    "channels_app:snooze": "POST conversations/<str>/snooze/",
    "channels_app:take_over": "POST conversations/<str>/take-over/",
    "channels_app:turns": "PATCH profile/",
    "channels_app:typing": LOOK,
    "channels_app:undo_many": A_MOMENT,
    "channels_app:undo_send": A_MOMENT,
    "crm:backfill": "POST crm-connections/<str>/backfill/",
    "crm:calls": "POST phone-calls/",
    "crm:decide": "POST crm-conflicts/<str>/decide/",
    "crm:map": "POST crm-connections/<str>/map/",
    "crm:resend": "POST sync-records/<str>/resend/",
    "crm:retry": "POST sync-records/<str>/retry/",
    "crm:sign_in_start": BROWSER,
    "deadletters:act": "POST dead-letters/<str>/replay/",
    "deadletters:make_order": "POST dead-letter-orders/",
    "knowledge:add_source": "POST knowledge/sources/",
    "knowledge:answer_gap": "POST knowledge/gaps/<str>/answer/",
    "knowledge:curated_answer": "PATCH knowledge/answers/<str>/",
    "knowledge:describe": "PATCH knowledge/documents/<str>/",
    "knowledge:dismiss_gap": "POST knowledge/gaps/<str>/dismiss/",
    "knowledge:look_again": "POST knowledge/sources/<str>/look-again/",
    "knowledge:paste": "POST knowledge/documents/",
    "knowledge:reindex": "POST knowledge/documents/<str>/reindex/",
    "knowledge:remove": "DELETE knowledge/documents/<str>/",
    "knowledge:remove_curated_answer": "DELETE knowledge/answers/<str>/",
    "knowledge:remove_source": "DELETE knowledge/sources/<str>/",
    "knowledge:reopen_gap": "POST knowledge/gaps/<str>/reopen/",
    "knowledge:replace": "PATCH knowledge/documents/<str>/",
    "knowledge:source_limits": "PATCH knowledge/sources/<str>/",
    "knowledge:upload": "POST knowledge/documents/",
    "leads:add_tag": "POST leads/<str>/tag/",
    "leads:add_task": "POST lead-tasks/",
    "leads:automation": "POST lead-rules/",
    "leads:change_tag": "PATCH lead-tags/<str>/",
    "leads:discard_rules": "POST scoring-rules/<str>/discard/",
    "leads:dismiss_duplicate": "POST lead-duplicates/<str>/dismiss/",
    "leads:draft_rules": "POST scoring-rules/",
    "leads:import": "POST lead-imports/",
    "leads:import_discard": "POST lead-imports/<str>/discard/",
    "leads:import_order": "POST lead-imports/<str>/map/",
    "leads:import_start": "POST lead-imports/<str>/start/",
    "leads:many": "POST leads/change-many/",
    "leads:merge_duplicate": "POST lead-duplicates/<str>/merge/",
    "leads:owner": "POST leads/<str>/assign/",
    "leads:part": "POST contact-merges/<str>/undo/",
    "leads:preview_rules": "POST scoring-rules/<str>/preview/",
    "leads:publish_rules": "POST scoring-rules/<str>/publish/",
    "leads:remove_rule": "DELETE lead-rules/<str>/",
    "leads:remove_tag": "POST leads/<str>/tag/",
    "leads:remove_view": "DELETE lead-views/<str>/",
    "leads:retire_tag": "POST lead-tags/<str>/merge/",
    "leads:rule_set": "POST scoring-rules/<str>/write/",
    "leads:save_view": "POST lead-views/",
    "leads:stage": "POST leads/<str>/stage/",
    "leads:stages": "PUT lead-stages/",
    "leads:switch_rule": "PATCH lead-rules/<str>/",
    "leads:tags": "POST lead-tags/",
    "leads:task_done": "POST lead-tasks/<str>/finish/",
    "leads:undo": "POST leads/take-back/",
    "notices:drop_device": SUBSCRIPTION,
    "notices:habits": "PATCH notices/settings/",
    "notices:read": "POST notices/read-all/",
    "notices:subscribe": SUBSCRIPTION,
    "notices:unsubscribe": "PATCH notices/settings/",
    "outgoing:add": "POST webhooks/endpoints/",
    "outgoing:edit": "PATCH webhooks/endpoints/<str>/",
    "outgoing:remove": "DELETE webhooks/endpoints/<str>/",
    "outgoing:replay_all": "POST webhooks/endpoints/<str>/replay/",
    "outgoing:replay_one": "POST webhooks/deliveries/<str>/replay/",
    "outgoing:rotate": "POST webhooks/endpoints/<str>/rotate/",
    "outgoing:switch": "POST webhooks/endpoints/<str>/pause/",
    "outgoing:test": "POST webhooks/endpoints/<str>/test/",
    "samples:load": "POST samples/",
    "samples:remove": "DELETE samples/",
    "workspace:keys": "POST api-keys/",
    "workspace:member": "PATCH users/<str>/",
    "workspace:revoke": "POST api-keys/<str>/revoke/",
    "workspace:settings": "PATCH profile/",
    "workspace:sso": "Who lets people in is decided by a person who can sign in to try it.",
    "workspace:team": "POST users/",
}
# Pages that act by a second method and are no deed of their own in the table of pages.
PAGES_THAT_ACT = {
    "channels_app:add": "POST connections/",
    "crm:add": "POST crm-connections/",
    "knowledge:new_curated_answer": "POST knowledge/answers/",
}


def _acting() -> set[str]:
    """Every named route of ours whose view takes a POST, as the view itself says."""
    found = set()
    for part in get_resolver("config.urls").url_patterns:
        space = getattr(part, "namespace", None)
        for pattern in getattr(part, "url_patterns", ()):
            if space and space != "console" and _takes_post(pattern.callback):
                found.add(f"{space}:{pattern.name}")
    return found


def _takes_post(view: object) -> bool:
    """``require_GET`` and ``require_http_methods`` keep their list where only closures look."""
    seen = view
    while seen is not None:
        cells = getattr(seen, "__closure__", None) or ()
        lists = [cell.cell_contents for cell in cells if _is_methods(cell.cell_contents)]
        if lists:
            return "POST" in lists[0]
        seen = getattr(seen, "__wrapped__", None)
    return True


def _is_methods(value: object) -> bool:
    return isinstance(value, list) and {"GET", "POST", "HEAD"}.issuperset(value) and bool(value)


# Doors, not deeds: a language, a colour, a sign-in, a token of the person's own session.
NO_DEEDS = {"workspace:theme", "workspace:enter", "workspace:live_token"}


def test_every_deed_of_the_console_is_in_the_table():
    table = {**API, **PAGES_THAT_ACT}
    asked = {name for name, *_rest in DEEDS} | _acting() - NO_DEEDS
    assert asked - set(table) == set(), "say how a program does it, or why it cannot"
    assert set(table) - asked == set(), "these act no more"


@pytest.mark.parametrize("name", sorted({**API, **PAGES_THAT_ACT}))
def test_the_counterpart_is_there_and_takes_that_method(name):
    said = {**API, **PAGES_THAT_ACT}[name]
    found = re.fullmatch(r"(POST|PUT|PATCH|DELETE) (\S+)", said)
    if found is None:
        assert said.endswith(".")
        assert len(said.split()) > 5, "a reason is a sentence"
        return
    method, path = found.groups()
    view = resolve(f"/api/v1/{re.sub('<[a-z]+>', '7', path)}", "config.urls").func
    assert view is not nothing_here, f"there is no {path}"
    verbs = getattr(view, "actions", None) or {
        verb: verb
        for verb in ("post", "put", "patch", "delete")
        if hasattr(getattr(view, "cls", None), verb)
    }
    assert method.lower() in verbs
