"""No other path reaches a telephone: one place dials, and only what ``may_call`` let."""

import ast
from itertools import count
from typing import Any, TypeGuard

import pytest
from django.test import Client

from channels_app.models import Contact
from crm import services
from crm.hooks.base import CallOrder, PlacedCall
from crm.hooks.vapi import VapiHook
from crm.models import PhoneCall
from crm.services import calling, open_hook, place_call
from leads.models import Lead
from tenants.services import create_api_key
from tests.factories import make_contact, make_lead
from tests.test_one_way_out import is_asked_for, sources

DIALLER = "crm/services/calling.py"
VOICE = "crm/hooks/vapi.py"
SOCKET = "crm/hooks/base.py"
DEED = "start_call"
CONFIG = {
    "secret": "v" * 32,
    "api_key": "vapi-key",
    "phone_number_id": "3f8a2b0e",
    "assistant_id": "7c1a9d52",
}


def named(node: ast.AST, name: str) -> TypeGuard[ast.Call]:
    """``name(…)`` or ``something.name(…)``."""
    if not isinstance(node, ast.Call):
        return False
    return getattr(node.func, "id", getattr(node.func, "attr", "")) == name


def functions_of(module: str) -> dict[str, ast.FunctionDef]:
    tree = dict(sources())[module]
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_nobody_but_the_dialler_mentions_a_providers_start_call():
    """Also not by another name: handed on, or asked for as a string."""
    strangers = [
        f"{name}:{node.lineno}"
        for name, tree in sources()
        if name not in {DIALLER, SOCKET, VOICE}
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute | ast.Name) and DEED in ast.unparse(node))
        or (isinstance(node, ast.Constant) and node.value == DEED and is_asked_for(tree, node))
    ]

    assert strangers == []


def test_the_dialler_dials_at_one_place_and_asks_the_policy_before():
    found = {
        name: [node.lineno for node in ast.walk(function) if named(node, DEED)]
        for name, function in functions_of(DIALLER).items()
    }
    [(dials, [line])] = [(name, lines) for name, lines in found.items() if lines]
    assert dials == "place_call"

    function = functions_of(DIALLER)["place_call"]
    [guarded] = [node for node in ast.walk(function) if isinstance(node, ast.Try)][:1]
    assert any(named(node, "may_call") for node in ast.walk(guarded.body[0]))
    [refused] = guarded.handlers
    assert ast.unparse(refused.type or ast.Constant("")) == "CallRefused"
    assert isinstance(refused.body[-1], ast.Return)
    assert guarded.lineno < line


def test_what_a_provider_is_told_to_dial_is_made_by_the_dialler_only():
    makers = {
        name
        for name, tree in sources()
        for node in ast.walk(tree)
        if named(node, CallOrder.__name__)
    }

    assert makers == {DIALLER}


def test_the_provider_of_voices_is_spoken_to_by_its_plug_in_which_dials_at_one_place():
    speaking = {
        name
        for name, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "VAPI_API_URL"
    }
    assert speaking == {VOICE}

    posting = {
        name
        for name, function in functions_of(VOICE).items()
        for node in ast.walk(function)
        if isinstance(node, ast.Constant) and node.value in {"POST", "PUT", "PATCH"}
    }
    assert posting == {DEED}


def test_calls_are_asked_for_where_the_policy_is_asked():
    """A row is a promise to call: written at one place, behind ``may_call``."""
    making = {
        (name, function.name)
        for name, tree in sources()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).startswith(("PhoneCall(", "PhoneCall.objects."))
        and ast.unparse(node.func).endswith(("create", "bulk_create", "get_or_create", "save"))
        or named(node, "PhoneCall")
    }
    assert making == {(DIALLER, "ask_for_call")}

    lines = [
        (node.lineno, node)
        for node in ast.walk(functions_of(DIALLER)["ask_for_call"])
        if named(node, "may_call") or named(node, "create")
    ]
    assert [named(node, "may_call") for _, node in sorted(lines, key=lambda each: each[0])] == [
        True,
        False,
    ]


# -- and at run time


@pytest.fixture
def telephone(north, monkeypatch):
    """The provider refuses whoever has not asked the policy for this very lead just before."""
    open_hook(kind="vapi", config=CONFIG)
    allowed: list[str] = []
    dialled: list[CallOrder] = []
    numbers = count(1)
    ask = calling.may_call

    def ask_and_remember(*, lead: Lead, **more: Any) -> Any:
        hook = ask(lead=lead, **more)
        allowed.append(lead.phone.replace(" ", ""))
        return hook

    def start_call(self: VapiHook, order: CallOrder) -> PlacedCall:
        assert allowed, "without asking the policy"
        assert allowed.pop() == order.number, "asked for somebody else"
        allowed.clear()  # what was asked for one call holds for no other
        dialled.append(order)
        return PlacedCall(external_id=f"call-{next(numbers)}", status="queued")

    monkeypatch.setattr(calling, "may_call", ask_and_remember)
    monkeypatch.setattr(VapiHook, DEED, start_call)
    return dialled


def by_the_page(lead, people):
    browser = Client(headers={"Host": "north.localhost"})
    browser.force_login(people["agent"], backend="tenants.accounts.backends.RoleBackend")
    browser.post(f"/crm/calls/{lead.pk}/", {"key": "a" * 32})


def by_the_api(lead, people):
    key = create_api_key(name="x", role="agent")[1]
    program = Client(headers={"Host": "north.localhost", "Authorization": f"Bearer {key}"})
    program.post("/api/v1/phone-calls/", {"lead": lead.pk}, "application/json")


def by_the_service(lead, people):
    services.ask_for_call(lead=lead, actor="user:1")


WAYS = [by_the_page, by_the_api, by_the_service]


def call_all():
    for pk in PhoneCall.objects.values_list("pk", flat=True):
        place_call(call_id=pk)


def test_the_trap_would_notice(telephone):
    order = CallOrder(reference="r", number="+34600000001", name="", disclosure="")

    with pytest.raises(AssertionError, match="without asking"):
        services.telephony().provider().start_call(order)


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_a_call_leads_by_the_policy(people, telephone, way):
    way(make_lead(contact=make_contact(phone="+34 600 000 001")), people)
    call_all()
    call_all()

    assert [order.number for order in telephone] == ["+34600000001"]


@pytest.mark.parametrize("way", WAYS)
def test_who_is_blocked_meanwhile_is_not_called_whatever_the_way(people, telephone, way):
    way(make_lead(contact=make_contact(phone="+34 600 000 001")), people)
    Contact.objects.update(is_blocked=True)

    call_all()

    assert telephone == []
    assert PhoneCall.objects.get().error_code == "contact_blocked"
