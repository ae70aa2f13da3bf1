"""Calling a lead through Vapi: once for a click, never twice, and never who may not be called."""

import json
from datetime import time, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from channels_app.models import ContactIdentity, id_index
from channels_app.services import opt_in, opt_out
from crm.hooks.base import CallOrder
from crm.hooks.vapi import VapiHook
from crm.models import HookEvent, PhoneCall, TimelineEntry
from crm.services import (
    CallRefused,
    ask_for_call,
    calling,
    change_hook,
    follow_call,
    look_up_call,
    may_call,
    open_hook,
    place_call,
    sweep,
)
from tenants import moments
from tenants.crypto import blind_index
from tenants.workspace.models import Profile
from tests.factories import make_connection, make_contact, make_lead

NUMBER = "3f8a2b0e-9e3c-4f9b-8a53-0d8c4f6f1c11"
ASSISTANT = "7c1a9d52-2f43-4e53-8f5e-1b9a7f0d2e33"
CONFIG = {
    "secret": "v" * 32,
    "api_key": "vapi-key",
    "phone_number_id": NUMBER,
    "assistant_id": ASSISTANT,
}
State = PhoneCall.State


@pytest.fixture
def vapi(north, simulator):
    return open_hook(kind="vapi", config=CONFIG)


@pytest.fixture
def ada(north):
    return make_lead(contact=make_contact(name="Ada Byron", phone="+34 600 000 001"))


@pytest.fixture
def ask(vapi, ada, work, django_capture_on_commit_callbacks):
    def asked(*, key="", working=True, lead=ada) -> PhoneCall:
        with django_capture_on_commit_callbacks(execute=True):
            call = ask_for_call(lead=lead, key=key, actor="user:1")
        if working:
            work()
        call.refresh_from_db()
        return call

    return asked


@pytest.fixture
def tell(vapi, work):
    """What Vapi tells us of a call, through its door."""

    def told(**message) -> None:
        body = json.dumps({"message": message}).encode()
        path = vapi.address.partition("//")[2].partition("/")[2]
        answer = Client(HTTP_HOST="localhost").post(
            f"/{path}",
            body,
            content_type="application/json",
            headers={"X-Vapi-Secret": CONFIG["secret"]},
        )
        assert answer.status_code == 200
        work()

    return told


def sent(simulator) -> list[dict]:
    return simulator.sends(vendor="vapi")


def test_a_call_is_placed_with_who_calls_said_first(ask, simulator):
    call = ask()

    [order] = sent(simulator)
    asked = json.loads(order["request"])
    assert call.state == State.QUEUED
    assert call.external_id == order["external_id"]
    assert asked["customer"] == {"number": "+34600000001", "name": "Ada Byron"}
    assert asked["name"] == call.reference
    assert (asked["assistantId"], asked["phoneNumberId"]) == (ASSISTANT, NUMBER)
    words = asked["assistantOverrides"]["firstMessage"]
    assert words == "Hello, this is the AI assistant of North. How can I help you today?"


def test_it_speaks_the_leads_language_and_the_companys_own_first_words(ask, vapi, ada, simulator):
    change_hook(hook=vapi, config={"first_words": "¿Tiene un minuto?"})
    ada.contact.language = "es"
    ada.contact.save()
    ask()
    [order] = sent(simulator)
    assert order["text"] == "Hola, soy el asistente de IA de North. ¿Tiene un minuto?"


def test_one_click_is_one_call_and_so_are_two_while_it_goes_on(ask, simulator, work):
    first = ask(key="k1", working=False)
    assert ask(key="k1", working=False) == first
    assert ask(key="k2", working=False) == first
    for _ in range(3):
        place_call(call_id=first.pk)
    work()
    assert len(sent(simulator)) == 1
    PhoneCall.objects.update(state=State.ENDED)
    assert ask(key="k1") == first  # the same form, sent again
    assert ask(key="k3") != first


def test_the_call_follows_what_vapi_tells_of_it_and_stands_on_the_timeline(ask, tell, ada):
    call = ask()
    about = {"id": call.external_id, "type": "outboundPhoneCall", "name": call.reference}
    states = []
    for status in ("ringing", "in-progress", "queued"):  # the last comes late
        tell(type="status-update", status=status, call=about)
        call.refresh_from_db()
        states.append(call.state)
    assert states == ["ringing", "in-progress", "in-progress"]
    tell(
        type="end-of-call-report",
        endedReason="customer-ended-call",
        durationSeconds=61,
        analysis={"summary": "They want an offer."},
        artifact={"transcript": "AI: Hello"},
        call=about,
    )
    call.refresh_from_db()
    assert (call.state, call.ended_reason) == (State.ENDED, "customer-ended-call")
    entry = TimelineEntry.objects.get()
    assert (entry.lead, entry.status, entry.text) == (ada, "ended", "They want an offer.")
    assert entry.details["transcript"] == "AI: Hello"


def test_by_the_simulators_own_account_of_it(ask, vapi, simulator):
    """What Vapi sends by itself reads as we read it."""
    call = ask()
    bundle = [{"type": "status-update", "status": "ringing", "call": {"id": call.external_id}}]
    [news] = VapiHook(CONFIG).read("status-update", json.dumps({"message": bundle[0]}).encode())
    assert news.external_id == call.external_id


# -- never two


def test_an_answer_that_was_lost_is_looked_up_before_anything_else(ask, simulator):
    simulator.fail("vapi", "drop", match="/call")
    call = ask()
    assert call.state == State.QUEUED  # found by its name
    assert call.external_id == sent(simulator)[0]["external_id"]
    assert len(sent(simulator)) == 1


def test_what_was_cut_before_it_was_taken_is_said_to_be_so_and_not_tried_again(ask, simulator):
    simulator.fail("vapi", "refuse", match="/call")
    call = ask()
    assert call.state == State.UNKNOWN
    assert ask(working=False) == call  # in doubt, nobody is called anew
    PhoneCall.objects.update(state_at=timezone.now() - timedelta(minutes=2))
    look_up_call(call_id=call.pk)
    call.refresh_from_db()
    assert (call.state, call.error_code) == (State.FAILED, "not_placed")
    assert sent(simulator) == []
    assert ask().state == State.QUEUED  # a person may ask again
    assert len(sent(simulator)) == 1


def test_a_worker_that_dies_while_it_asks_leaves_a_doubt_and_not_a_second_call(
    ask, simulator, work, monkeypatch
):
    call = ask(working=False)
    with monkeypatch.context() as dying:
        dying.setattr(calling, "_know", lambda *told: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            place_call(call_id=call.pk)
    PhoneCall.objects.update(state_at=timezone.now() - timedelta(minutes=3))
    sweep()
    look_up_call(call_id=call.pk)
    call.refresh_from_db()
    assert call.state == State.QUEUED
    assert len(sent(simulator)) == 1


def test_its_news_settle_a_doubt(ask, simulator, tell, monkeypatch):
    monkeypatch.setattr(VapiHook, "find_call", lambda *asked, **since: None)
    simulator.fail("vapi", "drop", match="/call")
    call = ask()
    assert call.state == State.UNKNOWN
    about = {"id": sent(simulator)[0]["external_id"], "name": call.reference}
    tell(type="status-update", status="ringing", call=about)
    call.refresh_from_db()
    assert (call.state, call.external_id) == (State.RINGING, about["id"])


@pytest.mark.parametrize("status", [400, 401, 403, 503])
def test_who_cannot_look_knows_nothing_of_the_call(ask, simulator, monkeypatch, status):
    simulator.fail("vapi", "drop", match="/call")
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(calling, "LOOKED_UP", ())
        call = ask()
    simulator.fail("vapi", status=status, match="/call")
    assert look_up_call(call_id=call.pk) == State.UNKNOWN
    assert ask(key="k2", working=False) == call
    assert len(sent(simulator)) == 1

    assert look_up_call(call_id=call.pk) == State.QUEUED, "it was placed, as it turns out"
    simulator.fail("vapi", status=status, match="/call")
    PhoneCall.objects.update(state=State.UNKNOWN, state_at=timezone.now() - timedelta(days=2))
    assert look_up_call(call_id=call.pk) == State.FAILED


def test_late_news_of_a_call_that_was_given_up_leave_the_next_one_alone(ask, simulator, tell):
    first = ask()
    PhoneCall.objects.filter(pk=first.pk).update(state=State.FAILED)
    second = ask(key="k2")
    assert second != first
    tell(type="status-update", status="ringing", call={"id": first.external_id})
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (State.FAILED, State.QUEUED)
    assert HookEvent.objects.get().state == HookEvent.State.HANDLED


def test_the_number_of_today_is_called_and_nobody_is_called_tomorrow(ask, ada, simulator):
    call = ask(working=False)
    ada.contact.phone = "+34 600 000 002"
    ada.contact.save()
    place_call(call_id=call.pk)
    call.refresh_from_db()
    assert call.number == "+34600000002"

    PhoneCall.objects.update(state=State.ASKED, created_at=timezone.now() - timedelta(hours=2))
    assert place_call(call_id=call.pk) == State.FAILED
    assert len(sent(simulator)) == 1


def test_a_call_of_which_no_news_came_is_asked_after(ask, simulator, work, vapi):
    call = ask()
    PhoneCall.objects.update(state_at=timezone.now() - timedelta(minutes=10))
    assert sweep()["calls"] == 1
    assert len(follow_call(call_id=call.pk)) == 1
    event = HookEvent.objects.get()
    assert (event.kind, event.hook) == ("status-update", vapi)


# -- what goes wrong


@pytest.mark.parametrize(
    ("status", "state", "code"),
    [(401, "failed", "401"), (400, "failed", "400"), (429, "asked", "429")],
)
def test_every_refusal_ends_in_a_clear_state(vapi, ada, simulator, status, state, code):
    simulator.fail("vapi", status=status, message="No.", retry_after=60, match="/call")
    call = ask_for_call(lead=ada, actor="user:1")
    place_call(call_id=call.pk)
    call.refresh_from_db()
    assert (call.state, call.error_text) == (state, "No.")
    assert call.error_code == code
    if state == State.ASKED:
        assert call.next_attempt_at is not None
        assert call.next_attempt_at > timezone.now() + timedelta(seconds=50)
        assert place_call(call_id=call.pk) == ""  # not before its time


def test_a_server_that_fails_may_have_called(vapi, ada, simulator):
    simulator.fail("vapi", status=500, match="/call")
    call = ask_for_call(lead=ada, actor="user:1")
    assert place_call(call_id=call.pk) == State.UNKNOWN


# -- who may not be called


def said_stop(platform, phone="34600000001"):
    """Somebody whom a network vouches for by this number; the lead's contact is another row."""
    connection = make_connection(platform=platform)
    contact = make_contact(name="Byron")
    ContactIdentity.objects.create(
        contact=contact, platform=platform, account_id=connection.account_id,
        external_id=phone, external_id_index=id_index(phone), proven_phone=blind_index(phone),
    )  # fmt: skip
    return {"contact": contact, "connection": connection}


class TestRefused:
    def code(self, lead) -> str:
        with pytest.raises(CallRefused) as refused:
            ask_for_call(lead=lead, actor="user:1")
        return refused.value.code

    def test_without_telephony(self, ada):
        assert self.code(ada) == "no_telephony"

    def test_without_the_key_it_only_listens(self, north, ada):
        open_hook(kind="vapi", config={**CONFIG, "api_key": ""})
        assert self.code(ada) == "no_telephony"

    def test_without_a_number(self, vapi):
        assert self.code(make_lead()) == "no_phone"

    def test_who_asked_for_nothing(self, vapi, ada):
        opt_out(contact=ada.contact, source="person")
        assert self.code(ada) == "opted_out"

    @pytest.mark.parametrize("purpose", ["all", "marketing"])
    @pytest.mark.parametrize("platform", ["whatsapp", "twilio", "twilio_whatsapp"])
    def test_whose_number_said_stop_where_it_is_reached_by_text(self, vapi, ada, platform, purpose):
        """Also where the network knows them as somebody else than the lead's contact."""
        opt_out(**said_stop(platform), purpose=purpose, source="network")
        assert self.code(ada) == "opted_out"

    def test_a_stop_of_another_number_or_of_another_kind_is_none(self, vapi, ada):
        opt_out(**said_stop("whatsapp", phone="34600000002"), source="network")
        opt_out(**said_stop("telegram"), source="network")  # it proves the number, and is no call
        ended = said_stop("twilio")
        opt_out(**ended, source="network")
        opt_in(**ended, source="network")
        assert may_call(lead=ada) == vapi

    def test_who_is_blocked(self, vapi, ada):
        ada.contact.is_blocked = True
        assert self.code(ada) == "contact_blocked"

    def test_in_quiet_hours_and_also_if_they_begin_while_it_waits(self, vapi, ada, simulator):
        call = ask_for_call(lead=ada, actor="user:1")
        Profile.objects.update_or_create(
            pk=1, defaults={"quiet_from": time(0), "quiet_to": time(23, 59, 59)}
        )
        moments.forget_moments()
        place_call(call_id=call.pk)
        call.refresh_from_db()
        assert (call.state, call.error_code) == (State.FAILED, "quiet_hours")
        with pytest.raises(CallRefused) as refused:
            ask_for_call(lead=ada, actor="user:1")
        assert refused.value.next_allowed_at is not None
        assert sent(simulator) == []


# -- doors


def test_the_leads_page_has_them_called_and_shows_how_it_goes(
    vapi, ada, sign_in, simulator, work, django_capture_on_commit_callbacks
):
    page = sign_in("agent").get(f"/leads/{ada.pk}/").content.decode()
    assert "Call now" in page
    with django_capture_on_commit_callbacks(execute=True):
        answer = sign_in("agent").post(f"/crm/calls/{ada.pk}/", {"key": "a" * 32})
    assert answer.status_code == 302
    work()
    fragment = sign_in("agent").get(f"/crm/calls/{ada.pk}/").content.decode()
    assert "queued" in fragment
    assert "every 3s" in fragment
    assert "Call now" not in fragment
    PhoneCall.objects.update(state=State.ENDED)
    assert "Call now" not in sign_in("viewer").get(f"/leads/{ada.pk}/").content.decode()
    assert sign_in("viewer").post(f"/crm/calls/{ada.pk}/").status_code == 403
    assert len(sent(simulator)) == 1


def test_programs_have_them_called(vapi, ada, program, simulator, work):
    made = program("agent").post(
        "/api/v1/phone-calls/", {"lead": ada.pk, "key": "order-7"}, content_type="application/json"
    )
    assert made.status_code == 201, made.content
    assert made.json()["state"] == "asked"
    opt_out(contact=ada.contact, source="person")
    PhoneCall.objects.update(state=State.ENDED)
    refused = program("agent").post(
        "/api/v1/phone-calls/", {"lead": ada.pk}, content_type="application/json"
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "opted_out")
    viewer = program("viewer").post(
        "/api/v1/phone-calls/", {"lead": ada.pk}, content_type="application/json"
    )
    assert viewer.status_code == 403


def test_prism_takes_what_we_ask_of_vapi(prism, judge, settings):
    settings.VAPI_API_URL = prism("vapi")
    vapi = VapiHook(CONFIG)
    order = CallOrder(reference="lw-1", number="+34600000001", name="Ada", disclosure="Hello.")
    assert judge.taken(lambda: vapi.start_call(order)) == [
        f"GET /assistant/{ASSISTANT}",
        "POST /call",
    ]
    since = timezone.now()
    assert judge.taken(lambda: vapi.find_call("lw-1", since=since)) == ["GET /call"]
    assert judge.taken(lambda: vapi.news_of_call(ASSISTANT)) == [f"GET /call/{ASSISTANT}"]
