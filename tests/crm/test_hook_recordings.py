"""What comes of every recorded webhook of HubSpot, Calendly and Vapi, by the kind in its name.

What we would answer, and what an API answers, lies among them: no webhook, yet it is taken,
unsupported and visible. Hostile bodies are taken as well, and lose no sibling.
"""

import json
from pathlib import Path

import pytest

from crm.models import HookEvent, IncomingHook, SyncRecord, TimelineEntry
from tests.conftest import SHARED
from tests.factories import make_contact, make_crm, make_hook, make_lead

PAYLOADS = SHARED / "payloads"
NOTHING = [("unsupported", "unsupported")]
CALL = [("handled", "nobody")]  # the recordings name no caller
# kind of the file -> what becomes of its events, in order
EXPECTED = {
    "hubspot": {
        # A life cycle stage that says nothing of ours, and a creation.
        "webhook_contact_creation_batch": NOTHING * 2,
        "webhook_merge_associationchange": NOTHING * 2,
    },
    "calendly": {
        "api_scheduled_event": NOTHING,
        "invitee_canceled": [("handled", "meeting")],
    },
    "vapi": {
        "response_call_endpointing_request_custom_endpointing_server": NOTHING,
        "response_function_calling_tools": NOTHING,
        "response_knowledge_base_request_custom": NOTHING,
        "response_retrieving_assistants": NOTHING,
        "response_timing_type_word_alignment_elevenlabs": NOTHING,
        "response_timing_type_word_progress_minimax_with_voice_subtitletype_word": NOTHING,
        "response_transfer_only_skip_ai": NOTHING,
        "server_assistant_request": NOTHING,
        "server_call_endpointing_request": NOTHING,
        "server_chat_created": NOTHING,
        "server_end_of_call_report": CALL,
        "server_hang": NOTHING,
        "server_knowledge_base_request": NOTHING,
        "server_language_change_detected": NOTHING,
        "server_request_start": NOTHING,
        "server_server_message_type": NOTHING,
        "server_speech_update": NOTHING,
        "server_status_update": NOTHING,  # its call has no name
        "server_tool_calls": NOTHING,
        "server_transfer_destination_request": NOTHING,
        "server_transfer_update": NOTHING,
        "server_user_interrupted": NOTHING,
        "server_voice_input": NOTHING,
        "server_voice_request": NOTHING,
    },
}
ANSWERED = {
    "server_assistant_request": {"error"},
    "server_knowledge_base_request": {"documents"},
    "server_tool_calls": {"results"},
    "server_transfer_destination_request": {"error"},
}


def recorded() -> list:
    if not PAYLOADS.exists():
        return []
    return [
        pytest.param(kind, file, id=f"{kind}-{file.stem}")
        for kind in EXPECTED
        for file in sorted((PAYLOADS / kind).iterdir())
    ]


needs_recordings = pytest.mark.skipif(
    not PAYLOADS.exists(), reason="the recorded webhooks are not on this machine"
)


def became(hook: IncomingHook) -> list[tuple[str, str]]:
    return list(hook.events.order_by("pk").values_list("state", "outcome"))


def lead_with(email: str):
    return make_lead(contact=make_contact(email=email))


@needs_recordings
@pytest.mark.parametrize(("kind", "file"), recorded())
def test_a_recording_is_taken_and_has_an_outcome(kind, file: Path, knock, work):
    hook, body = make_hook(kind=kind), file.read_bytes()
    lead_with("jane@example.com")
    name = file.stem.partition("__")[0]

    assert knock(hook, body, headers={}).status_code == 403
    assert knock(hook, body, secret="another").status_code == 403
    assert HookEvent.objects.count() == 0
    for _ in range(2):  # the second delivery changes nothing
        answer = knock(hook, body)
        assert answer.status_code == 200
        said = json.loads(answer.content) if answer.content else {}
        assert set(said) == ANSWERED.get(name, set())
        work()

    assert became(hook) == EXPECTED[kind][name]
    assert all(hook.events.filter(state="unsupported").values_list("reason", flat=True))


@needs_recordings
def test_the_table_names_every_kind_there_is():
    there = {
        kind: {file.stem.partition("__")[0] for file in (PAYLOADS / kind).iterdir()}
        for kind in EXPECTED
    }
    assert there == {kind: set(rows) for kind, rows in EXPECTED.items()}


@needs_recordings
def test_no_folder_of_recordings_is_without_a_door():
    by_channels = {
        *("email", "email_provider", "facebook_feed", "instagram", "linkedin", "messenger"),
        *("telegram", "telegram_current", "tiktok", "twilio", "whatsapp", "x"),
    }
    folders = {each.name for each in PAYLOADS.iterdir() if each.is_dir()}
    assert folders - {"hostile", "licences"} == by_channels | set(EXPECTED)


@needs_recordings
@pytest.mark.parametrize("kind", list(EXPECTED))
def test_hostile_bodies_are_kept_and_end_somewhere(kind, knock, work):
    hook = make_hook(kind=kind)
    files = sorted((PAYLOADS / "hostile").iterdir())

    refused = [file.name for file in files if knock(hook, file.read_bytes()).status_code != 200]
    work()

    assert len(files) > 100
    assert refused == []
    assert {state for state, _ in became(hook)} <= {"handled", "unsupported", "rejected"}
    silent = hook.events.exclude(state="handled").filter(reason="")
    assert list(silent.values_list("kind", flat=True)) == []


@needs_recordings
def test_the_meeting_of_the_recording_is_on_the_timeline(knock, work, sign_in):
    hook, lead = make_hook(kind="calendly"), lead_with("Jane@Example.com")

    knock(hook, (PAYLOADS / "calendly" / "invitee_canceled__asyncapi.json").read_bytes())
    work()

    entry = TimelineEntry.objects.get()
    assert (entry.lead, entry.kind, entry.status) == (lead, "meeting", "canceled")
    page = sign_in("viewer").get(f"/leads/{lead.pk}/").content.decode()
    assert "Schedule conflict" in page


@needs_recordings
def test_the_batch_of_the_recording_reaches_the_lead_it_is_about(knock, work):
    """The same batch with a stage that we have: one event follows, its sibling is unsupported."""
    crm = make_crm()
    hook, lead = make_hook(kind="hubspot", crm=crm), make_lead()
    SyncRecord.objects.create(connection=crm, lead=lead, external_id="1246965", state="clean")
    file = PAYLOADS / "hubspot" / "webhook_contact_creation_batch__documented.json"
    events = json.loads(file.read_bytes())
    events[0]["propertyValue"] = "customer"

    knock(hook, events)
    work()

    lead.refresh_from_db()
    assert lead.stage == "won"
    # Ids of one millisecond stand in no order.
    assert sorted(became(hook)) == [("handled", "stage"), *NOTHING]
