"""The one way out: what it refuses to dial, what it makes of silence, and how much it takes in."""

import gzip
import json
import socket

import httpcore
import httpx
import pytest
import respx

from tenants.plugins import http
from tenants.plugins.errors import (
    AnswerLost,
    CredentialsRejected,
    RateLimited,
    Rejected,
    Unavailable,
)
from tests.loopback import Door, serving


class Vendor(Door):
    def answer(self, status, body, **headers):
        self.begin(status, **headers, Content_Length=len(body))
        self.wfile.write(body)

    def answer_fine(self):
        self.answer(200, b'{"ok": true}')

    def answer_elsewhere(self):
        self.answer(302, b"", Location="/fine")

    def answer_large(self):
        self.answer(200, b" " * 4_000)

    def answer_bomb(self):
        self.answer(200, gzip.compress(b" " * 1_000_000), Content_Encoding="gzip")

    def answer_cut(self):
        self.begin(Content_Length=100)
        self.wfile.write(b"{")
        self.close_connection = True

    def answer_slow(self):
        self.server.over.wait(5)
        self.close_connection = True


@pytest.fixture
def vendor():
    with serving(Vendor) as place:
        yield place


@pytest.fixture
def open_network(settings):
    settings.ALLOW_PRIVATE_ADDRESSES = True


@pytest.fixture
def resolver(monkeypatch):
    """Names that answer as told, one answer after the other."""
    answers: dict[str, list[str]] = {}

    def getaddrinfo(host, port, *args, **kwargs):
        given = answers[host]
        address = given.pop(0) if len(given) > 1 else given[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return answers


# -- what is never dialled


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0.0.0.0",  # noqa: S104
        "localhost",
        "10.0.0.8",
        "172.16.4.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.100.100.200",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "224.0.0.1",
        "255.255.255.255",
        "192.0.0.192",
        "168.63.129.16",
        "[fec0::1]",
        "[64:ff9b:1::a00:1]",
        "[::ffff:192.0.0.192]",
    ],
)
def test_no_address_inside_is_dialled(vendor, host):
    with pytest.raises(http.ForbiddenAddress):
        http.request("GET", f"http://{host}:{vendor.server_port}/fine")

    assert vendor.paths == []


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://example.com/", "gopher://x/", "//example.com", "", "http://"],
)
def test_only_http_addresses_are_asked(url):
    with pytest.raises(http.ForbiddenAddress):
        http.request("GET", url)


@pytest.mark.parametrize("trick", ["http://example.com@{}/fine", "http://{}#@example.com/fine"])
def test_a_disguised_host_is_still_the_host(vendor, trick):
    with pytest.raises(http.ForbiddenAddress):
        http.request("GET", trick.format(f"127.0.0.1:{vendor.server_port}"))

    assert vendor.paths == []


def test_the_address_that_was_checked_is_the_one_that_is_dialled(vendor, resolver, monkeypatch):
    """DNS rebinding: the second answer points inside, and nobody asks for it."""
    resolver["rebind.example"] = ["93.184.215.14", "127.0.0.1"]
    dialled = []

    def connect(self, host, *args, **kwargs):
        dialled.append(host)
        raise httpcore.ConnectError("no such place in a test")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    with pytest.raises(Unavailable):
        http.request("GET", f"http://rebind.example:{vendor.server_port}/fine")

    assert dialled == ["93.184.215.14"]


def test_one_inner_address_among_public_ones_spoils_the_name(monkeypatch, vendor):
    both = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80))
        for address in ("93.184.215.14", "10.0.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: both)

    with pytest.raises(http.ForbiddenAddress):
        http.request("GET", "http://mixed.example/")


def test_the_operators_own_vendor_addresses_may_lie_anywhere(vendor, settings):
    settings.TELEGRAM_API_URL = vendor.url

    assert http.request("GET", f"{vendor.url}/fine") == {"ok": True}


def test_a_company_that_names_the_operators_address_is_refused_all_the_same(vendor, settings):
    settings.COMPATIBLE_BASE_URL = vendor.url
    http.request("GET", f"{vendor.url}/fine")  # and so a connection is open already

    with pytest.raises(http.ForbiddenAddress):
        http.request("GET", f"{vendor.url}/fine", named_by_company=True)

    assert vendor.paths == ["/fine"]


# -- what is made of an answer


def test_redirects_are_not_followed(vendor, open_network):
    with pytest.raises(Rejected):
        http.request("GET", f"{vendor.url}/elsewhere")

    assert vendor.paths == ["/elsewhere"]


@pytest.mark.parametrize("path", ["/large", "/bomb"])
def test_an_answer_too_large_is_not_read_to_its_end(vendor, open_network, monkeypatch, path):
    monkeypatch.setattr(http, "MAX_ANSWER_BYTES", 1_000)

    with pytest.raises(AnswerLost, match="larger than"):
        http.request("POST", vendor.url + path)
    with pytest.raises(Rejected, match="larger than"):
        http.request("GET", vendor.url + path, idempotent=True)


@pytest.mark.parametrize("path", ["/cut", "/nothing"])
def test_a_lost_answer_is_not_a_request_that_was_never_sent(vendor, open_network, path):
    with pytest.raises(AnswerLost):
        http.request("POST", vendor.url + path, json={"text": "hello"})
    with pytest.raises(Unavailable):
        http.request("POST", vendor.url + path, json={"text": "hello"}, idempotent=True)


def test_patience_ends(vendor, open_network):
    with pytest.raises(AnswerLost):
        http.request("POST", f"{vendor.url}/slow", timeout=0.1)


def test_nobody_there_means_nothing_was_sent(open_network):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(Unavailable):
            http.request("POST", f"http://127.0.0.1:{unused.getsockname()[1]}/")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, Rejected),
        (401, CredentialsRejected),
        (403, CredentialsRejected),
        (404, Rejected),
        (408, Unavailable),
        (429, RateLimited),
        (500, Unavailable),
        (503, Unavailable),
    ],
)
def test_every_status_has_its_error(status, error, respx_mock):
    respx_mock.get("https://vendor.example/").mock(
        httpx.Response(status, json={"why": "so"}, headers={"Retry-After": "7"})
    )

    with pytest.raises(error) as raised:
        http.request("GET", "https://vendor.example/")

    assert type(raised.value) is error
    assert (raised.value.status, raised.value.payload) == (status, {"why": "so"})
    assert raised.value.retry_after == 7


def test_a_vendor_can_be_faked_at_the_wire():
    with respx.mock:
        route = respx.post("https://api.telegram.org/x").respond(json={"result": 1})

        assert http.request("POST", "https://api.telegram.org/x", json={"a": "ü"}) == {"result": 1}
    assert json.loads(route.calls.last.request.content) == {"a": "ü"}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        *[("3", 3.0), ("-5", 0.0), ("", None), ("soon", None), ("nan", None)],
        *[("Mon, 01 Jan 2001 00:00:00 GMT", 0.0), ("Mon, 01 Jan 9999 00:00:00 GMT", 604_800.0)],
        *[("inf", 604_800.0), ("1e12", 604_800.0)],
    ],
)
def test_both_forms_of_retry_after_are_read(value, seconds):
    assert http.retry_after({"retry-after": value}) == seconds


def test_an_error_holds_nothing_that_no_column_takes():
    error = Rejected("a\0b \ud800", code="\0x")
    assert (str(error), error.code) == ("ab ?", "x")
