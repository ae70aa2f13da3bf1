"""Every recorded and every hostile webhook we have: taken, never lost, each with an outcome."""

import json
from pathlib import Path

import pytest

from channels_app.models import InboundEvent
from tests.channels_app.conftest import connected, outcomes
from tests.conftest import SHARED

PAYLOADS = SHARED / "payloads"
# What must come of a recording, by the kind in its name; "message" where it is not listed.
EXPECTED = {
    "messenger": {
        "account_linking": {"unsupported"},
        "batch": {"message", "unrouted"},  # the second of its entries is for another page
        "batch_text_echo_postback": {"message", "echo", "reaction"},
        "checkout_update": {"unsupported"},
        "delivery": {"status"},
        "echo": {"echo"},
        "game_play": {"unsupported"},
        "handover": {"handover"},
        "no_messaging": {"unsupported"},
        "optin": {"unsupported"},
        "other": {"unsupported", "edit"},
        "payment": {"unsupported"},
        "policy_enforcement": {"account"},
        "pre_checkout": {"unsupported"},
        "reaction": {"reaction"},
        "read": {"status"},
        "referral": {"referral"},
        "standby": {"unsupported"},  # without a word in it
        "unsend": {"delete"},
        "unsupported": {"unsupported"},
    },
    "facebook_feed": {
        "album_add": {"post"},
        "album_edited": {"post"},
        "batch_comments_add_reply_edit": {"message", "edit", "delete", "echo"},
        "comment_add": {"message", "echo"},  # the page itself comments, too
        "comment_remove": {"delete"},
        "foo_bar_remove": {"unsupported"},
        "leadgen": {"unsupported"},
        "like_add": {"reaction"},
        "photo_add": {"post"},
        "photo_edited": {"post"},
        "photo_hide": {"post"},
        "post_add": {"message"},  # by a visitor
        "post_edit": {"edit"},
        "post_hide": {"hidden"},
        "post_remove": {"delete", "post"},
        "ratings_comment_add": {"message"},  # without its text, with its address
        "ratings_comment_edited": {"edit"},
        "ratings_comment_remove": {"delete"},
        "ratings_like_add": {"reaction"},
        "ratings_rating_edit": {"edit"},
        "ratings_rating_remove": {"delete"},
        "ratings_reaction_add": {"reaction"},
        "ratings_reaction_edit": {"reaction"},
        "reaction_add": {"reaction"},
        "reaction_edit": {"reaction"},
        "reaction_remove": {"reaction"},
        "share_add": {"post"},
        "share_hide": {"post"},
        "status_add": {"post"},
        "status_edited": {"edit", "post"},
        "status_hide": {"hidden"},
        "video_add": {"post"},
        "video_block": {"post"},
        "video_hide": {"post"},
        "video_mute": {"post"},
    },
    "instagram": {
        "batch_comments_add_reply_removed": {"message", "delete", "echo"},
        "change_story_insights": {"unsupported"},
        "comments_capture": {"echo"},
        "echo": {"echo"},
        "message_edit": {"edit"},
        "read": {"status"},
        "referral_igme": {"referral"},
        "seen": {"status"},
        "self_test": {"unsupported"},
        "standby": {"standby"},
        "unsend": {"delete"},
        "unsupported": {"unsupported"},
    },
    "whatsapp": {
        "edited_message": {"edit"},
        "field_account_update": {"account"},
        "field_business_username_update": {"account"},
        "field_message_template_components_update": {"template"},
        "field_message_template_status_update": {"template"},
        "field_phone_number_name_update": {"account"},
        "field_template_category_update": {"template"},
        "interactive_call_permission_reply": {"unsupported"},
        "other": {"unsupported", "rejected"},
        "outgoing_message": {"echo", "edit"},
        "reaction": {"reaction"},
        "status_deleted": {"delete"},
        "status_delivered": {"status"},
        "status_failed": {"status"},
        "status_played": {"status"},
        "status_read": {"status"},
        "status_sent": {"status"},
        "system": {"system"},
        "unknown": {"unsupported"},
        "unsupported": {"unsupported"},
    },
    "telegram": {
        "channel_post_giveaway": {"post"},
        "channel_post_service_or_other": {"post"},
        "channel_post_text": {"post"},
        "chosen_inline_result": {"unsupported"},
        "edited_channel_post_text": {"post"},
        "edited_message_group_text": {"edit"},
        "game": {"unsupported"},
        "group_pinned_message": {"unsupported"},
        "group_service_or_other": {"unsupported"},
        "inline_query": {"unsupported"},
        "my_chat_member": {"opt_out"},
        "pre_checkout_query": {"unsupported"},
        "removed_chat_boost": {"unsupported"},
        "service_or_other": {"unsupported", "message"},
        "shipping_query": {"unsupported"},
    },
}
# The hostile ones that hold no message for us; every other one must arrive as a message.
REJECTED = {
    "comments_in_json", "invalid_utf8_sequence", "messenger_entry_contains_null",
 "messenger_entry_is_string", "messenger_sender_id_empty",
    "messenger_sender_missing", "messenger_sender_null", "messenger_text_int",
    "messenger_text_object", "mid_20000_chars", "nested_objects_5000", "overlong_utf8_slash",
    "single_quotes", "toplevel_array_of_null", "toplevel_empty_object", "toplevel_string",
    "toplevel_true", "trailing_comma", "trailing_garbage", "two_objects", "utf16le",
    "whatsapp_type_text_without_text", "whatsapp_value_null", "xml_instead",
}  # fmt: skip
UNSUPPORTED = {
    "keys_5000", "messenger_text_null", "proto_pollution", "telegram_message_null",
    "telegram_photo_empty_list", "text_injection_empty", "whatsapp_messages_null",
    "whatsapp_type_unknown_future",
}  # fmt: skip
OTHERWISE = {
    "echo_of_own_send": {"echo"},
    "messenger_entry_is_object": {"unrouted"},  # the test connects what it reads in entry[0]
    "mixed_tenants_batch": {"message", "unrouted"},
    "status_before_message": {"status"},
    "statuses_out_of_order": {"status"},
}
FOLDERS = {
    "messenger": "messenger",
    "facebook_feed": "messenger",
    "instagram": "instagram",
    "whatsapp": "whatsapp",
    "telegram": "telegram",
    "telegram_current": "telegram",
}


def recorded() -> list:
    if not PAYLOADS.exists():
        return []
    return [
        pytest.param(platform, file, id=f"{folder}-{file.stem}")
        for folder, platform in FOLDERS.items()
        for file in sorted((PAYLOADS / folder).iterdir())
    ]


def hostile() -> list:
    if not PAYLOADS.exists():
        return []
    return [
        pytest.param(file, id=file.stem)
        for file in sorted((PAYLOADS / "hostile").iterdir())
        if file.suffix != ".eml"
    ]


@pytest.fixture(autouse=True)
def mentions(monkeypatch):
    """What Instagram answers when it is asked what was said."""
    said = {"text": "What does it cost, @acme?", "username": "jane", "caption": "With @acme"}
    found = {"id": "901", "mentioned_comment": said, "mentioned_media": said}
    monkeypatch.setattr("channels_app.graph.get", lambda *asked, **at: found)


needs_recordings = pytest.mark.skipif(
    not PAYLOADS.exists(), reason="the recorded webhooks are not on this machine"
)


def account_of(platform: str, body: bytes) -> str:
    """The account a recording was made for, so that it is connected here."""
    try:
        payload = json.loads(body)
        payload = payload[0] if isinstance(payload, list) else payload
        entry = payload["entry"][0]
        if platform in {"messenger", "instagram"}:
            return str(entry["id"])
        return str(entry["changes"][0]["value"]["metadata"]["phone_number_id"])
    except (KeyError, TypeError, ValueError, IndexError, RecursionError):
        return ""


def platform_of(body: bytes) -> str:
    """Which of our addresses a hostile body is aimed at."""
    if b"update_id" in body:
        return "telegram"
    return "whatsapp" if b"whatsapp_business_account" in body else "messenger"


def expected_of(name: str) -> set[str]:
    """What must come of a hostile body."""
    if name in REJECTED or name.startswith("truncated_"):
        return {"rejected"}
    return {"unsupported"} if name in UNSUPPORTED else OTHERWISE.get(name, {"message"})


@needs_recordings
@pytest.mark.parametrize(("platform", "file"), recorded())
def test_a_recording_is_taken_and_has_an_outcome(platform, file: Path, knock, work):
    body = file.read_bytes()
    connection = connected(platform, account_of(platform, body))

    assert knock(connection, body, headers={}).status_code == 403
    assert InboundEvent.objects.count() == 0
    assert knock(connection, body).status_code == 200
    work()

    found = {outcome for _, _, outcome in outcomes(connection)}
    kind = file.stem.partition("__")[0]
    expected = EXPECTED.get(file.parent.name, EXPECTED.get(platform, {})).get(kind)
    if expected is None:
        expected = {"unsupported"} if kind.startswith("field_") else {"message"}
    assert found
    assert found <= expected


@needs_recordings
@pytest.mark.parametrize("file", hostile())
def test_a_hostile_body_is_taken_and_has_an_outcome(file: Path, knock, work):
    body = file.read_bytes()
    platform = platform_of(body)
    connection = connected(platform, account_of(platform, body)[:190])

    assert knock(connection, body, headers={}).status_code == 403
    assert knock(connection, body).status_code == 200
    work()

    found = {outcome for _, _, outcome in outcomes(connection)}
    assert found == expected_of(file.stem)
    reasons = InboundEvent.objects.filter(outcome="rejected").values_list("reason", flat=True)
    assert all(reasons)
