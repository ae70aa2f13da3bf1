"""The page, the API and the command: who may look, who may act, what is shown to whom."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels_app.models import InboundEvent, Message
from channels_app.services.statuses import UNKNOWN_DELIVERY
from tenants import context
from tenants.audit.models import AuditEntry
from tenants.deadletters.models import ReplayOrder
from tenants.models import UnroutedEvent, WebhookRoute
from tests.deadletters.scene import dead_event, dead_message, dead_record
from tests.factories import make_connection

pytestmark = pytest.mark.usefixtures("memories_last")

URL = "/api/v1/dead-letters/"


# -- the page


def test_the_list_tells_what_died_and_why(sign_in):
    event, message = dead_event(reason="mid is missing."), dead_message()

    html = sign_in("admin").get("/dead-letters/").content.decode()

    assert "mid is missing." in html
    assert "The network refused this message." in html
    assert f"inbound-{event.pk}" in html
    assert f"outbound-{message.pk}" in html


def test_an_empty_list_says_so(sign_in):
    assert b"Nothing was given up" in sign_in("viewer").get("/dead-letters/").content


def test_the_page_costs_the_same_for_few_and_many(sign_in):
    admin = sign_in("admin")

    def cost(rows):
        for _ in range(rows):
            dead_event()
            dead_message()
        admin.get("/dead-letters/")
        with CaptureQueriesContext(database) as asked:
            assert admin.get("/dead-letters/").status_code == 200
        return len(asked)

    assert cost(3) == cost(297) <= 25


def test_a_row_is_tried_again_by_its_own_button(sign_in):
    event, other = dead_event(), dead_event()

    answer = sign_in("admin").post(
        "/dead-letters/act/",
        {
            "one": f"inbound-{event.pk}",
            "letter": [f"inbound-{other.pk}"],
            "next": "/dead-letters/?kind=inbound",
        },
    )

    assert answer.url == "/dead-letters/?kind=inbound"
    event.refresh_from_db()
    other.refresh_from_db()
    assert (event.status, other.status) == ("pending", "rejected")


def test_chosen_ones_of_several_boxes_are_let_go_together(sign_in):
    event, message, record = dead_event(), dead_message(), dead_record()
    keys = [f"inbound-{event.pk}", f"outbound-{message.pk}", f"crm-{record.pk}", "nobody-1", "x"]

    sign_in("admin").post("/dead-letters/act/", {"deed": "discard", "letter": keys})

    event.refresh_from_db()
    message.refresh_from_db()
    record.refresh_from_db()
    assert event.status == InboundEvent.Status.DISCARDED
    assert message.discarded_at
    assert record.discarded_at


@pytest.mark.parametrize(
    "where", ["https://evil.example/dead-letters/", "//evil.example", "/settings/"]
)
def test_it_leads_back_to_nowhere_else(sign_in, where):
    answer = sign_in("admin").post(
        "/dead-letters/act/", {"one": f"inbound-{dead_event().pk}", "next": where}
    )

    assert answer.url == "/dead-letters/"


def test_all_of_a_reason_are_ordered_and_the_order_is_shown(sign_in):
    dead_event(reason="a & b")
    admin = sign_in("admin")

    answer = admin.post("/dead-letters/order/", {"kind": "inbound", "reason": "a & b"}, follow=True)

    order = ReplayOrder.objects.get()
    assert (order.kind, order.reason, order.total) == ("inbound", "a & b", 1)
    assert b"hx-get" in answer.content
    fragment = admin.get(f"/dead-letters/orders/{order.pk}/", headers={"HX-Request": "true"})
    assert b"<html" not in fragment.content


def test_a_viewer_looks_and_may_do_nothing(sign_in):
    event = dead_event()
    key = f"inbound-{event.pk}"
    viewer = sign_in("viewer")

    assert viewer.get("/dead-letters/").status_code == 200
    assert b'method="post" action="/dead-letters/' not in viewer.get("/dead-letters/").content
    for deed in ("replay", "discard", "settle"):
        answer = viewer.post("/dead-letters/act/", {"deed": deed, "letter": key})
        assert answer.status_code == 403
    assert viewer.post("/dead-letters/order/", {"kind": "inbound"}).status_code == 403
    event.refresh_from_db()
    assert event.status == InboundEvent.Status.REJECTED


def test_an_agent_sends_again_and_replays_no_webhooks(sign_in):
    event, message = dead_event(), dead_message()
    agent = sign_in("agent")

    assert agent.post("/dead-letters/act/", {"one": f"outbound-{message.pk}"}).status_code == 302
    assert agent.post("/dead-letters/act/", {"one": f"inbound-{event.pk}"}).status_code == 403
    message.refresh_from_db()
    assert message.state == Message.State.QUEUED


def test_a_payload_is_whole_for_some_and_bones_for_others(sign_in):
    event = dead_event(body=b'{"from": {"name": "Mia Costa", "id": 7, "bot": false}}')
    address = f"/dead-letters/inbound-{event.pk}/"

    assert "Mia Costa" in sign_in("agent").get(address).content.decode()
    bones = sign_in("viewer").get(address).content.decode()

    assert "Mia Costa" not in bones
    assert "name" in bones
    assert "•••" in bones


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe\x00", b"{", b"[" * 5_000, b"x" * 300_000, rb'{"\ud800": "\udfff"}'],
)
@pytest.mark.parametrize("role", ["admin", "viewer"])
def test_any_bytes_can_be_shown(sign_in, role, body):
    event = dead_event(body=body)

    assert sign_in(role).get(f"/dead-letters/inbound-{event.pk}/").status_code == 200


def test_what_is_in_doubt_asks_a_person_to_look(sign_in):
    message = dead_message(code=UNKNOWN_DELIVERY)
    agent = sign_in("agent")
    html = agent.get(f"/dead-letters/outbound-{message.pk}/").content.decode()
    assert "It did not arrive" in html

    key = f"outbound-{message.pk}"
    agent.post("/dead-letters/act/", {"deed": "replay", "letter": key})
    message.refresh_from_db()
    assert message.state == Message.State.FAILED
    agent.post("/dead-letters/act/", {"deed": "replay", "letter": key, "sure": "1"})

    message.refresh_from_db()
    assert message.state == Message.State.QUEUED


# -- the API


def test_the_api_lists_and_pages(program):
    for number in range(5):
        dead_event(processed_at=timezone.now() - timedelta(minutes=number))
    admin = program("admin")

    first = admin.get(URL, {"page_size": 2, "kind": "inbound"}).json()
    second = admin.get(first["next"]).json()
    third = admin.get(second["next"]).json()

    found = [one["id"] for page in (first, second, third) for one in page["results"]]
    assert len(set(found)) == 5
    assert third["next"] is None


def test_the_api_filters_and_counts(program):
    dead_event(reason="a")
    dead_event(reason="b")
    dead_message()
    admin = program("admin")

    assert len(admin.get(URL, {"reason": "a"}).json()["results"]) == 1
    assert len(admin.get(URL, {"since": "2999-01-01T00:00:00Z"}).json()["results"]) == 0
    counted = admin.get(f"{URL}counts/").json()
    assert {(one["kind"], one["reason"], one["count"]) for one in counted} == {
        ("inbound", "a", 1),
        ("inbound", "b", 1),
        ("outbound", "131026", 1),
    }


def test_the_api_shows_replays_and_discards(program):
    event, other = dead_event(), dead_event()
    admin = program("admin")
    address = f"{URL}inbound-{event.pk}/"

    assert json.loads(admin.get(address).json()["payload"])["from"]["id"] == "49170"
    assert admin.post(f"{address}replay/").status_code == 204
    assert admin.post(f"{address}replay/").status_code == 404  # not dead any more
    assert admin.post(f"{URL}inbound-{other.pk}/discard/").status_code == 204

    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"dead_letters.replayed", "dead_letters.discarded"} <= actions


def test_the_api_refuses_what_is_in_doubt(program):
    message = dead_message(code=UNKNOWN_DELIVERY)
    admin = program("admin")
    address = f"{URL}outbound-{message.pk}/"

    refused = admin.post(f"{address}replay/")
    assert (refused.status_code, refused.json()["code"]) == (409, UNKNOWN_DELIVERY)
    assert admin.post(f"{address}settle/").status_code == 204

    message.refresh_from_db()
    assert message.state == Message.State.SENT


def test_the_api_orders_many(program):
    dead_event(reason="a")
    admin = program("admin")

    answer = admin.post(
        "/api/v1/dead-letter-orders/", {"kind": "inbound", "reason": "a"}, "application/json"
    )

    assert answer.status_code == 202
    assert (answer.json()["total"], answer.json()["state"]) == (1, "running")
    shown = admin.get(f"/api/v1/dead-letter-orders/{answer.json()['id']}/").json()
    assert shown["kind"] == "inbound"
    wrong = admin.post("/api/v1/dead-letter-orders/", {"kind": "pigeon"}, "application/json")
    assert wrong.status_code == 400


def test_a_viewers_key_looks_only(program):
    event = dead_event()
    viewer = program("viewer")
    address = f"{URL}inbound-{event.pk}/"

    shown = viewer.get(address).json()
    assert shown["is_masked"]
    assert "49170" not in shown["payload"]
    assert viewer.post(f"{address}replay/").status_code == 403
    assert viewer.post(f"{address}discard/").status_code == 403
    order = viewer.post("/api/v1/dead-letter-orders/", {"kind": "inbound"}, "application/json")
    assert order.status_code == 403


def test_the_other_companys_letters_are_not_found(program, south):
    with context.inside(south):
        event = dead_event()
    admin = program("admin")

    assert admin.get(f"{URL}inbound-{event.pk}/").status_code == 404
    assert admin.post(f"{URL}inbound-{event.pk}/replay/").status_code == 404
    assert admin.get(URL).json()["results"] == []


# -- a dead row never stands in the way


@pytest.mark.parametrize("end", ["rejected", "discarded"])
def test_the_same_item_sent_again_is_read(north, end):
    from channels_app.providers.values import RawItem
    from channels_app.services import store

    event = dead_event(status=end)
    item = RawItem("1", event.key, "message", b'{"mended": true}')

    stored = store(connection_id=event.connection_id, items=[item])

    assert stored == [str(event.pk)]
    event.refresh_from_db()
    assert (event.status, event.attempts, bytes(event.body)) == ("pending", 0, b'{"mended": true}')


# -- items for a channel that is off


@pytest.fixture
def strays(north, south):
    """North has shown account 77 to be its own; 88 is south's, 99 nobody's."""
    for account, company in (("77", north), ("88", south)):
        WebhookRoute.objects.create(
            platform="messenger", account_id=account, company=company, connection_id=1,
            is_active=False, is_verified=True,
        )  # fmt: skip
    WebhookRoute.objects.create(  # typed, not shown
        platform="messenger", account_id="66", company=north, connection_id=1, is_verified=False
    )
    context.leave()
    made = {
        account: UnroutedEvent.objects.create(
            platform="messenger", account_id=account, key=f"k{account}", kind="message",
            body=b'{"text": "for %s"}' % account.encode(),
        )
        for account in ("66", "77", "88", "99")
    }  # fmt: skip
    context.enter_company(north)
    return made


def test_a_company_sees_what_came_for_accounts_it_has_shown_to_be_its_own(program, strays):
    admin = program("admin")

    (letter,) = admin.get(URL).json()["results"]
    assert letter["id"] == f"unrouted-{strays['77'].pk}"
    assert "for 77" in admin.get(f"{URL}{letter['id']}/").json()["payload"]
    for account in ("66", "88", "99"):
        address = f"{URL}unrouted-{strays[account].pk}/"
        assert admin.get(address).status_code == 404
        assert admin.post(f"{address}discard/").status_code == 404


def test_they_are_taken_in_once_the_channel_is_on(program, strays):
    admin = program("admin")
    address = f"{URL}unrouted-{strays['77'].pk}/"
    refused = admin.post(f"{address}replay/")
    assert (refused.status_code, refused.json()["code"]) == (409, "switched_off")

    connection = make_connection(platform="messenger", account_id="77")
    assert admin.post(f"{address}replay/").status_code == 204

    assert InboundEvent.objects.filter(connection=connection).count() == 1
    assert not UnroutedEvent.objects.filter(pk=strays["77"].pk).exists()


# -- the command


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_command_lists_counts_replays_and_discards(public, north, capsys):
    event = dead_event(reason="a")
    dead_message(code=UNKNOWN_DELIVERY)
    context.leave()

    call_command("dead_letters", company="north")
    assert {line["reason"] for line in lines(capsys)} == {"a", UNKNOWN_DELIVERY}
    call_command("dead_letters", company="north", counts=True, kind="inbound")
    assert lines(capsys) == [{"kind": "inbound", "reason": "a", "platform": "telegram", "count": 1}]
    call_command("dead_letters", company="south")
    assert lines(capsys) == []
    call_command("dead_letters", company="north", replay=True)
    said = lines(capsys)
    assert {"kind": "inbound", "done": 1, "refused": 0} in said
    assert {"kind": "outbound", "done": 0, "refused": 1} in said

    context.enter_company(north)
    event.refresh_from_db()
    assert event.status == "pending"


@pytest.mark.parametrize("wrong", [{"kind": "pigeon"}, {"since": "yesterday"}])
def test_the_command_refuses_what_it_does_not_know(public, wrong):
    with pytest.raises(CommandError) as refused:
        call_command("dead_letters", company="north", **wrong)

    assert refused.value.returncode == 2
