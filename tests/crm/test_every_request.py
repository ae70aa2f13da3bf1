"""Every request that a CRM's provider can send is judged by its vendor's published schema.

All that a provider does is done at the simulator, and each request of it is sent once more to
Prism, which takes or refuses it. So that none is forgotten, each line of a provider that asks
must have been come by.
"""

import ast
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import httpx
import pytest

import crm.providers
from crm.providers import CRMS
from crm.providers.base import CrmProvider, Upsert
from tenants.plugins import http
from tests.crm.salesforce_org import Org
from tests.crm.samples import BARE, FULL, ODD, upsert_of
from tests.prism_fixture import CRM_SCHEMAS

PROVIDERS = Path(crm.providers.__file__).parent
ASKING = {"ask", "rows", "pages", "post", "exchange", "request", "_ask", "_query", "_collection"}
# Where a published schema is wrong, and what is right by the vendor's documentation.
MISTAKEN = {
    # The schema asks an organisation for a title, which is no field of one: its name is.
    # https://developers.pipedrive.com/docs/api/v1/Organizations#addOrganization
    ("pipedrive-v2", "POST", "/organizations"): "title",
    # Of a header that it had in a recording; a GET has no content to be of any type.
    # https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_describe.htm
    ("salesforce", "GET", "/data/v64.0/sobjects/Lead/describe"): "content-type",
}
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
TALKING = replace(FULL, stage="contacted", phone="")


@dataclass(frozen=True)
class Asked:
    """A request as it went out, by which lines of a provider."""

    request: httpx.Request
    lines: frozenset[tuple[str, int]]


class Recorder:
    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._exchange = http.exchange

    def exchange(self, method: str, url: str, **content) -> httpx.Response:
        sent = {name: content[name] for name in ("json", "data", "params") if content.get(name)}
        request = httpx.Request(method, url, headers=content.get("headers"), **sent)
        self.asked.append(Asked(request, frozenset(_lines())))
        return self._exchange(method, url, **content)


def _lines() -> Iterator[tuple[str, int]]:
    """Whose doing it is: every line of a provider on the way here."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        file = Path(frame.f_code.co_filename)
        if file.is_relative_to(PROVIDERS):
            yield str(file.relative_to(PROVIDERS)), frame.f_lineno
        frame = frame.f_back


def asking_lines(kind: str) -> set[tuple[str, int, int]]:
    """Where a provider asks, from line to line."""
    found = set()
    for file in sorted((PROVIDERS / kind).glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr in ASKING:
                name = str(file.relative_to(PROVIDERS))
                found.add((name, node.lineno, node.end_lineno or node.lineno))
    return found


@pytest.fixture
def recorder(monkeypatch, settings):
    settings.ALLOW_PRIVATE_ADDRESSES = True  # the simulator listens on loopback
    recorder = Recorder()
    monkeypatch.setattr(http, "exchange", recorder.exchange)
    return recorder


class Play:
    """One provider at its simulator, and what it knows of one lead by now."""

    def __init__(self, kind: str, simulator, **config: str) -> None:
        self.root = f"{simulator.url}/{kind}"
        self.simulator, self.kind = simulator, kind
        self._config = {"base_url": self.root, **config}
        self.upsert: Upsert | None = None

    @property
    def provider(self) -> CrmProvider:
        return CRMS.get(self.kind)(self._config)

    def push(self, card, *, remembers: bool = True) -> None:
        """Tell it of a lead, whose ids it remembers, or has forgotten."""
        provider, known = self.provider, {}
        if self.upsert is not None and remembers:
            known = {"external_id": self.upsert.external_id, "known": self.upsert.known}
        sent = upsert_of(card, provider, **known)
        (outcome,) = provider.push([sent])
        assert outcome.error is None, outcome.error
        self.upsert = replace(sent, external_id=outcome.external_id, known=outcome.parts)

    def look(self) -> None:
        """All that is asked without telling anything."""
        assert self.upsert is not None
        provider, names = self.provider, [one.name for one in self.provider.fields]
        provider.read([self.upsert], names)
        provider.read([replace(self.upsert, external_id="", known={})], names)
        assert provider.changed(LONG_AGO, names)
        assert provider.schema()
        assert provider.account()
        provider.owner_email("2")


def play_hubspot(play: Play) -> None:
    for card in (FULL, ODD, BARE, FULL):
        play.upsert = play.upsert if card is FULL else None
        play.push(card)
    play.push(FULL, remembers=False)
    play.look()


def play_pipedrive(play: Play) -> None:
    play.push(BARE)
    play.upsert = None
    play.push(TALKING)
    play.push(FULL)  # its lead becomes a deal
    play.look()
    headers = {"x-api-token": "pd"}
    for path in ("notes/2", "deals/1"):  # of what somebody deleted, another is made
        version = "v1" if path.startswith("notes") else "api/v2"
        httpx.delete(f"{play.root}/{version}/{path}", headers=headers).raise_for_status()
    play.push(replace(FULL, stage="proposal"))
    play.push(replace(FULL, stage="won"), remembers=False)


def play_salesforce(play: Play) -> None:
    for card in (FULL, ODD, BARE):
        play.upsert = None
        play.push(card)
        play.push(replace(card, score=1))
    play.look()
    there = {one["Leadwire_Id__c"]: one for one in play.simulator.objects("salesforce:Lead")}
    Org(play.simulator).convert(there[BARE.key], stage="Prospecting")
    play.push(replace(BARE, stage="won"))
    play.look()


PLAYS: dict[str, tuple[Callable[[Play], None], dict[str, str]]] = {
    "hubspot": (play_hubspot, {"token": "pat"}),
    "pipedrive": (play_pipedrive, {"token": "pd"}),
    "salesforce": (play_salesforce, {"client_id": "3MVG9", "client_secret": "s3cret"}),
}


@pytest.fixture(params=list(PLAYS))
def kind(request):
    return request.param


@pytest.fixture
def asked(kind, simulator, recorder, monkeypatch) -> list[Asked]:
    simulator.behave(kind, limits=False)
    deed, config = PLAYS[kind]
    deed(Play(kind, simulator, **config))
    return recorder.asked


def judged_as(kind: str, request: httpx.Request) -> tuple[str, str]:
    """Which schema describes the request, and its path there with its query."""
    path = request.url.raw_path.decode().partition(f"/{kind}")[2]
    if kind == "pipedrive":
        version, path = re.fullmatch(r"(?:/api)?/(v[12])(/.*)", path).groups()
        return f"pipedrive-{version}", path
    return kind, path.removeprefix("/services")


def verdict(address: str, path: str, request: httpx.Request) -> tuple[int, str]:
    """Prism's. By hand: it repeats a header of a recording of Salesforce's that httpx refuses."""
    headers = {k: v for k, v in request.headers.items() if k not in {"host", "content-length"}}
    again = urllib.request.Request(  # noqa: S310
        address + path, request.content or None, headers, method=request.method
    )
    try:
        with urllib.request.urlopen(again, timeout=20) as answer:  # noqa: S310
            return answer.status, ""
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("sl-violations") or error.read().decode()[:600]


def test_every_crm_with_records_has_a_play():
    assert set(PLAYS) == {kind for kind in CRMS if CRMS.get(kind).has_people}


def test_no_line_that_asks_is_left_out(kind, asked):
    come_by = {line for each in asked for line in each.lines}
    left_out = [
        f"{file}:{first}"
        for file, first, last in sorted(asking_lines(kind))
        if not any((file, line) in come_by for line in range(first, last + 1))
    ]
    assert left_out == []


def test_every_request_fits_the_published_schema(kind, asked, prism):
    refused = []
    requests = [each.request for each in asked]
    different = {(one.method, one.url, one.content): one for one in requests}
    for request in different.values():
        schema, path = judged_as(kind, request)
        status, said = verdict(prism(*CRM_SCHEMAS[schema]), path, request)
        mistake = MISTAKEN.get((schema, request.method, path.partition("?")[0]))
        if status >= 400 and not (mistake and mistake in said):
            refused.append(f"{request.method} {path}: {status} {said}")
        if status < 400 and mistake:
            refused.append(f"{path}: its schema is right by now")
    assert refused == []


@pytest.mark.parametrize(
    ("schema", "method", "path", "body"),
    [
        ("hubspot", "POST", "/crm/v3/objects/contacts/batch/upsert", {"inputs": "none"}),
        ("hubspot", "POST", "/crm/v3/objects/contacts/upsert", {}),
        ("pipedrive-v2", "POST", "/deals", {"title": "Bikes", "person_id": "Ada"}),
        ("pipedrive-v1", "GET", "/users/Ada", None),
        ("salesforce", "POST", "/oauth2/token", {"grant_type": "password"}),
        ("salesforce", "PATCH", "/data/v64.0/composite/sobjects", {"records": "none"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_does_not_fit_is_refused(prism, schema, method, path, body):
    headers = {"authorization": "Bearer t", "x-api-token": "t"}
    request = httpx.Request(method, f"http://crm{path}", json=body, headers=headers)
    status, said = verdict(prism(*CRM_SCHEMAS[schema]), path, request)
    assert (status >= 400, bool(said)) == (True, True)
