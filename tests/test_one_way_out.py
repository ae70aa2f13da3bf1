"""No other path reaches a network: only the courier sends, and only what the send policy let."""

import ast
import inspect
from datetime import timedelta
from itertools import count
from pathlib import Path

import dramatiq
import pytest
from django.test import Client
from django.utils import timezone

from channels_app import policy, services
from channels_app.models import Contact, Incident, Message
from channels_app.outbox import post_message
from channels_app.providers import CHANNELS
from channels_app.providers.values import Outgoing, Sent
from channels_app.services.incidents import retry
from channels_app.services.writing import set_habits
from config import actors as clock
from tenants.deadletters import deeds
from tenants.deadletters.boxes import box_of
from tenants.services import create_api_key
from tests.factories import make_connection, make_contact, make_conversation, make_message

ROOT = Path(__file__).resolve().parent.parent
APPS = ("config", "tenants", "channels_app", "knowledge", "leads", "crm", "agents")
COURIER = "channels_app/services/delivery.py"
PROVIDERS = "channels_app/providers/"
SIGNALS = {"message_received", "lead_changed"}


def sources():
    """Every module of ours; the simulator is a vendor."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if "/migrations/" not in name and not name.startswith("config/simulator/"):
                yield name, ast.parse(path.read_text())


def receiver(node):
    """``a.b().send`` -> ``b``; what ``send`` is asked of."""
    value = node.value
    while isinstance(value, ast.Call):
        value = value.func
    return value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", "")


def test_nobody_but_the_courier_mentions_a_providers_send():
    """Also not by another name: handed on, or asked for as a string."""
    bells = {*SIGNALS, *dramatiq.get_broker().actors, *vars(clock), "get_actor"}
    strangers = [
        f"{name}:{node.lineno} {ast.unparse(node)}"
        for name, tree in sources()
        if name != COURIER and not name.startswith(PROVIDERS)
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr == "send" and receiver(node) not in bells)
        or (isinstance(node, ast.Constant) and node.value == "send" and is_asked_for(tree, node))
    ]

    assert strangers == []


def is_asked_for(tree, constant):
    """``getattr(x, "send")``, ``methodcaller("send")``, ``attrgetter("send")``."""
    askers = {"getattr", "methodcaller", "attrgetter"}
    return any(
        isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) in askers
        and constant in node.args
        for node in ast.walk(tree)
    )


def test_the_courier_sends_at_one_place_and_asks_the_policy_before():
    tree = dict(sources())[COURIER]
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    sends = [
        (name, node.lineno)
        for name, function in functions.items()
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and node.attr == "send"
    ]
    assert [name for name, _line in sends] == ["deliver"]

    asked = [
        node.lineno
        for node in ast.walk(functions["deliver"])
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_verdict"
    ]
    refused = [
        node.lineno
        for node in ast.walk(functions["deliver"])
        if isinstance(node, ast.If) and "policy.Refused" in ast.unparse(node.test)
    ]
    assert asked[0] < refused[0] < sends[0][1]
    assert "ask_policy" in ast.unparse(functions["_verdict"])


def test_what_is_handed_to_a_provider_is_made_by_the_courier_only():
    makers = {
        name
        for name, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) == Outgoing.__name__
    }

    assert makers == {COURIER}


def test_rows_are_queued_where_the_policy_is_asked_or_was():
    """A queued row is a promise to send: written by the outbox, and put back by two others."""
    queuing = {
        name
        for name, tree in sources()
        for node in ast.walk(tree)
        if (isinstance(node, ast.keyword) and node.arg == "state" and is_queued(node.value))
        and is_written(tree, node)
        or isinstance(node, ast.Assign)
        and "QUEUED" in ast.unparse(node.value)
        and "state" in ast.unparse(node.targets[0])
    }

    assert queuing == {
        "channels_app/services/outgoing.py",  # record_message: asks the policy
        "channels_app/services/outcomes.py",  # after a retryable error; the courier asks anew
        "channels_app/services/resending.py",  # a dead letter; the courier asks anew
    }


def is_queued(value):
    return ast.unparse(value).endswith("State.QUEUED")


def is_written(tree, keyword):
    """In ``Message(…)``, ``create(…)`` or ``update(…)``, not in a filter."""
    writers = {"Message", "create", "update"}
    return any(
        isinstance(node, ast.Call)
        and keyword in node.keywords
        and getattr(node.func, "id", getattr(node.func, "attr", "")) in writers
        for node in ast.walk(tree)
    )


# -- and at run time


@pytest.fixture
def network(monkeypatch):
    """Every provider's ``send`` refuses whoever is not the courier, or has not asked."""
    verdicts: list[policy.Verdict] = []
    sent: list[Outgoing] = []
    numbers = count(1)
    decide = policy.decide

    def decide_and_remember(*args):
        verdicts.append(decide(*args))
        return verdicts[-1]

    def send(self, message):
        callers = [frame for frame in inspect.stack() if frame.filename.endswith(COURIER)]
        assert [frame.function for frame in callers][:1] == ["deliver"], "not by the courier"
        assert verdicts, "without asking the policy"
        assert isinstance(verdicts.pop(), policy.Allowed), "against the policy"
        sent.append(message)
        return Sent(f"external-{next(numbers)}")

    monkeypatch.setattr(policy, "decide", decide_and_remember)
    for kind in CHANNELS:
        monkeypatch.setattr(CHANNELS.get(kind), "send", send)
    return sent


def talk_on(platform, **more):
    """Somebody who just wrote; where answers leave by mail, there is a mailbox."""
    if platform == "form":
        make_connection(platform="email", account_id="shop@example.com")
    connection = make_connection(platform=platform)
    now = timezone.now()
    talk = make_conversation(
        connection=connection,
        external_thread="ada@example.com" if platform in {"form", "email"} else "34600111222",
        last_inbound_at=now,
        waiting_since=now,
        surface="comments" if platform == "linkedin" else "direct",  # it has nothing else
        **more,
    )
    make_message(conversation=talk, provider_time=now)
    return talk


def deliver_all():
    for pk in Message.objects.filter(state="queued").order_by("pk").values_list("pk", flat=True):
        services.deliver(message_id=pk)


def test_the_trap_would_notice(north, network):
    talk = talk_on("telegram")

    with pytest.raises(AssertionError, match="not by the courier"):
        talk.connection.provider().send(Outgoing(recipient_id="1", text="Hello", reference="r"))


@pytest.mark.parametrize("platform", list(CHANNELS))
def test_a_reply_leaves_by_the_courier_on_every_network(north, network, platform):
    talk = talk_on(platform)

    post_message(conversation=talk, text="Hello", author=Message.Author.HUMAN)
    deliver_all()

    assert [message.text for message in network] == ["Hello"]


def by_the_page(talk, people):
    set_habits(user=people["agent"], undo_seconds=0)  # nobody takes it back
    browser = Client(headers={"Host": "north.localhost"})
    browser.force_login(people["agent"], backend="tenants.accounts.backends.RoleBackend")
    browser.post(f"/inbox/{talk.pk}/reply/", {"text": "Hello", "kind": "reply"})


def by_the_api(talk, people):
    key = create_api_key(name="x", role="agent")[1]
    program = Client(headers={"Host": "north.localhost", "Authorization": f"Bearer {key}"})
    program.post(f"/api/v1/conversations/{talk.pk}/reply/", {"text": "Hello"}, "application/json")


def by_the_ai(talk, people):
    post_message(
        conversation=talk, text="Hello", author=Message.Author.AI, seen_turn=talk.turn_version
    )


def by_handing_over(talk, people):
    services.hand_over(conversation=talk, reason="not_grounded", text="Hello")


def failed(talk):
    return make_message(
        conversation=talk, direction="out", author="human", state="failed", error_code="x",
        text="Hello", external_id="", external_key="",
        state_at=timezone.now() - timedelta(minutes=20),
    )  # fmt: skip


def by_a_dead_letter(talk, people):
    deeds.replay(box=box_of("outbound"), ids=[str(failed(talk).pk)], actor="user:1")


def by_an_incident(talk, people):
    incident = Incident.objects.create(
        kind=Incident.Kind.UNDELIVERED, connection=talk.connection, conversation=talk,
        message=failed(talk), since=timezone.now(),
    )  # fmt: skip
    retry(incident=incident, actor="user:1")


WAYS = [by_the_page, by_the_api, by_the_ai, by_handing_over, by_a_dead_letter, by_an_incident]


@pytest.mark.parametrize("way", WAYS)
def test_every_way_out_leads_by_the_policy(north, people, network, way):
    talk = talk_on("telegram")

    way(talk, people)
    deliver_all()

    assert [message.text for message in network] == ["Hello"]


@pytest.mark.parametrize("way", WAYS)
def test_who_is_blocked_is_sent_nothing_whatever_the_way(north, people, network, way):
    """Blocked after it was queued: the courier asks once more, at the last moment."""
    talk = talk_on("telegram")
    way(talk, people)
    Contact.objects.update(is_blocked=True)

    deliver_all()

    assert network == []
    assert Message.objects.get(direction="out").error_code == "contact_blocked"


def test_where_the_policy_refuses_nothing_is_even_queued(north, network):
    talk = talk_on("telegram", contact=make_contact(is_blocked=True))

    with pytest.raises(services.SendRefused):
        post_message(conversation=talk, text="Hello", author=Message.Author.HUMAN)

    assert not Message.objects.filter(direction="out").exists()
